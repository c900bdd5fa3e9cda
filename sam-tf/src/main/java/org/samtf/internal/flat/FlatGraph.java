package org.samtf.internal.flat;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The nodes of a graph without calls, by name. */
final class FlatGraph {

  private static final String IDENTITY = "Identity";

  private final Map<String, FlatNode> nodes = new LinkedHashMap<>();

  void add(FlatNode node) {
    nodes.put(node.name, node);
  }

  void remove(String name) {
    nodes.remove(name);
  }

  boolean has(String name) {
    return nodes.containsKey(name);
  }

  Collection<FlatNode> nodes() {
    return nodes.values();
  }

  /**
   * The node that an input comes from.
   *
   * @throws IllegalArgumentException if there is none
   */
  FlatNode source(String input) {
    FlatNode node = nodes.get(FlatNode.op(input));
    if (node == null) {
      throw new IllegalArgumentException("there is no op \"" + FlatNode.op(input) + "\"");
    }
    return node;
  }

  /** A node by its name; null if there is none. */
  FlatNode get(String name) {
    return nodes.get(name);
  }

  /** What a tensor is behind the ops that hand it on. */
  String origin(String input) {
    String tensor = input;
    Set<String> seen = new LinkedHashSet<>();
    while (source(tensor).type.equals(IDENTITY) && seen.add(tensor)) {
      tensor = source(tensor).input(0);
    }
    return tensor;
  }

  /** A name that no node has, equal to the wanted one if that is free. */
  String freeName(String wanted) {
    String candidate = wanted;
    for (int i = 1; nodes.containsKey(candidate); i++) {
      candidate = wanted + "_" + i;
    }
    return candidate;
  }

  /** The ops that some tensors need, with these. */
  Set<String> behind(Collection<String> tensors) {
    Set<String> found = new LinkedHashSet<>();
    Deque<String> todo = new ArrayDeque<>();
    tensors.forEach(tensor -> todo.add(FlatNode.op(tensor)));
    while (!todo.isEmpty()) {
      String name = todo.remove();
      if (found.add(name)) {
        source(name).inputs.forEach(input -> todo.add(FlatNode.op(input)));
      }
    }
    return found;
  }

  /** Some ops, and all that come after one of them. */
  Set<String> after(Collection<String> ops) {
    Map<String, List<String>> consumers = new HashMap<>();
    for (FlatNode node : nodes.values()) {
      for (String input : node.inputs) {
        consumers.computeIfAbsent(FlatNode.op(input), i -> new ArrayList<>()).add(node.name);
      }
    }
    Set<String> found = new LinkedHashSet<>();
    Deque<String> todo = new ArrayDeque<>(ops);
    while (!todo.isEmpty()) {
      String name = todo.remove();
      if (found.add(name)) {
        todo.addAll(consumers.getOrDefault(name, List.of()));
      }
    }
    return found;
  }

  void retain(Set<String> names) {
    nodes.keySet().retainAll(names);
  }

  /** Gives nodes other names, wherever they are named. */
  void rename(Map<String, String> names) {
    if (names.isEmpty()) {
      return;
    }
    List<FlatNode> all = new ArrayList<>(nodes.values());
    nodes.clear();
    for (FlatNode node : all) {
      FlatNode renamed = new FlatNode(names.getOrDefault(node.name, node.name), node.type);
      renamed.device = node.device;
      renamed.attributes.putAll(node.attributes);
      node.inputs.forEach(input -> renamed.inputs.add(renamed(input, names)));
      nodes.put(renamed.name, renamed);
    }
  }

  static String renamed(String input, Map<String, String> names) {
    String name = names.get(FlatNode.op(input));
    if (name == null) {
      return input;
    }
    return FlatNode.isControl(input) ? "^" + name : name + ":" + FlatNode.output(input);
  }
}
