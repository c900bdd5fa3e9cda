package org.samtf.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.samtf.SamOptimizer;
import org.samtf.SamOptimizerBuilder;
import org.samtf.SmallClassifier;
import org.samtf.Values;
import org.samtf.direction.AscentDirections;
import org.samtf.direction.DescentDirections;
import org.samtf.internal.graph.Protos;
import org.samtf.internal.graph.Reals;
import org.tensorflow.DeviceSpec;
import org.tensorflow.DeviceSpec.DeviceType;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.SavedModelBundle;
import org.tensorflow.Session;
import org.tensorflow.Signature;
import org.tensorflow.Tensor;
import org.tensorflow.framework.optimizers.AdaGradDA;
import org.tensorflow.framework.optimizers.Adam;
import org.tensorflow.framework.optimizers.Momentum;
import org.tensorflow.framework.optimizers.Nadam;
import org.tensorflow.framework.optimizers.Optimizer;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TString;

/** Exports with several signatures, one of which trains. */
@Tag("one-line")
class ModelExporterTest {

  @TempDir Path directory;

  /** A classifier that has been trained for some steps, and its exporter. */
  private static final class Trained implements AutoCloseable {
    final Graph graph = new Graph();
    final Session session = new Session(graph);
    final SmallClassifier model;
    final SamOptimizer sam;
    final Op step;

    Trained(String base, String prefix, float dropout) {
      this(base, prefix, dropout, builder -> builder);
    }

    Trained(
        String base, String prefix, float dropout, UnaryOperator<SamOptimizerBuilder> settings) {
      model = new SmallClassifier(graph, session, prefix, dropout);
      sam = settings.apply(SamOptimizer.builder(graph, base(base, graph)).rho(0.1f)).build();
      step = model.step(sam.minimize(model.trainingLoss));
    }

    ModelExporter exporter() {
      return new ModelExporter(graph, session)
          .signature(model.predict())
          .signature(model.evaluate())
          .trainingSignature(
              model
                  .labeled("train")
                  .output("loss", sam.loss())
                  .output("sharpness", sam.sharpness())
                  .build(),
              step);
    }

    @Override
    public void close() {
      session.close();
      graph.close();
    }
  }

  private static Optimizer base(String name, Graph graph) {
    switch (name) {
      case "adam":
        return new Adam(graph, 0.01f);
      case "nadam":
        return new Nadam(graph, 0.01f);
      case "adagradda":
        return new AdaGradDA(graph, 0.1f);
      default:
        return new Momentum(graph, 0.1f, 0.9f);
    }
  }

  /** One call for one batch; what comes out, by name. */
  private static Map<String, Double> call(SavedModelBundle bundle, String key, int batch) {
    Map<String, Tensor> tensors = SmallClassifier.batch(batch);
    try (Result result = bundle.function(key).call(tensors)) {
      Map<String, Double> values = new TreeMap<>();
      result.forEach(entry -> values.put(entry.getKey(), Values.of(entry.getValue())[0]));
      return values;
    } finally {
      SmallClassifier.close(tensors);
    }
  }

  /** Two calls of "train" give each variable of the model the value that it has in a graph. */
  private static void assertTwoStepsGive(Graph graph, Session session, SavedModelBundle bundle) {
    call(bundle, "train", 0);
    call(bundle, "train", 1);
    var expected = Values.variables(graph, session);
    Values.variables(bundle.graph(), bundle.session())
        .forEach((name, bytes) -> assertThat(bytes).as(name).isEqualTo(expected.get(name)));
  }

  @ParameterizedTest
  @ValueSource(strings = {"momentum", "adam", "nadam", "adagradda"})
  void goesOnAsIfItHadNeverBeenSaved(String base) throws IOException {
    goesOn(base, builder -> builder);
  }

  static Stream<UnaryOperator<SamOptimizerBuilder>> relatives() {
    return Stream.of(
        b -> b.every(5).descent(DescentDirections.looking(0.7)),
        b -> b.whenGradientIsLarge(0.5, -0.5, 9),
        b -> b.ascent(AscentDirections.friendly(1, 0.9)).startAt(2),
        b -> b.ascent(AscentDirections.momentum()).lossAtWeights(true));
  }

  /** With counters, running means and directions of its own. */
  @ParameterizedTest
  @MethodSource("relatives")
  void goesOnWithWhatAStepKeeps(UnaryOperator<SamOptimizerBuilder> settings) throws IOException {
    goesOn("adagradda", settings);
  }

  private void goesOn(String base, UnaryOperator<SamOptimizerBuilder> settings) throws IOException {
    Path first = directory.resolve("first");
    Path second = directory.resolve("second");
    Map<String, byte[]> expected;
    try (Trained trained = new Trained(base, "", 0.3f, settings)) {
      SmallClassifier.run(trained.session, trained.step, 0, 3);
      trained.exporter().export(first);
      SmallClassifier.run(trained.session, trained.step, 3, 9);
      expected = Values.variables(trained.graph, trained.session);
    }
    if (base.equals("nadam")) {
      // Slots that Nadam makes and never uses.
      expected.keySet().removeIf(name -> name.endsWith("-momentum"));
    }
    try (SavedModelBundle bundle = SavedModelBundle.load(first.toString())) {
      for (int n = 3; n < 6; n++) {
        call(bundle, "train", n);
      }
    }
    try (LoadedModel model = LoadedModel.load(first)) {
      for (int n = 3; n < 6; n++) {
        Map<String, Tensor> batch = SmallClassifier.batch(n);
        Session.Runner runner = model.session().runner();
        runner
            .feed(model.input("train", "images"), batch.get("images"))
            .feed(model.input("train", "labels"), batch.get("labels"))
            .fetch(model.output("train", "sharpness"))
            .run()
            .close();
        SmallClassifier.close(batch);
      }
      model.exporter().keep("train", "predict").export(second);
    }
    try (SavedModelBundle bundle = SavedModelBundle.load(second.toString())) {
      for (int n = 6; n < 9; n++) {
        call(bundle, "train", n);
      }
      assertSame(Values.variables(bundle.graph(), bundle.session()), expected);
    }
  }

  @Test
  void eachCallOfTheTrainSignatureIsOneStep() throws IOException {
    Path saved = directory.resolve("saved");
    try (Trained trained = new Trained("adam", "", 0.3f)) {
      SmallClassifier.run(trained.session, trained.step, 0, 2);
      trained.exporter().export(saved);
      try (SavedModelBundle bundle = SavedModelBundle.load(saved.toString())) {
        for (int n = 2; n < 6; n++) {
          Map<String, Tensor> batch = SmallClassifier.batch(n);
          Session.Runner runner =
              trained.session.runner().addTarget(trained.step).fetch(trained.sam.loss());
          batch.forEach(runner::feed);
          try (Result inProcess = runner.fetch(trained.sam.sharpness()).run()) {
            Map<String, Double> called = call(bundle, "train", n);
            assertThat(called.get("loss")).isEqualTo(Values.of(inProcess.get(0))[0]);
            assertThat(called.get("sharpness")).isEqualTo(Values.of(inProcess.get(1))[0]);
          }
          SmallClassifier.close(batch);
          assertSame(
              Values.variables(bundle.graph(), bundle.session()),
              Values.variables(trained.graph, trained.session));
        }
      }
    }
  }

  @Test
  void predictAndEvaluateChangeNothing() throws IOException {
    Path saved = directory.resolve("saved");
    try (Trained trained = new Trained("adam", "", 0.4f)) {
      SmallClassifier.run(trained.session, trained.step, 0, 2);
      trained.exporter().export(saved);
    }
    try (SavedModelBundle bundle = SavedModelBundle.load(saved.toString())) {
      var before = Values.variables(bundle.graph(), bundle.session());
      // Dropout would give other values each time.
      assertThat(call(bundle, "predict", 3)).isEqualTo(call(bundle, "predict", 3));
      assertThat(call(bundle, "evaluate", 3)).isEqualTo(call(bundle, "evaluate", 3));
      assertThat(Values.changed(before, Values.variables(bundle.graph(), bundle.session())))
          .isEmpty();
      call(bundle, "train", 3);
      assertThat(Values.changed(before, Values.variables(bundle.graph(), bundle.session())))
          .contains("conv_kernel", "bn_movingMean", "beta1_power", "head_biases-m");
    }
  }

  @Test
  void anExportForServingIsThePlainModel() throws IOException {
    Path plain = directory.resolve("plain");
    Path served = directory.resolve("served");
    Path stripped = directory.resolve("stripped");
    Path whole = directory.resolve("whole");
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      SmallClassifier model = new SmallClassifier(graph, session, "", 0.4f);
      new ModelExporter(graph, session).signature(model.predict()).export(plain);
    }
    try (Trained trained = new Trained("adam", "", 0.4f)) {
      SmallClassifier.run(trained.session, trained.step, 0, 2);
      new ModelExporter(trained.graph, trained.session)
          .signature(trained.model.predict())
          .export(served);
      trained.exporter().export(whole);
    }
    try (LoadedModel model = LoadedModel.load(whole)) {
      model.exporter().keep("predict").export(stripped);
    }
    List<String> types = types(plain);
    assertThat(types(served)).isEqualTo(types);
    assertThat(types(stripped)).isEqualTo(types);
    assertThat(types).doesNotContain("ApplyAdam", "StatelessRandomUniform");
    assertThat(types.stream().filter("VariableV2"::equals)).hasSize(7);
    assertThat(types(whole)).hasSizeGreaterThan(3 * types.size());
    assertThat(sizes(served)).isEqualTo(sizes(plain));
    assertThat(sizes(stripped)).isEqualTo(sizes(plain));
    try (SavedModelBundle one = SavedModelBundle.load(whole.toString());
        SavedModelBundle other = SavedModelBundle.load(stripped.toString())) {
      assertThat(call(other, "predict", 1)).isEqualTo(call(one, "predict", 1));
    }
  }

  @Test
  void scopedNamesComeBackAsTheyWere() throws IOException {
    Path saved = directory.resolve("saved");
    Map<String, byte[]> expected;
    try (Trained trained = new Trained("adam", "net/block/", 0.3f)) {
      SmallClassifier.run(trained.session, trained.step, 0, 2);
      trained.exporter().export(saved);
      SmallClassifier.run(trained.session, trained.step, 2, 4);
      expected = Values.variables(trained.graph, trained.session);
    }
    assertThat(expected).containsKeys("net/block/conv_kernel", "net.block.conv_kernel-m");
    try (SavedModelBundle bundle = SavedModelBundle.load(saved.toString())) {
      call(bundle, "train", 2);
      call(bundle, "train", 3);
      assertSame(Values.variables(bundle.graph(), bundle.session()), expected);
    }
  }

  @Test
  void theGraphThatIsExportedStaysAsItIs() throws IOException {
    try (Trained trained = new Trained("momentum", "", 0)) {
      SmallClassifier.run(trained.session, trained.step, 0, 1);
      int ops = ops(trained.graph).size();
      trained.exporter().export(directory.resolve("a"));
      trained.exporter().export(directory.resolve("b"));
      assertThat(ops(trained.graph)).hasSize(ops);
      assertThat(types(directory.resolve("b"))).isEqualTo(types(directory.resolve("a")));
    }
    assertThat(directory).isDirectoryContaining("glob:**/a").isDirectoryContaining("glob:**/b");
    try (Stream<Path> left = Files.list(directory)) {
      assertThat(left).hasSize(2);
    }
  }

  @Test
  void aModelWithoutVariablesIsExported() throws IOException {
    Path saved = directory.resolve("saved");
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      Ops tf = Ops.create(graph);
      Placeholder<TFloat32> x = tf.withName("x").placeholder(TFloat32.class);
      new ModelExporter(graph, session)
          .signature(
              Signature.builder("twice")
                  .input("x", x)
                  .output("y", tf.math.mul(x, tf.constant(2f)))
                  .build())
          .export(saved);
    }
    try (SavedModelBundle bundle = SavedModelBundle.load(saved.toString());
        TFloat32 x = TFloat32.scalarOf(4);
        Result result = bundle.function("twice").call(Map.of("x", x))) {
      assertThat(bundle.function("twice").signature().methodName()).isEqualTo("twice");
      assertThat(Values.of(result.get("y").orElseThrow())).containsExactly(8);
    }
  }

  @Test
  void aSignatureThatNeedsMoreThanItsInputsIsRefused() {
    try (Trained trained = new Trained("momentum", "", 0)) {
      ModelExporter exporter =
          new ModelExporter(trained.graph, trained.session)
              .signature(
                  Signature.builder()
                      .key("evaluate")
                      .input("images", trained.model.images)
                      .output("loss", trained.model.loss)
                      .build());
      assertRefused(
          exporter,
          "signature evaluate(images) -> (loss) needs placeholder labels, which is not among its"
              + " inputs");
      ModelExporter training =
          new ModelExporter(trained.graph, trained.session)
              .trainingSignature(
                  Signature.builder()
                      .key("train")
                      .input("images", trained.model.images)
                      .output("kernel", trained.model.features)
                      .build(),
                  trained.step);
      assertRefused(training, "signature train(images) -> (kernel) needs placeholder labels");
    }
  }

  @Test
  void stateThatWouldBeLostIsRefused() {
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      Ops tf = Ops.create(graph);
      Operand<TFloat32> resource =
          tf.readVariableOp(
              tf.withName("weights").varHandleOp(TFloat32.class, Shape.of(2)), TFloat32.class);
      assertRefused(exporter(graph, session, resource), "op \"weights\" (VarHandleOp) has state");
      Operand<?> table = tf.withName("words").hashTable(TString.class, TFloat32.class);
      assertRefused(
          exporter(
              graph,
              session,
              tf.lookupTableFind(
                  Reals.<Operand<org.tensorflow.types.family.TType>>unchecked(table),
                  tf.constant("word"),
                  tf.constant(0f))),
          "op \"words\" (HashTableV2) has state");
    }
  }

  private static ModelExporter exporter(Graph graph, Session session, Operand<?> output) {
    return new ModelExporter(graph, session)
        .signature(Signature.builder("f").output("y", output).build());
  }

  @Test
  void aVariableWithoutAValueIsNamed() {
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      Ops tf = Ops.create(graph);
      Operand<TFloat32> w = tf.withName("w").variable(Shape.of(2), TFloat32.class);
      assertThatThrownBy(
              () -> exporter(graph, session, tf.identity(w)).export(directory.resolve("model")))
          .isInstanceOf(IllegalStateException.class)
          .hasMessage(
              "a variable has no value to export (Attempting to use uninitialized value w);"
                  + " initialize it first");
      assertThat(directory).isEmptyDirectory();
    }
  }

  @Test
  void whatIsThereIsNotOverwritten() throws IOException {
    Path mine = Files.writeString(directory.resolve("mine"), "mine");
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      ModelExporter exporter = exporter(graph, session, Ops.create(graph).constant(1f));
      assertThatThrownBy(() -> exporter.export(directory)).hasMessageContaining("is not empty");
      assertThatThrownBy(() -> exporter.export(mine)).hasMessageContaining("is no directory");
      assertThat(directory).isDirectoryContaining(mine::equals);
      assertThatThrownBy(() -> exporter.export(mine.resolve("below")))
          .isInstanceOf(IOException.class);
      assertThat(Files.readString(mine)).isEqualTo("mine");
      Path empty = Files.createDirectory(directory.resolve("empty"));
      exporter.export(empty);
      assertThat(empty.resolve("saved_model.pb")).exists();
    }
  }

  @Test
  void aStepThatUpdatesNothingIsRefused() {
    try (Trained trained = new Trained("momentum", "", 0)) {
      Op loss = trained.sam.loss();
      assertRefused(
          new ModelExporter(trained.graph, trained.session)
              .trainingSignature(
                  trained.model.labeled("train").output("loss", trained.sam.loss()).build(), loss),
          "the step of signature train(images, labels) -> (loss) (op \""
              + loss.op().name()
              + "\") assigns to no variable; give the op that minimize returns");
    }
  }

  /** A signature has names, types and shapes, and no graph. */
  @Test
  void aSignatureOfAnotherGraphWithTheSameNamesIsRefused() {
    try (Graph graph = new Graph();
        Session session = new Session(graph);
        Graph other = new Graph()) {
      Ops.create(graph).withName("y").constant(new float[] {1, 2});
      Ops tf = Ops.create(other);
      Signature ofAnotherType =
          Signature.builder("f").output("y", tf.withName("y").constant(1)).build();
      assertThatThrownBy(() -> new ModelExporter(graph, session).signature(ofAnotherType))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage(
              "signature \"f\" has \"y:0\" of DT_INT32 and shape [], which in this graph is of"
                  + " DT_FLOAT and shape [2]; make the signature of tensors of this graph");
    }
    try (Graph graph = new Graph();
        Session session = new Session(graph);
        Graph other = new Graph()) {
      Ops.create(graph).withName("y").constant(new float[] {1, 2});
      Signature ofAnotherShape =
          Signature.builder("f")
              .output("y", Ops.create(other).withName("y").constant(new float[] {1, 2, 3}))
              .build();
      assertThatThrownBy(() -> new ModelExporter(graph, session).signature(ofAnotherShape))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("shape [3], which in this graph is of DT_FLOAT and shape [2]");
    }
  }

  @Test
  void anImpossiblePlaceIsSaidInOneLine() throws IOException {
    Path file = Files.writeString(directory.resolve("file"), "mine");
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      ModelExporter exporter = exporter(graph, session, Ops.create(graph).constant(1f));
      for (Path place :
          List.of(file.resolve("model"), file.resolve("a/b"), Path.of("/proc/none/model"))) {
        assertThatThrownBy(() -> exporter.export(place))
            .isInstanceOf(IOException.class)
            .hasMessageStartingWith("model " + place + " cannot be written: ")
            .message()
            .hasLineCount(1);
      }
    }
  }

  /** Neither the order in which ops were made nor TensorFlow's maps show in the file. */
  @Test
  void theSameModelHasTheSameBytes() throws IOException {
    for (boolean turned : new boolean[] {false, true}) {
      try (Graph graph = new Graph();
          Session session = new Session(graph)) {
        Ops tf = Ops.create(graph);
        Placeholder<TFloat32> x =
            tf.withName("x").placeholder(TFloat32.class, Placeholder.shape(Shape.of(-1, 2)));
        Operand<TFloat32> w = tf.withName("w").variable(tf.constant(new float[] {3, 4}));
        Operand<TFloat32> b = tf.withName("b").variable(tf.constant(new float[] {5, 6}));
        Map<String, Operand<?>> outputs = new LinkedHashMap<>();
        List<String> names = List.of("product", "sum", "difference", "largest", "smallest");
        List<String> order = new ArrayList<>(names);
        if (turned) {
          Collections.reverse(order);
        }
        for (String name : order) {
          Ops named = tf.withName(name);
          outputs.put(
              name,
              switch (name) {
                case "product" -> named.math.mul(x, w);
                case "sum" -> named.math.add(x, b);
                case "difference" -> named.math.sub(w, x);
                case "largest" -> named.math.maximum(x, b);
                default -> named.math.minimum(b, x);
              });
        }
        session.initialize();
        ModelExporter exporter = new ModelExporter(graph, session);
        for (String name : order) {
          exporter.signature(
              Signature.builder(name).input("x", x).output("y", outputs.get(name)).build());
        }
        exporter.export(directory.resolve("turned" + turned));
      }
    }
    for (String file :
        List.of(
            "saved_model.pb",
            "variables/variables.index",
            "variables/variables.data-00000-of-00001")) {
      assertThat(directory.resolve("turnedtrue").resolve(file))
          .as(file)
          .hasSameBinaryContentAs(directory.resolve("turnedfalse").resolve(file));
    }
  }

  /** What goes on from a file is the model that was never in one. */
  @Test
  void aModelThatWasResumedHasTheSameBytes() throws IOException {
    Path checkpoint = directory.resolve("checkpoint");
    try (Trained trained = new Trained("adam", "", 0.3f)) {
      SmallClassifier.run(trained.session, trained.step, 0, 2);
      GraphCheckpoint.of(trained.graph, trained.session).save(checkpoint);
      SmallClassifier.run(trained.session, trained.step, 2, 4);
      trained.exporter().export(directory.resolve("whole"));
    }
    try (Trained trained = new Trained("adam", "", 0.3f)) {
      GraphCheckpoint.of(trained.graph, trained.session).restore(checkpoint);
      SmallClassifier.run(trained.session, trained.step, 2, 4);
      trained.exporter().export(directory.resolve("resumed"));
    }
    for (String file : List.of("saved_model.pb", "variables/variables.data-00000-of-00001")) {
      assertThat(directory.resolve("resumed").resolve(file))
          .as(file)
          .hasSameBinaryContentAs(directory.resolve("whole").resolve(file));
    }
  }

  @Test
  void badSignaturesAreRefused() {
    try (Graph graph = new Graph();
        Session session = new Session(graph);
        Graph other = new Graph()) {
      Ops tf = Ops.create(graph);
      Signature f = Signature.builder("f").output("y", tf.constant(1f)).build();
      Op foreign = Ops.create(other).noOp();
      ModelExporter exporter = new ModelExporter(graph, session).signature(f);
      assertThatThrownBy(() -> exporter.signature(f))
          .hasMessageContaining("there are two signatures \"f\"");
      assertThatThrownBy(() -> exporter.signature(Signature.builder("g").build()))
          .hasMessageContaining("signature \"g\" has no output");
      assertThatThrownBy(() -> exporter.keep("f"))
          .hasMessageContaining("there is no signature \"f\"; there are none");
      assertThatThrownBy(() -> new ModelExporter(graph, session).trainingSignature(f, foreign))
          .hasMessage("step \"NoOp\" is of another graph; give one of this graph");
      assertThatThrownBy(() -> new ModelExporter(other, session).signature(f))
          .hasMessageContaining("which is not in the graph");
      assertThatThrownBy(() -> new ModelExporter(graph, session).export(directory.resolve("m")))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("no signature");
      assertThatThrownBy(() -> new ModelExporter(graph, null)).hasMessageContaining("session is");
    }
  }

  @Test
  void devicesCanBeLeftOut() throws IOException {
    Path saved = directory.resolve("saved");
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      Ops tf = Ops.create(graph);
      DeviceSpec device = DeviceSpec.newBuilder().deviceType(DeviceType.CPU).deviceIndex(9).build();
      ModelExporter exporter =
          exporter(graph, session, tf.withDevice(device).math.neg(tf.constant(2f)));
      assertThatThrownBy(() -> exporter.export(saved)).hasMessageContaining("CPU:9");
      assertThat(directory).isEmptyDirectory();
      exporter.withoutDevices().export(saved);
    }
    try (SavedModelBundle bundle = SavedModelBundle.load(saved.toString());
        Result result = bundle.function("f").call(Map.of())) {
      assertThat(Values.of(result.get(0))).containsExactly(-2);
    }
  }

  /** Such a step reads the weights through ops of its own on each device. */
  @Test
  void aStepOnSeveralDevicesGoesOnOnOne() throws IOException {
    Path saved = directory.resolve("saved");
    try (Graph graph = new Graph();
        Session session = new Session(graph, Protos.config().putDeviceCount("CPU", 2).build())) {
      SmallClassifier model = new SmallClassifier(graph, session, "", 0);
      SamOptimizer sam =
          SamOptimizer.builder(graph, new Momentum(graph, 0.1f, 0.9f))
              .microBatches(2, model.images, model.labels)
              .devices(List.of("/device:CPU:0", "/device:CPU:1"))
              .build();
      Op step = model.step(sam.minimize(model.trainingLoss), sam);
      new ModelExporter(graph, session)
          .trainingSignature(model.labeled("train").output("loss", sam.loss()).build(), step)
          // The step is made of copies and does not need the loss of the whole batch.
          .signature(model.labeled("loss").output("loss", model.trainingLoss).build())
          .withoutDevices()
          .export(saved);
      SmallClassifier.run(session, step, 0, 2);
      try (SavedModelBundle bundle = SavedModelBundle.load(saved.toString())) {
        assertTwoStepsGive(graph, session, bundle);
      }
    }
    try (LoadedModel model = LoadedModel.load(saved)) {
      SamOptimizer sam = new SamOptimizer(model.graph(), new Momentum(model.graph(), 0.1f, 0.9f));
      Op step = model.minimize(sam, model.output("loss", "loss"));
      var before = Values.variables(model.graph(), model.session());
      SmallClassifier.run(model.session(), step, 0, 1);
      assertThat(Values.changed(before, Values.variables(model.graph(), model.session())))
          .contains("conv_kernel", "head_biases");
    }
  }

  /** A step in place has copies of the weights in variables of its own. */
  @Test
  void aStepInPlaceGoesOn() throws IOException {
    Path saved = directory.resolve("saved");
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      SmallClassifier model = new SmallClassifier(graph, session, "", 0.3f);
      SamOptimizer sam =
          SamOptimizer.builder(graph, new Momentum(graph, 0.1f, 0.9f)).inPlace(true).build();
      Op step = model.step(sam.minimize(model.trainingLoss));
      new ModelExporter(graph, session)
          .trainingSignature(model.labeled("train").output("loss", sam.loss()).build(), step)
          .export(saved);
      SmallClassifier.run(session, step, 0, 2);
      try (SavedModelBundle bundle = SavedModelBundle.load(saved.toString())) {
        assertTwoStepsGive(graph, session, bundle);
        assertThat(bundle.graph().operation("conv_kernel")).isNotNull();
      }
    }
  }

  /** Python places slots beside variables, and variables beside what is not exported. */
  @Test
  void placesBesideOpsThatAreLeftOutAreDropped() throws IOException {
    Path saved = directory.resolve("saved");
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      Ops tf = Ops.create(graph);
      Operand<TFloat32> left = tf.withName("left").constant(1f);
      Operand<TFloat32> kept = tf.withName("kept").constant(2f);
      Operand<TFloat32> y =
          graph
              .opBuilder("Identity", "y", graph.baseScope())
              .addInput(kept.asOutput())
              .setAttr("_class", new String[] {"loc:@left", "loc:@kept"})
              .build()
              .output(0);
      Operand<TFloat32> z =
          graph
              .opBuilder("Identity", "z", graph.baseScope())
              .addInput(y.asOutput())
              .setAttr("_class", new String[] {"loc:@left"})
              .build()
              .output(0);
      assertThat(left.op().name()).isEqualTo("left");
      exporter(graph, session, z).export(saved);
    }
    try (SavedModelBundle bundle = SavedModelBundle.load(saved.toString())) {
      assertThat(bundle.graph().operation("left")).isNull();
      assertThat(bundle.graph().operation("y").attributes().getAttrStringList("_class"))
          .containsExactly("loc:@kept");
      assertThat(Values.scalar(bundle.session(), bundle.graph().outputOrThrow("z"))).isEqualTo(2);
    }
  }

  private void assertRefused(ModelExporter exporter, String message) {
    assertThatThrownBy(() -> exporter.export(directory.resolve("model")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(message);
    assertThat(directory).isEmptyDirectory();
  }

  static void assertSame(Map<String, byte[]> actual, Map<String, byte[]> expected) {
    assertThat(actual.keySet()).containsExactlyInAnyOrderElementsOf(expected.keySet());
    expected.forEach(
        (name, bytes) -> assertThat(Arrays.equals(actual.get(name), bytes)).as(name).isTrue());
  }

  private static List<String> ops(Graph graph) {
    List<String> types = new ArrayList<>();
    graph.operations().forEachRemaining(op -> types.add(op.type()));
    types.sort(null);
    return types;
  }

  private static List<String> types(Path saved) {
    try (SavedModelBundle bundle = SavedModelBundle.load(saved.toString())) {
      return ops(bundle.graph());
    }
  }

  private static Map<String, Long> sizes(Path saved) throws IOException {
    Map<String, Long> sizes = new LinkedHashMap<>();
    try (Stream<Path> files = Files.walk(saved).filter(Files::isRegularFile).sorted()) {
      for (Path file : (Iterable<Path>) files::iterator) {
        sizes.put(saved.relativize(file).toString(), Files.size(file));
      }
    }
    return sizes;
  }
}
