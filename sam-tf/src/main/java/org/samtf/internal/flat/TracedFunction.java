package org.samtf.internal.flat;

import com.google.protobuf.Message;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.samtf.internal.graph.Protos;

/**
 * A function of the model itself, such as {@code __call__}, as it was traced once: with tensors for
 * some of its arguments, and values for the others.
 */
final class TracedFunction {

  private static final String TRAINING = "training";

  /** More sizes than tensors have. */
  private static final int UNKNOWN_RANK = 1000;

  /** What it is called in Python. */
  final String name;

  /** What it is called in the graph. */
  final String function;

  /** The specifications of its tensors, in the order in which it takes them. */
  final List<Message> arguments = new ArrayList<>();

  /** The specifications of what it returns; and the names, if it returns a dictionary. */
  final List<Message> results = new ArrayList<>();

  final List<String> resultNames = new ArrayList<>();

  /** The objects that it takes after its arguments. */
  final List<Integer> captured;

  /** Whether it was traced in training mode; null if it has no such argument. */
  private Boolean training;

  /** Whether its other arguments that are no tensors are left out. */
  private boolean isPlain = true;

  private TracedFunction(String name, String function, List<Integer> captured) {
    this.name = name;
    this.function = function;
    this.captured = captured;
  }

  /** Those of the object that a model is, one for each time that they were traced. */
  static List<TracedFunction> of(Message metaGraph) {
    var objects = Protos.metaGraph(metaGraph).getObjectGraphDef();
    List<TracedFunction> found = new ArrayList<>();
    if (objects.getNodesCount() == 0) {
      return found;
    }
    for (var child : objects.getNodes(0).getChildrenList()) {
      String name = child.getLocalName();
      if (child.getNodeId() < 0
          || child.getNodeId() >= objects.getNodesCount()
          || name.startsWith("call_and_return_")
          || name.startsWith("_") && !name.equals("__call__")) {
        continue;
      }
      var object = objects.getNodes(child.getNodeId());
      if (!object.hasFunction()) {
        continue;
      }
      var spec = object.getFunction().getFunctionSpec();
      List<String> names = argumentNames(spec.getFullargspec());
      for (String function : object.getFunction().getConcreteFunctionsList()) {
        var concrete = objects.getConcreteFunctionsMap().get(function);
        if (concrete != null) {
          TracedFunction traced = new TracedFunction(name, function, concrete.getBoundInputsList());
          traced.readArguments(concrete.getCanonicalizedInputSignature(), names);
          traced.readResults(concrete.getOutputSignature());
          found.add(traced);
        }
      }
    }
    return found;
  }

  boolean isTraining() {
    return isPlain && Boolean.TRUE.equals(training);
  }

  boolean isInference() {
    return isPlain && !Boolean.TRUE.equals(training);
  }

  /** How many sizes of its arguments it leaves open: the more, the more it can be fed with. */
  int openSizes() {
    int open = 0;
    for (Message argument : arguments) {
      var shape = Protos.tensorSpec(argument).getShape();
      open += shape.getUnknownRank() ? UNKNOWN_RANK : 0;
      open += (int) shape.getDimList().stream().filter(size -> size.getSize() < 0).count();
    }
    return open;
  }

  private static List<String> argumentNames(Message fullArgSpec) {
    List<String> names = new ArrayList<>();
    for (var part : Protos.structure(fullArgSpec).getNamedTupleValue().getValuesList()) {
      if (part.getKey().equals("args")) {
        part.getValue()
            .getListValue()
            .getValuesList()
            .forEach(name -> names.add(name.getStringValue()));
      }
    }
    names.remove("self");
    return names;
  }

  private void readArguments(Message signature, List<String> names) {
    var parts = Protos.structure(signature).getTupleValue().getValuesList();
    if (parts.isEmpty()) {
      isPlain = false;
      return;
    }
    int index = 0;
    for (Message argument : parts.get(0).getTupleValue().getValuesList()) {
      readArgument(index < names.size() ? names.get(index) : "", argument);
      index++;
    }
    if (parts.size() > 1) {
      new TreeMap<>(parts.get(1).getDictValue().getFieldsMap()).forEach(this::readArgument);
    }
  }

  private void readArgument(String argument, Message value) {
    int before = arguments.size();
    boolean isOther = flatten(value, arguments);
    if (arguments.size() > before) {
      isPlain &= !isOther;
      return;
    }
    var structure = Protos.structure(value);
    boolean isBool = structure.getKindCase().name().equals("BOOL_VALUE");
    if (argument.equals(TRAINING) && isBool) {
      training = structure.getBoolValue();
    } else {
      // An empty list is as good as none.
      isPlain &= !isOther || isBool && !structure.getBoolValue();
    }
  }

  private void readResults(Message signature) {
    isPlain &= !flatten(signature, results);
    Map<String, ? extends Message> fields =
        new TreeMap<>(Protos.structure(signature).getDictValue().getFieldsMap());
    if (fields.size() == results.size()) {
      resultNames.addAll(fields.keySet());
    }
  }

  /**
   * Collects the tensors of a nested value, as Python orders them.
   *
   * @return whether there is something else in it
   */
  private static boolean flatten(Message value, List<Message> tensors) {
    var structure = Protos.structure(value);
    switch (structure.getKindCase().name()) {
      case "TENSOR_SPEC_VALUE":
        tensors.add(structure.getTensorSpecValue());
        return false;
      case "LIST_VALUE":
        return flattenAll(structure.getListValue().getValuesList(), tensors);
      case "TUPLE_VALUE":
        return flattenAll(structure.getTupleValue().getValuesList(), tensors);
      case "DICT_VALUE":
        return flattenAll(new TreeMap<>(structure.getDictValue().getFieldsMap()).values(), tensors);
      case "NONE_VALUE":
        return false;
      default:
        return true;
    }
  }

  private static boolean flattenAll(Iterable<? extends Message> values, List<Message> tensors) {
    boolean isOther = false;
    for (Message value : values) {
      isOther |= flatten(value, tensors);
    }
    return isOther;
  }
}
