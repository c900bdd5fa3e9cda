package org.samtf.model;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.function.Function;
import org.samtf.internal.graph.OpKinds;

/**
 * An order of the ops of a graph that does not depend on the one in which they were made: each
 * after its inputs, and then by name. Variables come first and stay in their order, which says more
 * than their names do.
 */
final class NodeOrder {

  private NodeOrder() {}

  /**
   * Orders nodes.
   *
   * @param name of a node
   * @param type of a node
   * @param inputs of a node: names of nodes, as {@code name:1} or {@code ^name}
   * @return the positions that the nodes have in the list
   */
  static <N> List<Integer> of(
      List<N> nodes,
      Function<N, String> name,
      Function<N, String> type,
      Function<N, ? extends List<String>> inputs) {
    Map<String, Integer> positions = new HashMap<>();
    for (int i = 0; i < nodes.size(); i++) {
      positions.put(name.apply(nodes.get(i)), i);
    }
    int[] waitsFor = new int[nodes.size()];
    List<List<Integer>> consumers = new ArrayList<>();
    nodes.forEach(node -> consumers.add(new ArrayList<>()));
    PriorityQueue<Integer> ready =
        new PriorityQueue<>(
            (a, b) -> {
              boolean isVariable = OpKinds.isVariable(type.apply(nodes.get(a)));
              boolean isOther = OpKinds.isVariable(type.apply(nodes.get(b)));
              if (isVariable || isOther) {
                return isVariable && isOther ? Integer.compare(a, b) : isVariable ? -1 : 1;
              }
              return name.apply(nodes.get(a)).compareTo(name.apply(nodes.get(b)));
            });
    PriorityQueue<Integer> waiting = new PriorityQueue<>(ready.comparator());
    for (int i = 0; i < nodes.size(); i++) {
      for (String input : inputs.apply(nodes.get(i))) {
        Integer source =
            positions.get(ModelGraph.opName(input.startsWith("^") ? input.substring(1) : input));
        if (source != null) {
          consumers.get(source).add(i);
          waitsFor[i]++;
        }
      }
      (waitsFor[i] == 0 ? ready : waiting).add(i);
    }
    List<Integer> order = new ArrayList<>();
    boolean[] done = new boolean[nodes.size()];
    while (order.size() < nodes.size()) {
      // Loops have no first op: any will do, if it is always the same.
      Integer next = ready.isEmpty() ? waiting.remove() : ready.remove();
      if (done[next]) {
        continue;
      }
      done[next] = true;
      order.add(next);
      for (int consumer : consumers.get(next)) {
        if (--waitsFor[consumer] == 0) {
          ready.add(consumer);
        }
      }
    }
    return order;
  }
}
