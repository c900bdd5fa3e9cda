package org.samtf.internal.graph;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;
import org.tensorflow.GraphOperation;
import org.tensorflow.Operand;

/** What ops are computed from and run after, and walks along that. */
public final class Edges {

  private Edges() {}

  /** The ops that have to run before an op: those of its inputs, then its control inputs. */
  public static List<GraphOperation> into(GraphOperation op) {
    List<Operand<?>> inputs = op.inputs();
    List<GraphOperation> sources = new ArrayList<>(inputs.size());
    for (Operand<?> input : inputs) {
      sources.add((GraphOperation) input.op());
    }
    sources.addAll(controlsInto(op));
    return sources;
  }

  /** The control inputs of an op. */
  public static Set<GraphOperation> controlsInto(GraphOperation op) {
    return op.numControlInputs() == 0 ? Set.of() : op.controlInputs();
  }

  /** Some ops of {@code within} and all there that have to run before them, each after those. */
  public static List<GraphOperation> inputsFirst(
      Collection<GraphOperation> ops, Predicate<GraphOperation> within) {
    return sourcesFirst(
        ops,
        op -> {
          List<GraphOperation> sources = new ArrayList<>();
          for (GraphOperation source : into(op)) {
            if (within.test(source)) {
              sources.add(source);
            }
          }
          return sources;
        });
  }

  /**
   * Some things and all that they come from, each after its sources, but for those that close a
   * loop. Without recursion: graphs are deeper than stacks.
   */
  public static <T> List<T> sourcesFirst(
      Collection<? extends T> last, Function<T, ? extends Iterable<T>> sources) {
    List<T> ordered = new ArrayList<>();
    Set<T> seen = new HashSet<>();
    Deque<T> open = new ArrayDeque<>();
    Deque<Iterator<T>> next = new ArrayDeque<>();
    for (T root : last) {
      if (!seen.add(root)) {
        continue;
      }
      open.push(root);
      next.push(sources.apply(root).iterator());
      while (!open.isEmpty()) {
        if (!next.peek().hasNext()) {
          next.pop();
          ordered.add(open.pop());
          continue;
        }
        T source = next.peek().next();
        if (seen.add(source)) {
          open.push(source);
          next.push(sources.apply(source).iterator());
        }
      }
    }
    return ordered;
  }
}
