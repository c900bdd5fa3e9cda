package org.samtf.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.samtf.OrderedOptimizer;
import org.samtf.SamOptimizer;
import org.samtf.SamTrainOp;
import org.samtf.Values;
import org.samtf.internal.graph.Protos;
import org.tensorflow.DeviceSpec;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.Tensor;
import org.tensorflow.framework.optimizers.GradientDescent;
import org.tensorflow.framework.optimizers.Optimizer;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;

/** Models that Python wrote compute and train here as they do there. */
class PythonModelsTest {

  private static final double OUTPUT = 1e-6;
  private static final double GRADIENT = 1e-5;

  @TempDir Path temporary;

  private static void assertClose(
      String what, double[] found, double[] expected, double tolerance) {
    assertThat(found).as(what).hasSameSizeAs(expected);
    double largest = 1;
    for (double x : expected) {
      largest = Math.max(largest, Math.abs(x));
    }
    for (int i = 0; i < expected.length; i++) {
      assertThat(found[i]).as(what + " " + i).isCloseTo(expected[i], within(tolerance * largest));
    }
  }

  private static List<String> names(List<Operand<?>> variables) {
    List<String> names = new ArrayList<>();
    variables.forEach(variable -> names.add(variable.asOutput().op().name()));
    return names;
  }

  private static void assertOutputs(PythonCase python, LoadedModel model, double tolerance) {
    python
        .outputs(model)
        .forEach(
            (name, found) ->
                assertClose(name, found, python.outputs.get(name).doubles(), tolerance));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "keras2_dense",
        "keras3_dense",
        "keras3_saved",
        "keras2_convolutional",
        "keras3_convolutional",
        "keras2_separable",
        "keras2_transformer",
        "keras3_transformer",
        "keras2_gru_unrolled",
        "keras3_lstm_unrolled",
        "keras2_recurrent",
        "keras3_recurrent",
        "keras3_lstm",
        "keras2_two",
        "keras2_training",
        "keras3_training",
        "keras2_lookup",
        "control_flow",
        "module",
        "module_training",
        "tensorflow1"
      })
  void computesAndTrainsAsInPython(String name) throws IOException {
    PythonCase python = new PythonCase(name);
    ModelLoader loader = new ModelLoader();
    if (python.signature.endsWith("/training")) {
      loader.training();
    }
    try (LoadedModel model = python.load(loader)) {
      assertComputesAndTrainsAsInPython(python, model);
    }
  }

  @Test
  void aFrozenGraphIsThawed() throws IOException {
    PythonCase python = new PythonCase("frozen");
    Path file = python.directory.resolve("frozen.pb");
    try (LoadedModel model = LoadedModel.thaw(file)) {
      assertThat(names(model.variables()))
          .containsExactlyInAnyOrderElementsOf(python.weights.keySet());
      assertComputesAndTrainsAsInPython(python, model);
    }
    try (LoadedModel model = LoadedModel.thaw(file, "*Conv2D*")) {
      assertThat(names(model.variables())).hasSize(1);
      assertOutputs(python, model, OUTPUT);
    }
    assertThatThrownBy(() -> LoadedModel.thaw(file, "kernel*"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("GraphDef " + file + " cannot be thawed: ")
        .hasMessageContaining("\"kernel*\"")
        .message()
        .hasLineCount(1);
  }

  private static void assertComputesAndTrainsAsInPython(PythonCase python, LoadedModel model) {
    assertThat(names(model.variables()))
        .containsAll(python.gradients.keySet())
        .containsAll(python.notTrainable);
    assertThat(names(model.notTrainable()))
        .containsAll(python.notTrainable)
        .doesNotContainAnyElementsOf(python.gradients.keySet());
    assertOutputs(python, model, OUTPUT);

    Operand<TFloat32> loss = python.loss(model);
    assertGradients(python, model, loss);
    SamOptimizer sam =
        new SamOptimizer(
            model.graph(), new GradientDescent(model.graph(), python.learningRate), python.rho);
    Op step = model.minimize(sam, loss);
    Map<String, byte[]> before = Values.variables(model.graph(), model.session());
    for (double expected : python.losses) {
      try (Result result = python.runner(model).addTarget(step).fetch(sam.loss()).run()) {
        assertThat(Values.of(result.get(0))[0]).isCloseTo(expected, within(GRADIENT));
      }
    }
    assertVariables(model, python.weights);
    assertVariables(model, python.updated);
    assertThat(Values.changed(before, Values.variables(model.graph(), model.session())))
        .isSubsetOf(python.changed());
  }

  private static void assertVariables(LoadedModel model, Map<String, PythonCase.Numbers> expected) {
    expected.forEach(
        (name, numbers) ->
            assertClose(
                name, Values.of(model.session(), model.tensor(name)), numbers.doubles(), GRADIENT));
  }

  private static void assertGradients(
      PythonCase python, LoadedModel model, Operand<TFloat32> loss) {
    Map<String, Operand<?>> gradients = new HashMap<>();
    new OrderedOptimizer(model.graph(), new GradientDescent(model.graph(), python.learningRate))
        .computeGradients(loss)
        .forEach(pair -> gradients.put(pair.getVariable().op().name(), pair.getGradient()));
    python.gradients.forEach(
        (variable, expected) -> {
          try (Result result = python.runner(model).fetch(gradients.get(variable)).run()) {
            assertClose(variable, Values.of(result.get(0)), expected.doubles(), GRADIENT);
          }
        });
  }

  /** Nothing of the functions is left that waits for reads of variables. */
  @Test
  void theGraphHasWhatTheSignatureNeeds() throws IOException {
    try (LoadedModel model = new PythonCase("keras2_two").load()) {
      List<String> types = new ArrayList<>();
      model
          .graph()
          .operations()
          .forEachRemaining(
              op -> {
                if (!op.name().startsWith("set/")) {
                  types.add(op.type());
                }
              });
      assertThat(types)
          .doesNotContain("NoOp", "StatefulPartitionedCall", "RestoreV2", "SaveV2")
          .filteredOn("MatMul"::equals)
          .hasSize(4);
    }
  }

  /** Half of the digits are not there to compare. */
  @Test
  void mixedFloat16TrainsToItsPrecision() throws IOException {
    PythonCase python = new PythonCase("keras3_mixed_float16");
    try (LoadedModel model = python.load()) {
      assertOutputs(python, model, 1e-3);
      Operand<TFloat32> loss = python.loss(model);
      Op step =
          model.minimize(
              new SamOptimizer(
                  model.graph(),
                  new GradientDescent(model.graph(), python.learningRate),
                  python.rho),
              loss);
      for (int i = 0; i < python.losses.size(); i++) {
        python.runner(model).addTarget(step).run().close();
      }
      python.weights.forEach(
          (name, expected) ->
              assertClose(
                  name, Values.of(model.session(), model.tensor(name)), expected.doubles(), 2e-3));
    }
  }

  /** Moving averages stay, whichever optimizer trains, unless it was given them by name. */
  @Test
  void onlyWhatTheModelSaysIsTrained() throws IOException {
    PythonCase python = new PythonCase("keras2_convolutional");
    List<Function<Graph, Optimizer>> optimizers =
        List.of(
            graph -> new GradientDescent(graph, 0.02f),
            graph -> new OrderedOptimizer(graph, new GradientDescent(graph, 0.02f)),
            graph -> new SamOptimizer(graph, new GradientDescent(graph, 0.02f), 0.05f));
    for (Function<Graph, Optimizer> optimizer : optimizers) {
      try (LoadedModel model = python.load()) {
        Optimizer of = optimizer.apply(model.graph());
        assertThat(changedByAStep(python, model, of))
            .containsExactlyInAnyOrderElementsOf(python.weights.keySet());
      }
    }
    PythonCase module = new PythonCase("module");
    try (LoadedModel model = module.load()) {
      SamOptimizer named =
          SamOptimizer.builder(model.graph(), new GradientDescent(model.graph(), 0.02f))
              .trainable(model.variables("off*"))
              .build();
      assertThat(changedByAStep(module, model, named)).containsExactly("offset");
    }
  }

  private static List<String> changedByAStep(
      PythonCase python, LoadedModel model, Optimizer optimizer) {
    Op step = model.minimize(optimizer, python.loss(model));
    Map<String, byte[]> before = Values.variables(model.graph(), model.session());
    python.runner(model).addTarget(step).run().close();
    return Values.changed(before, Values.variables(model.graph(), model.session()));
  }

  @Test
  void whatIsNotTrainableIsExportedWithTheModel() throws IOException {
    PythonCase python = new PythonCase("keras3_convolutional");
    Path exported = temporary.resolve("exported");
    try (LoadedModel model = python.load()) {
      model.exporter().keep(python.signature).export(exported);
    }
    try (LoadedModel model = LoadedModel.load(exported)) {
      assertOutputs(python, model, OUTPUT);
      assertThat(names(model.notTrainable()))
          .containsExactlyInAnyOrderElementsOf(python.notTrainable);
    }
  }

  @Test
  void theSessionIsAsTheLoaderWasTold() throws IOException {
    ModelLoader loader =
        new ModelLoader()
            .settings(l -> l.withConfigProto(Protos.config().putDeviceCount("CPU", 2).build()));
    PythonCase dense = new PythonCase("keras2_dense");
    for (LoadedModel model :
        List.of(
            loader.load(dense.directory.resolve("model")),
            loader.thaw(new PythonCase("frozen").directory.resolve("frozen.pb")),
            loader.loadGraphDef(new PythonCase("tensorflow1").directory.resolve("graph.meta")))) {
      try (model) {
        Ops onTheSecond =
            Ops.create(model.graph())
                .withDevice(
                    DeviceSpec.newBuilder()
                        .deviceType(DeviceSpec.DeviceType.CPU)
                        .deviceIndex(1)
                        .build());
        Operand<TFloat32> two =
            onTheSecond.math.add(onTheSecond.constant(1f), onTheSecond.constant(1f));
        try (Result result = model.session().runner().fetch(two).run()) {
          assertThat(((TFloat32) result.get(0)).getFloat()).isEqualTo(2);
        }
      }
    }
  }

  @Test
  void aSignatureThatAssignsDoesAsInPython() throws IOException {
    PythonCase python = new PythonCase("module");
    JsonNode json = new ObjectMapper().readTree(python.directory.resolve("train.json").toFile());
    try (LoadedModel model = python.load();
        Tensor x = new PythonCase.Numbers(json.get("x")).tensor();
        Tensor target = new PythonCase.Numbers(json.get("target")).tensor()) {
      for (double expected : new PythonCase.Numbers(json.get("losses")).doubles()) {
        try (Result result = model.function("train").call(Map.of("x", x, "target", target))) {
          assertThat(Values.of(result.get("loss").orElseThrow())[0])
              .isCloseTo(expected, within(OUTPUT));
        }
      }
      assertVariables(
          model, Map.of("regression/kernel", new PythonCase.Numbers(json.get("kernel"))));
      // What was read before an assignment stays what it was, however late it is used.
      double[] next = new PythonCase.Numbers(json.get("next")).doubles();
      for (int i = 0; i < 3; i++) {
        try (Result result = model.function("next").call(Map.of("x", x))) {
          double[] found = Values.of(result.get("y").orElseThrow());
          int size = found.length;
          assertClose("y", found, Arrays.copyOfRange(next, i * size, (i + 1) * size), OUTPUT);
        }
      }
    }
  }

  /** It would be trained the other way round. */
  @Test
  void aGradientThatWasWrittenInPythonIsRefused() throws IOException {
    try (LoadedModel model = new PythonCase("module").load()) {
      Operand<?> y = model.output("reversed", "y");
      SamOptimizer sam =
          new SamOptimizer(model.graph(), new GradientDescent(model.graph(), 0.1f), 0.05f);
      assertThatThrownBy(() -> model.minimize(sam, y))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("IdentityN")
          .message()
          .hasLineCount(1);
    }
  }

  @Test
  void anUpdateThatTakesTheVariableItselfIsMade() throws IOException {
    PythonCase python = new PythonCase("module");
    try (LoadedModel model = python.load();
        TFloat32 gradient =
            TFloat32.tensorOf(Shape.of(3, 2), t -> t.scalars().forEach(v -> v.setFloat(0)))) {
      gradient.setFloat(2, 1, 0);
      double[] before = Values.of(model.session(), model.variables("regression/kernel").get(0));
      double[] expected = before.clone();
      expected[2] -= 0.1f * 2;
      try (Result result = model.function("apply").call(Map.of("gradient", gradient))) {
        assertClose("kernel", Values.of(result.get("kernel").orElseThrow()), expected, OUTPUT);
      }
    }
  }

  /** With Adam of Keras 2, whose slots and count are variables of the model. */
  @ParameterizedTest
  @ValueSource(strings = {"call", "sam", "resumed"})
  void aSignatureThatTrainsByAnOptimizerDoesAsInPython(String way) throws IOException {
    Path directory = Path.of("src/test/resources/org/samtf/model/python/keras2_adam");
    Path path = directory.resolve("model");
    JsonNode json = new ObjectMapper().readTree(directory.resolve("train.json").toFile());
    double[] losses = new PythonCase.Numbers(json.get("losses")).doubles();
    LoadedModel model = LoadedModel.load(path);
    try (Tensor x = new PythonCase.Numbers(json.get("x")).tensor();
        Tensor target = new PythonCase.Numbers(json.get("target")).tensor()) {
      Op step =
          way.equals("sam")
              ? SamTrainOp.around(model.graph(), model.callOf("train")).rho(0).build().op()
              : model.callOf("train");
      for (int i = 0; i < losses.length; i++) {
        if (i == 2 && way.equals("resumed")) {
          model.saveInto(path, temporary.resolve("half"));
          model.close();
          model = LoadedModel.load(temporary.resolve("half"));
          step = model.callOf("train");
        }
        try (Result result =
            model
                .session()
                .runner()
                .feed(model.input("train", "x"), x)
                .feed(model.input("train", "target"), target)
                .addTarget(step)
                .fetch(model.output("train", "loss"))
                .run()) {
          assertThat(Values.of(result.get(0))[0])
              .as("step %d", i)
              .isCloseTo(losses[i], within(OUTPUT));
        }
      }
      for (String variable : List.of("kernel", "bias")) {
        assertClose(
            variable,
            Values.of(model.session(), model.variables(variable).get(0)),
            new PythonCase.Numbers(json.get(variable)).doubles(),
            1e-5);
      }
    } finally {
      model.close();
    }
  }

  @Test
  void anUpdateThatThereIsNoSuchOpForIsRefusedByName() throws IOException {
    Path original = Path.of("src/test/resources/org/samtf/model/python/keras2_adam/model");
    byte[] bytes = Files.readAllBytes(original.resolve("saved_model.pb"));
    var changed = Protos.savedModel(bytes).toBuilder();
    for (var function :
        changed
            .getMetaGraphsBuilder(0)
            .getGraphDefBuilder()
            .getLibraryBuilder()
            .getFunctionBuilderList()) {
      for (var node : function.getNodeDefBuilderList()) {
        if (node.getOp().equals("ResourceApplyAdam")) {
          node.setOp("ResourceApplyAdamWithAmsgrad");
        }
      }
    }
    Files.write(temporary.resolve("saved_model.pb"), changed.build().toByteArray());
    assertThatThrownBy(() -> LoadedModel.load(temporary))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("(ResourceApplyAdamWithAmsgrad) takes the resource variable")
        .message()
        .hasLineCount(1);
  }

  @Test
  void aTrainingGraphOfTensorFlow1IsLoadedFromItsMetaFile() throws IOException {
    PythonCase python = new PythonCase("tensorflow1");
    try (LoadedModel model = LoadedModel.loadGraphDef(python.directory.resolve("graph.meta"))) {
      model.restore(python.directory.resolve("graph"));
      assertThat(names(model.notTrainable())).contains("norm/mean", "beta1_power");
      SamOptimizer sam =
          new SamOptimizer(
              model.graph(), new GradientDescent(model.graph(), python.learningRate), python.rho);
      Op step = model.minimize(sam, model.tensor("loss"));
      for (double expected : python.losses) {
        try (Tensor x = python.inputs.get("x").tensor();
            Tensor target = python.targets.get("y").tensor();
            Result result =
                model
                    .session()
                    .runner()
                    .feed("x", x)
                    .feed("target", target)
                    .addTarget(step)
                    .fetch(sam.loss())
                    .run()) {
          assertThat(Values.of(result.get(0))[0]).isCloseTo(expected, within(GRADIENT));
        }
      }
      assertVariables(model, python.weights);
      assertVariables(model, python.updated);
    }
  }

  @Test
  void aModelInTextFormIsRead() throws IOException {
    PythonCase python = new PythonCase("keras2_two");
    Path directory = Files.createDirectories(temporary.resolve("text/variables")).getParent();
    Path model = python.directory.resolve("model");
    Files.writeString(
        directory.resolve("saved_model.pbtxt"),
        Protos.savedModel(Files.readAllBytes(model.resolve("saved_model.pb"))).toString());
    for (String part : List.of("variables.index", "variables.data-00000-of-00001")) {
      Files.copy(
          model.resolve("variables").resolve(part), directory.resolve("variables").resolve(part));
    }
    try (LoadedModel loaded = LoadedModel.load(directory)) {
      assertOutputs(python, loaded, OUTPUT);
    }
    Files.writeString(directory.resolve("saved_model.pbtxt"), "meta_graphs { graph_def {");
    assertThatThrownBy(() -> LoadedModel.load(directory))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("model " + directory + " cannot be loaded: ")
        .message()
        .hasLineCount(1);
  }

  @Test
  void otherTagsAreListed() throws IOException {
    Path model = new PythonCase("module").directory.resolve("model");
    assertThatThrownBy(() -> LoadedModel.load(model, "serve", "gpu"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("has no graph with the tags [gpu, serve]; it has [serve]");
  }
}
