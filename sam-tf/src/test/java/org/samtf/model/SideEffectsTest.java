package org.samtf.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.samtf.internal.graph.Protos;
import org.tensorflow.ConcreteFunction;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.Signature;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.op.core.Variable;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TString;

/** Models that do more than compute. */
class SideEffectsTest {

  @TempDir Path directory;

  private Path written() {
    return directory.resolve("written.txt");
  }

  /** y = 3 x, and something that is run with it. */
  private Path export(BiFunction<Ops, Operand<TFloat32>, Op> effect) throws IOException {
    Path model = directory.resolve("model");
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      Ops tf = Ops.create(graph);
      Placeholder<TFloat32> x =
          tf.withName("x").placeholder(TFloat32.class, Placeholder.shape(Shape.scalar()));
      Operand<TFloat32> w = tf.withName("w").variable(tf.constant(3f));
      Operand<TFloat32> y = tf.math.mul(x, w);
      Op op = effect.apply(tf, y);
      session.initialize();
      new ModelExporter(graph, session)
          .signature(
              Signature.builder("predict")
                  .input("x", x)
                  .output("y", tf.withControlDependencies(List.of(op)).identity(y))
                  .build())
          .signature(Signature.builder("plain").input("x", x).output("y", tf.identity(y)).build())
          .export(model);
    }
    return model;
  }

  private Op write(Ops tf) {
    return tf.withName("log").io.writeFile(tf.constant(written().toString()), tf.constant("hello"));
  }

  private static float call(LoadedModel model, String signature) {
    try (TFloat32 x = TFloat32.scalarOf(2);
        Result result = model.function(signature).call(Map.of("x", x))) {
      return ((TFloat32) result.get(0)).getFloat();
    }
  }

  @Test
  void anOrdinaryModelHasNone() throws IOException {
    Path model = export((tf, y) -> tf.noOp());
    assertThat(new ModelLoader().sideEffects(model)).isEmpty();
    try (LoadedModel loaded = LoadedModel.load(model)) {
      assertThat(call(loaded, "predict")).isEqualTo(6);
    }
  }

  @Test
  void anOpThatWritesIsRefusedUnlessAllowed() throws IOException {
    Path model = export((tf, y) -> write(tf));
    assertThat(new ModelLoader().sideEffects(model)).containsExactly("files: \"log\" (WriteFile)");
    assertThatThrownBy(() -> LoadedModel.load(model))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith(
            "model " + model + " has ops that reach out of it: files: \"log\" (WriteFile)")
        .hasMessageContaining("ModelLoader.allowSideEffects()")
        .message()
        .hasLineCount(1);
    try (LoadedModel loaded = new ModelLoader().allowSideEffects().load(model)) {
      assertThat(call(loaded, "plain")).isEqualTo(6);
      assertThat(written()).doesNotExist();
      assertThat(call(loaded, "predict")).isEqualTo(6);
      assertThat(written()).hasContent("hello");
      loaded.exporter().keep("plain").export(directory.resolve("plain"));
    }
    assertThat(new ModelLoader().sideEffects(directory.resolve("plain"))).isEmpty();
  }

  @Test
  void anInitializerIsRefusedAndCanBeLeftOut() throws IOException {
    Path model = export((tf, y) -> write(tf));
    Path file = model.resolve("saved_model.pb");
    var whole = Protos.savedModel(Files.readAllBytes(file)).toBuilder();
    var metaGraph = whole.getMetaGraphsBuilder(0);
    var signature = metaGraph.getSignatureDefOrThrow("plain").toBuilder().clearInputs();
    var output = signature.getOutputsOrThrow("y").toBuilder().setName("log");
    signature.clearOutputs().putOutputs("__saved_model_init_op", output.build());
    metaGraph.putSignatureDef("__saved_model_init_op", signature.build());
    Files.write(file, whole.build().toByteArray());

    assertThatThrownBy(() -> LoadedModel.load(model)).hasMessageContaining("WriteFile");
    assertThat(written()).doesNotExist();
    ModelLoader allowing = new ModelLoader().allowSideEffects();
    try (LoadedModel loaded = allowing.withoutInitializers().load(model)) {
      assertThat(call(loaded, "plain")).isEqualTo(6);
    }
    assertThat(written()).doesNotExist();
    new ModelLoader().allowSideEffects().load(model).close();
    assertThat(written()).hasContent("hello");
  }

  @Test
  void anOpInAFunctionIsFound() throws IOException {
    Path model =
        export(
            (tf, y) -> {
              ConcreteFunction function =
                  ConcreteFunction.create(
                      inner ->
                          Signature.builder("reads")
                              .output(
                                  "text", inner.io.readFile(inner.constant(written().toString())))
                              .build());
              return tf.identity(tf.call(function, Map.of()).values().iterator().next());
            });
    assertThat(new ModelLoader().sideEffects(model))
        .singleElement()
        .asString()
        .matches("files: in function \"reads\\S*\" \\(ReadFile\\)");
    assertThatThrownBy(() -> LoadedModel.load(model)).hasMessageContaining("ReadFile");
  }

  @Test
  void aSignatureThatSavesIsNotTheSaver() throws IOException {
    Path model =
        export(
            (tf, y) ->
                tf.withName("steal")
                    .train
                    .save(
                        tf.constant(written().toString()),
                        tf.array("w"),
                        tf.array(""),
                        List.of(y)));
    assertThat(new ModelLoader().sideEffects(model)).containsExactly("files: \"steal\" (SaveV2)");
  }

  /** As Python's TensorFlow 2 writes it: the saver is a call. */
  @Test
  void aSaverInAFunctionIsNone() throws IOException {
    Path model =
        export(
            (tf, y) -> {
              ConcreteFunction function =
                  ConcreteFunction.create(
                      inner -> {
                        Operand<TString> prefix = inner.constant(written().toString());
                        Operand<TString> saved =
                            inner
                                .withControlDependencies(
                                    List.of(
                                        inner.train.save(
                                            prefix,
                                            inner.array("a"),
                                            inner.array(""),
                                            List.of(inner.constant(1f)))))
                                .identity(prefix);
                        return Signature.builder("saves").output("prefix", saved).build();
                      });
              return tf.withName("saved")
                  .identity(tf.call(function, Map.of()).values().iterator().next());
            });
    ModelLoader loader = new ModelLoader();
    assertThat(loader.sideEffects(model))
        .singleElement()
        .asString()
        .matches("files: in function \"saves\\S*\" \\(SaveV2\\)");

    Path file = model.resolve("saved_model.pb");
    var whole = Protos.savedModel(Files.readAllBytes(file)).toBuilder();
    var metaGraph = whole.getMetaGraphsBuilder(0);
    metaGraph.removeSignatureDef("predict");
    metaGraph.getSaverDefBuilder().setSaveTensorName("saved:0");
    Files.write(file, whole.build().toByteArray());
    // The saver that the exporter wrote is now one that nothing needs.
    assertThat(loader.sideEffects(model)).isEmpty();
  }

  @Test
  void printingIsNoneUnlessItGoesToAFile() throws IOException {
    Path model =
        export(
            (tf, y) ->
                tf.withName("say")
                    .print(
                        tf.constant("hello"), org.tensorflow.op.core.Print.outputStream("stderr")));
    assertThat(new ModelLoader().sideEffects(model)).isEmpty();
    Path file = model.resolve("saved_model.pb");
    var whole = Protos.savedModel(Files.readAllBytes(file)).toBuilder();
    for (var node : whole.getMetaGraphsBuilder(0).getGraphDefBuilder().getNodeBuilderList()) {
      if (node.getOp().equals("PrintV2")) {
        node.putAttr(
            "output_stream",
            node.getAttrOrThrow("output_stream").toBuilder()
                .setS(com.google.protobuf.ByteString.copyFromUtf8("file://" + written()))
                .build());
      }
    }
    Files.write(file, whole.build().toByteArray());
    assertThat(new ModelLoader().sideEffects(model)).containsExactly("files: \"say\" (PrintV2)");
  }

  @Test
  void aGraphDefIsLookedThroughToo() throws IOException {
    Path graph = directory.resolve("graph.pb");
    Path saving = directory.resolve("saving.pb");
    try (Graph writing = new Graph()) {
      write(Ops.create(writing));
      Files.write(graph, writing.toGraphDef().toByteArray());
    }
    try (Graph whole = new Graph();
        Session session = new Session(whole)) {
      Ops tf = Ops.create(whole);
      tf.withName("w").variable(tf.constant(1f));
      session.initialize();
      session.save(directory.resolve("checkpoint").toString());
      Files.write(saving, whole.toGraphDef().toByteArray());
    }
    assertThatThrownBy(() -> LoadedModel.loadGraphDef(graph))
        .hasMessageContaining("files: \"log\" (WriteFile)");
    new ModelLoader().allowSideEffects().loadGraphDef(graph).close();
    LoadedModel.loadGraphDef(saving).close();
  }

  /** As Python's Saver writes it: with a constant for the name of the file. */
  private static void addSaver(Ops tf, String scope, String file, Variable<TFloat32> w) {
    Ops save = tf.withSubScope(scope);
    Operand<TString> name = save.withName("Const").constant(file);
    Op saved =
        save.withName("SaveV2").train.save(name, save.array("w"), save.array(""), List.of(w));
    save.withName("control_dependency").withControlDependencies(List.of(saved)).identity(name);
    Operand<?> read =
        save.withName("RestoreV2")
            .train
            .restore(name, save.array("w"), save.array(""), List.of(TFloat32.class))
            .iterator()
            .next();
    @SuppressWarnings("unchecked")
    Operand<TFloat32> value = (Operand<TFloat32>) read;
    Op assigned = save.withName("Assign").assign(w, value);
    save.withName("restore_all").withControlDependencies(List.of(assigned)).noOp();
  }

  private Path graph(BiFunction<Ops, Variable<TFloat32>, Op> more) throws IOException {
    Path file = directory.resolve("graph.pb");
    try (Graph graph = new Graph()) {
      Ops tf = Ops.create(graph);
      Placeholder<TFloat32> x =
          tf.withName("x").placeholder(TFloat32.class, Placeholder.shape(Shape.scalar()));
      Variable<TFloat32> w = tf.withName("w").variable(Shape.scalar(), TFloat32.class);
      tf.withName("y").math.mul(x, w);
      addSaver(tf, "save", written().toString(), w);
      more.apply(tf, w);
      Files.write(file, graph.toGraphDef().toByteArray());
    }
    return file;
  }

  /** What is not there cannot be run, by whatever name one asks for it. */
  @Test
  void aSaverThatNothingNeedsIsNotLoaded() throws IOException {
    Path file = graph((tf, w) -> tf.noOp());
    try (LoadedModel model = LoadedModel.loadGraphDef(file)) {
      assertThat(model.opsLeftOut())
          .containsExactlyInAnyOrder("\"save/SaveV2\" (SaveV2)", "\"save/RestoreV2\" (RestoreV2)");
      assertThat(model.graph().operation("w")).isNotNull();
      for (String op :
          List.of("SaveV2", "control_dependency", "RestoreV2", "Assign", "restore_all")) {
        assertThat(model.graph().operation("save/" + op)).as(op).isNull();
      }
      assertThatThrownBy(() -> model.tensor("save/control_dependency"))
          .hasMessageContaining("there is no tensor");
      try (TFloat32 two = TFloat32.scalarOf(2)) {
        model.setVariable("w", two);
        try (Result result = model.session().runner().feed("x", two).fetch("y").run()) {
          assertThat(((TFloat32) result.get(0)).getFloat()).isEqualTo(4);
        }
      }
    }
    try (LoadedModel model = new ModelLoader().allowSideEffects().loadGraphDef(file)) {
      assertThat(model.opsLeftOut()).isEmpty();
      assertThat(model.graph().operation("save/SaveV2")).isNotNull();
    }
  }

  @Test
  void whatSomethingElseComesAfterIsNoIdleSaver() throws IOException {
    Path saving =
        graph(
            (tf, w) ->
                tf.withControlDependencies(
                        List.of(
                            tf.train.save(
                                tf.constant(written().toString()),
                                tf.array("w"),
                                tf.array(""),
                                List.of(w))))
                    .math
                    .square(w));
    assertThatThrownBy(() -> LoadedModel.loadGraphDef(saving))
        .hasMessageContaining("files: \"Save\" (SaveV2). They run")
        .message()
        .doesNotContain("save/SaveV2");
    Path reading =
        graph(
            (tf, w) -> {
              Operand<?> read =
                  tf.train
                      .restore(
                          tf.constant(written().toString()),
                          tf.array("w"),
                          tf.array(""),
                          List.of(TFloat32.class))
                      .iterator()
                      .next();
              @SuppressWarnings("unchecked")
              Operand<TFloat32> value = (Operand<TFloat32>) read;
              return tf.math.square(value);
            });
    assertThatThrownBy(() -> LoadedModel.loadGraphDef(reading))
        .hasMessageContaining("(RestoreV2)")
        .message()
        .doesNotContain("save/");
  }

  /** A SavedModel that was exported from a graph with a saver has that beside its own. */
  @Test
  void aSaverBesideThatOfAModelIsNotLoaded() throws IOException {
    Path model =
        export(
            (tf, y) -> {
              Variable<TFloat32> other = tf.withName("other").variable(tf.constant(1f));
              addSaver(tf, "training", written().toString(), other);
              return tf.identity(other);
            });
    // The exporter leaves out what no signature needs: as Python has it, it is there.
    Path file = model.resolve("saved_model.pb");
    var whole = Protos.savedModel(Files.readAllBytes(file)).toBuilder();
    try (Graph graph = new Graph()) {
      Ops tf = Ops.create(graph);
      addSaver(
          tf,
          "training",
          written().toString(),
          tf.withName("idle").variable(Shape.scalar(), TFloat32.class));
      whole
          .getMetaGraphsBuilder(0)
          .getGraphDefBuilder()
          .addAllNode(graph.toGraphDef().getNodeList());
    }
    Files.write(file, whole.build().toByteArray());
    assertThat(new ModelLoader().sideEffects(model)).isEmpty();
    try (LoadedModel loaded = LoadedModel.load(model)) {
      assertThat(call(loaded, "predict")).isEqualTo(6);
      assertThat(loaded.opsLeftOut()).hasSize(2);
      assertThat(loaded.graph().operation("training/SaveV2")).isNull();
    }
    // Called by a signature, it is none that nothing needs.
    var signed = whole.build().toBuilder();
    var metaGraph = signed.getMetaGraphsBuilder(0);
    var signature = metaGraph.getSignatureDefOrThrow("plain").toBuilder();
    var output = signature.getOutputsOrThrow("y").toBuilder().setName("training/RestoreV2:0");
    metaGraph.putSignatureDef("plain", signature.putOutputs("y", output.build()).build());
    Files.write(file, signed.build().toByteArray());
    assertThat(new ModelLoader().sideEffects(model))
        .containsExactly("files: \"training/RestoreV2\" (RestoreV2)");
    assertThatThrownBy(() -> LoadedModel.load(model)).hasMessageContaining("training/RestoreV2");
  }

  @Test
  void namesAreOfOneLine() throws IOException {
    Path model = export((tf, y) -> write(tf));
    Path file = model.resolve("saved_model.pb");
    var whole = Protos.savedModel(Files.readAllBytes(file)).toBuilder();
    var graph = whole.getMetaGraphsBuilder(0).getGraphDefBuilder();
    graph.addNode(
        graph.getNodeBuilderList().stream()
            .filter(node -> node.getOp().equals("WriteFile"))
            .findFirst()
            .orElseThrow()
            .build()
            .toBuilder()
            .setName("a\nb"));
    Files.write(file, whole.build().toByteArray());
    assertThatThrownBy(() -> LoadedModel.load(model)).message().hasLineCount(1).contains("\"a b\"");
  }

  @Test
  void stringsThatAreNoFilesAreNone() throws IOException {
    Path model =
        export(
            (tf, y) -> {
              Operand<TString> text = tf.strings.join(List.of(tf.constant("a"), tf.constant("b")));
              return tf.strings.regexReplace(text, tf.constant("a"), tf.constant("b"));
            });
    assertThat(new ModelLoader().sideEffects(model)).isEmpty();
  }
}
