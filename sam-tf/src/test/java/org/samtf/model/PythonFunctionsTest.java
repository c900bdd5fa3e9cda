package org.samtf.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.samtf.NotFinite;
import org.samtf.OrderedOptimizer;
import org.samtf.SamOptimizer;
import org.samtf.Values;
import org.samtf.internal.graph.Protos;
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

/** Functions of Python's models: in training mode, with loops, choices and tables. */
class PythonFunctionsTest {

  @TempDir Path temporary;

  private static Op step(LoadedModel model, Operand<?> loss) {
    Graph graph = model.graph();
    return model.minimize(new SamOptimizer(graph, new GradientDescent(graph, 0.02f), 0.05f), loss);
  }

  private static Operand<TFloat32> mean(LoadedModel model, Operand<?> output) {
    @SuppressWarnings("unchecked")
    Operand<TFloat32> typed = (Operand<TFloat32>) output;
    Ops tf = Ops.create(model.graph());
    int[] axes = new int[output.asOutput().shape().numDimensions()];
    for (int i = 0; i < axes.length; i++) {
      axes[i] = i;
    }
    return tf.math.mean(tf.math.square(typed), tf.constant(axes));
  }

  private static Map<String, byte[]> variables(LoadedModel model) {
    return Values.variables(model.graph(), model.session());
  }

  @Test
  void aTrainingFunctionTakesTheInputsOfItsSignature() throws IOException {
    PythonCase python = new PythonCase("keras2_convolutional");
    try (LoadedModel model = python.load(new ModelLoader().training())) {
      String training = python.signature + "/training";
      for (String input : python.inputs.keySet()) {
        assertThat(model.input(training, input)).isEqualTo(model.input(python.signature, input));
      }
      String output = python.outputs.keySet().iterator().next();
      Operand<?> dropped = model.output(training, output);
      try (Result one = python.runner(model).fetch(dropped).run();
          Result two = python.runner(model).fetch(dropped).run()) {
        assertThat(Values.of(one.get(0))).isNotEqualTo(Values.of(two.get(0)));
      }
      // Neither looking at it nor a step through the other signature moves the averages.
      Map<String, byte[]> before = variables(model);
      python.runner(model).addTarget(step(model, python.loss(model))).run().close();
      assertThat(Values.changed(before, variables(model)))
          .containsExactlyInAnyOrderElementsOf(python.weights.keySet());

      Op step = step(model, mean(model, dropped));
      before = variables(model);
      python.runner(model).addTarget(step).run().close();
      assertThat(Values.changed(before, variables(model)))
          .containsAll(python.weights.keySet())
          .containsAll(python.notTrainable);
    }
  }

  /** Moving averages are made of the batch whose gradient is not finite. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aStepThatIsSkippedMovesNoAverages(boolean isSam) throws IOException {
    PythonCase python = new PythonCase("keras2_training");
    try (LoadedModel model = python.load(new ModelLoader().training());
        TFloat32 image =
            TFloat32.tensorOf(
                Shape.of(2, 5, 5, 1), t -> t.scalars().forEach(v -> v.setFloat(0.5f)))) {
      Graph graph = model.graph();
      Optimizer base = new GradientDescent(graph, 0.02f);
      Optimizer optimizer =
          isSam
              ? SamOptimizer.builder(graph, base).rho(0.05f).notFinite(NotFinite.SKIP).build()
              : OrderedOptimizer.builder(graph, base).notFinite(NotFinite.SKIP).build();
      Op step = model.minimize(optimizer, mean(model, model.output(python.signature, "score")));
      Operand<?> fed = model.input("serving_default", "image");
      Map<String, byte[]> before = variables(model);
      image.setFloat(Float.NaN, 1, 2, 3, 0);
      model.session().runner().feed(fed, image).addTarget(step).run().close();
      assertThat(Values.changed(before, variables(model))).hasSize(1);

      before = variables(model);
      image.setFloat(1, 1, 2, 3, 0);
      model.session().runner().feed(fed, image).addTarget(step).run().close();
      assertThat(Values.changed(before, variables(model)))
          .contains("norm/moving_mean", "norm/moving_variance", "score/bias");
    }
  }

  @Test
  void whetherThereAreTrainingFunctionsIsKnownWithoutLoading() throws IOException {
    Path with = new PythonCase("keras2_training").directory.resolve("model");
    Path without = new PythonCase("keras3_convolutional").directory.resolve("model");
    assertThat(new ModelLoader().hasTraining(with)).isTrue();
    assertThat(new ModelLoader().hasTraining(without)).isFalse();
    assertThatThrownBy(() -> new ModelLoader().hasTraining(temporary))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("has no saved_model.pb");
  }

  @Test
  void aCallOfATrainingFunctionAssignsAsInPython() throws IOException {
    PythonCase python = new PythonCase("module_training");
    try (LoadedModel model = python.load(new ModelLoader().training());
        Tensor x = python.inputs.get("x").tensor()) {
      Map<String, byte[]> before = variables(model);
      model.function("__call__").call(Map.of("x", x)).close();
      assertThat(Values.changed(before, variables(model))).isEmpty();
      model.function("__call__/training").call(Map.of("x", x)).close();
      assertThat(Values.changed(before, variables(model)))
          .containsExactlyInAnyOrder("StateVar", "calls", "mean");
    }
  }

  @Test
  void aModelWithoutSuchAFunctionSaysHowToExportOne() throws IOException {
    Path model = new PythonCase("keras3_convolutional").directory.resolve("model");
    assertThatThrownBy(() -> new ModelLoader().training().load(model))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("model " + model + " cannot be loaded: it holds no function")
        .hasMessageContaining("add_endpoint(")
        .message()
        .hasLineCount(1);
  }

  /** The same model, with sequences of any length. */
  private Path withOpenShapes(PythonCase python) throws IOException {
    Path original = python.directory.resolve("model");
    Path copy = Files.createDirectories(temporary.resolve("open/variables")).getParent();
    var model = Protos.savedModel(Files.readAllBytes(original.resolve("saved_model.pb")));
    var changed = model.toBuilder();
    for (var node : changed.getMetaGraphsBuilder(0).getGraphDefBuilder().getNodeBuilderList()) {
      if (node.getOp().equals("Placeholder") && node.getName().contains("sequence")) {
        var shape = node.getAttrMap().get("shape").toBuilder();
        shape.getShapeBuilder().getDimBuilder(1).setSize(-1);
        node.putAttr("shape", shape.build());
      }
    }
    Files.write(copy.resolve("saved_model.pb"), changed.build().toByteArray());
    for (String part : List.of("variables.index", "variables.data-00000-of-00001")) {
      Files.copy(
          original.resolve("variables").resolve(part), copy.resolve("variables").resolve(part));
    }
    return copy;
  }

  @Test
  void aLoopOfUnknownLengthIsRefusedByNameUnlessTheLengthIsGiven() throws IOException {
    PythonCase python = new PythonCase("keras2_recurrent");
    Path open = withOpenShapes(python);
    assertThatThrownBy(() -> LoadedModel.load(open))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("model " + open + " cannot be loaded: its signature \"serv")
        .hasMessageContaining("/while\" (While)")
        .hasMessageContaining("how often it runs is not known")
        .hasMessageContaining("ModelLoader.shape(")
        .message()
        .hasLineCount(1);
    String input = python.inputs.keySet().iterator().next();
    ModelLoader loader =
        new ModelLoader().shape(python.signature, input, python.inputs.get(input).shape);
    try (LoadedModel model = loader.load(open)) {
      assertOutputs(python, model);
      assertThat(model.signaturesLeftOut()).isNotEmpty();
    }
    assertThatThrownBy(
            () ->
                new ModelLoader()
                    .shape(python.signature, input, Shape.of(-1, 3, 5))
                    .load(python.directory.resolve("model")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("cannot be of shape [-1, 3, 5]; it is of [-1, 3, 2]");
    assertThatThrownBy(
            () ->
                new ModelLoader()
                    .shape(python.signature, "x", Shape.of(-1, 3, 5))
                    .load(python.directory.resolve("model")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("has no input \"x\"; it has " + input);
  }

  @Test
  void aLoopThatEndsByAValueIsLeftOutByName() throws IOException {
    try (LoadedModel model = new PythonCase("control_flow").load()) {
      assertThat(model.signaturesLeftOut()).containsOnlyKeys("until");
      assertThat(model.signaturesLeftOut().get("until"))
          .contains("(While)")
          .contains("how often it runs is not known before it is run")
          .hasLineCount(1);
    }
  }

  /** Another processor than Python's has other last bits. */
  private static void assertOutputs(PythonCase python, LoadedModel model) {
    python
        .outputs(model)
        .forEach(
            (name, found) ->
                assertThat(found)
                    .containsExactly(python.outputs.get(name).doubles(), within(1e-6)));
  }

  /** A file that is read is a side effect, so it has to be allowed. */
  @Test
  void aTableThatIsFilledFromAFileIsUsed() throws IOException {
    PythonCase python = new PythonCase("keras2_lookup_file");
    assertThatThrownBy(python::load)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("InitializeTableFromTextFileV2");
    try (LoadedModel model = python.load(new ModelLoader().allowSideEffects())) {
      assertOutputs(python, model);
      Op step = step(model, python.loss(model));
      python.runner(model).addTarget(step).run().close();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"keras2_training", "module_training", "keras2_lookup", "keras3_recurrent"})
  void whatWasTrainedIsHandedBack(String name) throws IOException {
    PythonCase python = new PythonCase(name);
    boolean isTraining = python.signature.endsWith("/training");
    ModelLoader loader = isTraining ? new ModelLoader().training() : new ModelLoader();
    Path target = temporary.resolve("back");
    Map<String, byte[]> trained;
    try (LoadedModel model = python.load(loader)) {
      Op step = step(model, python.loss(model));
      python.runner(model).addTarget(step).run().close();
      model.saveInto(python.directory.resolve("model"), target);
      trained = variables(model);
    }
    try (LoadedModel model = loader.load(target)) {
      Map<String, byte[]> loaded = variables(model);
      for (String variable : python.changed()) {
        assertThat(loaded.get(variable)).as(variable).isEqualTo(trained.get(variable));
      }
    }
  }
}
