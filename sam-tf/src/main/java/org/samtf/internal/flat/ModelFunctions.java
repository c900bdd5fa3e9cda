package org.samtf.internal.flat;

import com.google.protobuf.Message;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.samtf.internal.graph.Protos;

/**
 * Makes functions that a model has beside its signatures signatures, too: those of its object,
 * which Python calls as {@code model(x, training=True)}.
 */
public final class ModelFunctions {

  /** What follows the key of a signature for the same in training mode. */
  private static final String TRAINING = "/training";

  private static final String INTERNAL_SIGNATURE = "__saved_model";
  private static final String SERVING = "serving_default";
  private static final String CALL = "__call__";
  private static final String CALL_OP = "StatefulPartitionedCall";
  private static final Set<String> CALLS = Set.of("PartitionedCall", CALL_OP);

  private final Message metaGraph;

  /** What the objects that functions take are in the graph. */
  private final Map<Integer, String> tensors = new HashMap<>();

  /** By name. */
  private final Map<String, Message> nodes = new HashMap<>();

  private ModelFunctions(Message metaGraph) {
    this.metaGraph = metaGraph;
    var meta = Protos.metaGraph(metaGraph);
    for (var node : meta.getGraphDef().getNodeList()) {
      nodes.put(node.getName(), node);
      var concrete = meta.getObjectGraphDef().getConcreteFunctionsMap().get(functionOf(node));
      int first = concrete == null ? 0 : node.getInputCount() - concrete.getBoundInputsCount();
      if (concrete != null && first >= 0) {
        for (int i = 0; i < concrete.getBoundInputsCount(); i++) {
          tensors.put(concrete.getBoundInputs(i), FlatNode.canonical(node.getInput(first + i)));
        }
      }
    }
    tensors.values().removeIf(FlatNode::isControl);
  }

  private static String functionOf(Message nodeDef) {
    FlatNode node = FlatNode.of("", nodeDef, List.of());
    return CALLS.contains(node.type) ? node.function("f") : "";
  }

  /**
   * Adds the functions that were traced in training mode.
   *
   * @return the same model, with a signature {@code serving_default/training} beside {@code
   *     serving_default}, whose inputs are the same placeholders; and such one for each other
   *     function
   * @throws IllegalArgumentException if there is none
   */
  public static Message withTraining(Message metaGraph) {
    Message signed = withInference(metaGraph);
    Message with = new ModelFunctions(signed).with(true);
    if (with == signed) {
      throw new IllegalArgumentException(
          "it holds no function that was traced with training=True, as models hold that Keras 2"
              + " saves; export one as a signature of its own, in Keras 3 by ExportArchive:"
              + " archive.add_endpoint(\"train\", lambda x: model(x, training=True),"
              + " input_signature=[...])");
    }
    return with;
  }

  /** Whether a model holds functions that were traced in training mode. */
  public static boolean hasTraining(Message metaGraph) {
    Message signed = withInference(metaGraph);
    return new ModelFunctions(signed).with(true) != signed;
  }

  /** Adds the functions that were traced in training mode; the model itself if there is none. */
  public static Message withTrainingIfAny(Message metaGraph) {
    return new ModelFunctions(withInference(metaGraph)).with(true);
  }

  /** Adds to a model without signatures the functions that were not traced in training mode. */
  static Message withInference(Message metaGraph) {
    boolean isSigned =
        Protos.metaGraph(metaGraph).getSignatureDefMap().keySet().stream()
            .anyMatch(key -> !key.startsWith(INTERNAL_SIGNATURE));
    return isSigned ? metaGraph : new ModelFunctions(metaGraph).with(false);
  }

  private Message with(boolean training) {
    Map<String, TracedFunction> chosen = new LinkedHashMap<>();
    for (TracedFunction function : TracedFunction.of(metaGraph)) {
      if (!(training ? function.isTraining() : function.isInference())) {
        continue;
      }
      String served = servedAs(function);
      String key = (served == null ? function.name : served) + (training ? TRAINING : "");
      TracedFunction before = chosen.get(key);
      if (before == null || function.openSizes() > before.openSizes()) {
        chosen.put(key, function);
      }
    }
    var made = Protos.metaGraph(metaGraph).toBuilder();
    boolean any = false;
    for (var entry : chosen.entrySet()) {
      List<String> captured = captured(entry.getValue());
      if (captured == null || made.containsSignatureDef(entry.getKey())) {
        continue;
      }
      any = true;
      TracedFunction function = entry.getValue();
      var signature = Protos.signature();
      var call = Protos.node().setName(freeName(entry.getKey())).setOp(CALL_OP);
      var f = Protos.attribute();
      f.getFuncBuilder().setName(function.function);
      call.putAttr("f", f.build());
      Map<String, String> inputs = inputs(function);
      int i = 0;
      for (var input : inputs.entrySet()) {
        var spec = Protos.tensorSpec(function.arguments.get(i++));
        String tensor = input.getValue();
        if (tensor == null) {
          tensor = freeName(call.getName() + "/" + input.getKey());
          FlatNode placeholder = new FlatNode(tensor, "Placeholder");
          placeholder
              .with("dtype", spec.getDtypeValue())
              .with("shape", Protos.attribute().setShape(spec.getShape()).build());
          made.getGraphDefBuilder().addNode(Protos.node(placeholder.toNodeDef()));
          tensor += ":0";
        }
        call.addInput(tensor);
        signature.putInputs(
            input.getKey(),
            Protos.tensorInfo()
                .setName(tensor)
                .setDtypeValue(spec.getDtypeValue())
                .setTensorShape(spec.getShape())
                .build());
      }
      call.addAllInput(captured);
      List<String> names = outputNames(function);
      for (int k = 0; k < function.results.size(); k++) {
        var spec = Protos.tensorSpec(function.results.get(k));
        signature.putOutputs(
            names.get(k),
            Protos.tensorInfo()
                .setName(call.getName() + ":" + k)
                .setDtypeValue(spec.getDtypeValue())
                .setTensorShape(spec.getShape())
                .build());
      }
      made.getGraphDefBuilder().addNode(call);
      made.putSignatureDef(entry.getKey(), signature.build());
    }
    return any ? made.build() : metaGraph;
  }

  private String freeName(String wanted) {
    String name = wanted.matches("[A-Za-z0-9.].*") ? wanted : "model/" + wanted;
    while (nodes.containsKey(name)) {
      name += "_";
    }
    return name;
  }

  /** The key of the signature whose inputs a function takes; null if there is none. */
  private String servedAs(TracedFunction function) {
    var signatures = Protos.metaGraph(metaGraph).getSignatureDefMap();
    for (String key : List.of(function.name, function.name.equals(CALL) ? SERVING : "")) {
      if (signatures.containsKey(key)
          && signatures.get(key).getInputsCount() == function.arguments.size()
          && !inputs(function, key).containsValue(null)) {
        return key;
      }
    }
    return null;
  }

  /** By the names of a function's inputs the placeholders; null for those that are to be made. */
  private Map<String, String> inputs(TracedFunction function) {
    return inputs(function, servedAs(function));
  }

  private Map<String, String> inputs(TracedFunction function, String signature) {
    Map<String, String> placeholders = new HashMap<>();
    Map<String, Integer> types = new HashMap<>();
    if (signature != null) {
      Protos.metaGraph(metaGraph)
          .getSignatureDefMap()
          .get(signature)
          .getInputsMap()
          .forEach(
              (name, tensor) -> {
                placeholders.put(name, tensor.getName());
                types.put(name, tensor.getDtypeValue());
              });
    }
    Map<String, String> inputs = new LinkedHashMap<>();
    int index = 0;
    for (Message argument : function.arguments) {
      var spec = Protos.tensorSpec(argument);
      String name = spec.getName().isEmpty() ? "input_" + index : spec.getName();
      if (placeholders.size() == 1 && function.arguments.size() == 1) {
        name = placeholders.keySet().iterator().next();
      }
      boolean isSame = Integer.valueOf(spec.getDtypeValue()).equals(types.get(name));
      while (inputs.containsKey(name)) {
        name += "_";
      }
      inputs.put(name, isSame ? placeholders.get(name) : null);
      index++;
    }
    return inputs;
  }

  /** What a function takes beside its arguments; null if that is not known. */
  private List<String> captured(TracedFunction function) {
    var objects = Protos.metaGraph(metaGraph).getObjectGraphDef();
    List<String> captured = new ArrayList<>();
    Map<String, String> byKey = null;
    SavedVariables saved = SavedVariables.of(metaGraph);
    for (int id : function.captured) {
      String tensor = tensors.get(id);
      if (tensor == null && id >= 0 && id < objects.getNodesCount()) {
        var object = objects.getNodes(id);
        if (object.hasConstant()) {
          tensor = FlatNode.canonical(object.getConstant().getOperation());
        } else if (object.hasVariable()) {
          byKey = byKey == null ? variablesByKey() : byKey;
          tensor = byKey.get(saved.key(id));
        }
      }
      if (tensor == null || !nodes.containsKey(FlatNode.op(tensor))) {
        return null;
      }
      captured.add(tensor);
    }
    return captured;
  }

  /** The handles of variables, by the keys that they are restored from. */
  private Map<String, String> variablesByKey() {
    FunctionInliner inliner = new FunctionInliner(new FunctionLibrary(metaGraph));
    inliner.add(Protos.metaGraph(metaGraph).getGraphDef().getNodeList());
    FlatGraph graph = inliner.graph();
    Map<String, String> byKey = new HashMap<>();
    CheckpointKeys.of(graph, new ResourceVariables(graph))
        .forEach((variable, keys) -> keys.forEach(key -> byKey.put(key, variable + ":0")));
    return byKey;
  }

  /**
   * The names of a function's results: those of the dictionary that it returns, else those of the
   * signature that computes the same, else numbers.
   */
  private List<String> outputNames(TracedFunction function) {
    if (!function.resultNames.isEmpty()) {
      return function.resultNames;
    }
    int size = function.results.size();
    String served = servedAs(function);
    if (served != null) {
      var outputs = Protos.metaGraph(metaGraph).getSignatureDefMap().get(served).getOutputsMap();
      if (outputs.size() == size && size == 1) {
        return List.copyOf(outputs.keySet());
      }
      if (outputs.size() == size) {
        FunctionPaths paths = new FunctionPaths(new FunctionLibrary(metaGraph));
        Map<String, String> byOutput = new TreeMap<>();
        outputs.forEach(
            (name, tensor) -> {
              Message call = nodes.get(FlatNode.op(tensor.getName()));
              String body = call == null ? "" : functionOf(call);
              byOutput.put(name, paths.of(body, FlatNode.output(tensor.getName())));
            });
        List<String> names = new ArrayList<>();
        for (int i = 0; i < size; i++) {
          names.add(FunctionPaths.mostLike(paths.of(function.function, i), byOutput));
        }
        if (!names.contains(null) && new HashSet<>(names).size() == size) {
          return names;
        }
      }
    }
    List<String> names = new ArrayList<>();
    for (int i = 0; i < size; i++) {
      names.add("output_" + i);
    }
    return names;
  }
}
