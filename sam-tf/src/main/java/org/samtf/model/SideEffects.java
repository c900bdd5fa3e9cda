package org.samtf.model;

import com.google.protobuf.Message;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.samtf.internal.graph.Messages;
import org.samtf.internal.graph.NamePatterns;
import org.samtf.internal.graph.OutsideOps;

/**
 * What a model does besides computing: its ops that touch files, the network or the process, in the
 * graph and in all functions. Found in the file, before TensorFlow gets it.
 *
 * <p>Each model has ops that save and restore its variables. Those are not meant, as long as the
 * saver of the model is all that they are for.
 */
final class SideEffects {

  private static final Set<String> SAVE = Set.of("Save", "SaveSlices", "SaveV2");
  private static final Set<String> RESTORE = Set.of("Restore", "RestoreSlice", "RestoreV2");
  private static final String MERGE = "MergeV2Checkpoints";

  /** What comes after what a saver reads or has written, besides its own ops. */
  private static final Set<String> AFTER_SAVER =
      Set.of("Identity", "Reshape", "Pack", "NoOp", "Assign", "AssignVariableOp");

  private final Map<String, Message> nodes = new HashMap<>();
  private final Map<String, Message> functions = new HashMap<>();
  private final List<String> order = new ArrayList<>();

  /** What a call of a signature or the loading runs: that is not for the saver alone. */
  private final Set<String> run;

  private final Set<String> saving;
  private final Set<String> restoring;

  /** What the names of files of the saver come from; null if the model does not say. */
  private final String fileNameOp;

  private SideEffects(Message metaGraph) {
    Message graph = ProtoFields.message(metaGraph, "graph_def");
    for (Object node : ProtoFields.list(graph, "node")) {
      String name = ProtoFields.text((Message) node, "name");
      nodes.put(name, (Message) node);
      order.add(name);
    }
    for (Object f : ProtoFields.list(ProtoFields.message(graph, "library"), "function")) {
      Message function = (Message) f;
      functions.put(ProtoFields.text(ProtoFields.message(function, "signature"), "name"), function);
    }
    Message saver = ProtoFields.message(metaGraph, "saver_def");
    run = behind(Initializers.roots(metaGraph));
    String file = ProtoFields.text(saver, "filename_tensor_name");
    fileNameOp = file.isEmpty() ? null : opName(file);
    restoring = behind(List.of(opName(ProtoFields.text(saver, "restore_op_name"))));
    saving = behind(List.of(opName(ProtoFields.text(saver, "save_tensor_name"))));
    saving.removeAll(restoring); // which is run when the model is loaded
    saving.removeAll(run);
    restoring.removeAll(run);
  }

  /**
   * The ops of a part of a model that reach out.
   *
   * @return a line for each kind, such as {@code files: "log" (WriteFile)}; empty if there are none
   */
  static List<String> lines(Message metaGraph) {
    List<String> lines = new ArrayList<>();
    new SideEffects(metaGraph)
        .find()
        .forEach((kind, ops) -> lines.add(kind.words() + ": " + NamePatterns.list(ops)));
    return lines;
  }

  /**
   * The savers of a model that it does not need: those that were made beside its own, or that a
   * graph without signatures has.
   *
   * @return by the name of each of their ops and of all ops that come after them the type; empty
   *     for those that something else comes after, or that a signature or the loading runs
   */
  static Map<String, String> idleSavers(Message metaGraph) {
    SideEffects effects = new SideEffects(metaGraph);
    Map<String, List<String>> readers = effects.readers();
    Map<String, String> idle = new LinkedHashMap<>();
    for (String name : effects.order) {
      Message node = effects.nodes.get(name);
      if (isOfAnySaver(ProtoFields.text(node, "op")) && !effects.isOfSaver(name, node)) {
        Map<String, String> after = effects.after(name, readers);
        boolean isIdle = true;
        for (var op : after.entrySet()) {
          isIdle &=
              (isOfAnySaver(op.getValue()) || AFTER_SAVER.contains(op.getValue()))
                  && !effects.run.contains(op.getKey())
                  && !effects.saving.contains(op.getKey())
                  && !effects.restoring.contains(op.getKey());
        }
        if (isIdle) {
          idle.putAll(after);
        }
      }
    }
    return idle;
  }

  /** Whether ops of a type save or restore. */
  static boolean isOfAnySaver(String type) {
    return SAVE.contains(type) || RESTORE.contains(type) || type.equals(MERGE);
  }

  private Map<String, List<String>> readers() {
    Map<String, List<String>> readers = new HashMap<>();
    for (String name : order) {
      for (Object input : ProtoFields.list(nodes.get(name), "input")) {
        readers.computeIfAbsent(opName((String) input), op -> new ArrayList<>()).add(name);
      }
    }
    return readers;
  }

  /** The types of an op and of all that read it or wait for it, by their names. */
  private Map<String, String> after(String op, Map<String, List<String>> readers) {
    Map<String, String> found = new LinkedHashMap<>();
    Deque<String> todo = new ArrayDeque<>(List.of(op));
    while (!todo.isEmpty()) {
      String name = todo.remove();
      if (found.putIfAbsent(name, ProtoFields.text(nodes.get(name), "op")) == null) {
        todo.addAll(readers.getOrDefault(name, List.of()));
      }
    }
    return found;
  }

  /**
   * Refuses a model that has any.
   *
   * @param model what it is, for the message
   * @throws IllegalArgumentException with one line that names them
   */
  static void refuse(String model, Message metaGraph) {
    List<String> lines = lines(metaGraph);
    if (!lines.isEmpty()) {
      throw new IllegalArgumentException(
          model
              + " has ops that reach out of it: "
              + String.join("; ", lines)
              + ". They run with the rights of this process; if you trust whoever made it, load it"
              + " with ModelLoader.allowSideEffects()");
    }
  }

  private Map<OutsideOps.Kind, List<String>> find() {
    Map<OutsideOps.Kind, List<String>> found = new TreeMap<>();
    for (String name : order) {
      Message node = nodes.get(name);
      if (!isOfSaver(name, node)) {
        add(found, "\"" + Messages.oneLine(name) + "\"", node);
      }
    }
    Set<String> ofSaver = functionsOf(saving);
    ofSaver.addAll(functionsOf(restoring));
    Set<String> others = new HashSet<>(nodes.keySet());
    others.removeAll(saving);
    others.removeAll(restoring);
    ofSaver.removeAll(functionsOf(others));
    for (String name : new TreeMap<>(functions).keySet()) {
      for (Object node : ProtoFields.list(functions.get(name), "node_def")) {
        String type = ProtoFields.text((Message) node, "op");
        if (!isOfAnySaver(type) || !ofSaver.contains(name)) {
          add(found, "in function \"" + Messages.oneLine(name) + "\"", (Message) node);
        }
      }
    }
    return found;
  }

  private static void add(Map<OutsideOps.Kind, List<String>> found, String where, Message node) {
    String type = ProtoFields.text(node, "op");
    Map<String, Message> attributes = ProtoFields.map(node, "attr");
    OutsideOps.Kind kind = OutsideOps.kind(type, name -> ProtoFields.attribute(attributes, name));
    if (kind != null) {
      found.computeIfAbsent(kind, k -> new ArrayList<>()).add(where + " (" + type + ")");
    }
  }

  private boolean isOfSaver(String name, Message node) {
    String type = ProtoFields.text(node, "op");
    boolean merges = type.equals(MERGE);
    Set<String> part = RESTORE.contains(type) ? restoring : saving;
    return (merges || SAVE.contains(type) || RESTORE.contains(type))
        && !run.contains(name)
        && (fileNameOp == null || part.contains(name))
        && hasFileNameOfSaver(node, 0)
        && (!merges || hasFileNameOfSaver(node, 1));
  }

  /** A graph that does not say what its saver is has placeholders for the names of files. */
  private boolean hasFileNameOfSaver(Message node, int input) {
    List<?> inputs = ProtoFields.list(node, "input");
    if (input >= inputs.size()) {
      return false;
    }
    Set<String> sources = behind(List.of(opName((String) inputs.get(input))));
    if (fileNameOp != null) {
      return sources.contains(fileNameOp);
    }
    return sources.stream()
        .anyMatch(source -> ProtoFields.text(nodes.get(source), "op").startsWith("Placeholder"));
  }

  private Set<String> functionsOf(Collection<String> ops) {
    Deque<Message> todo = new ArrayDeque<>();
    ops.forEach(op -> todo.add(nodes.get(op)));
    Set<String> found = new HashSet<>();
    while (!todo.isEmpty()) {
      for (String name : called(todo.remove())) {
        if (functions.containsKey(name) && found.add(name)) {
          for (Object node : ProtoFields.list(functions.get(name), "node_def")) {
            todo.add((Message) node);
          }
        }
      }
    }
    return found;
  }

  private static Set<String> called(Message node) {
    Set<String> called = new HashSet<>();
    called.add(ProtoFields.text(node, "op"));
    for (Message value : ProtoFields.map(node, "attr").values()) {
      called.add(ProtoFields.text(ProtoFields.message(value, "func"), "name"));
      for (Object function : ProtoFields.list(ProtoFields.message(value, "list"), "func")) {
        called.add(ProtoFields.text((Message) function, "name"));
      }
    }
    return called;
  }

  /** Some ops and all that they need; a name that is of no op is passed over. */
  private Set<String> behind(Collection<String> ops) {
    Set<String> found = new HashSet<>();
    Deque<String> todo = new ArrayDeque<>(ops);
    while (!todo.isEmpty()) {
      String op = todo.remove();
      if (nodes.containsKey(op) && found.add(op)) {
        for (Object input : ProtoFields.list(nodes.get(op), "input")) {
          todo.add(opName((String) input));
        }
      }
    }
    return found;
  }

  private static String opName(String tensor) {
    return ModelGraph.opName(tensor.startsWith("^") ? tensor.substring(1) : tensor);
  }
}
