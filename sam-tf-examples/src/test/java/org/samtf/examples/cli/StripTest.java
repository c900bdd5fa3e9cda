package org.samtf.examples.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.samtf.examples.data.ImageShape;
import org.samtf.examples.failure.ExitCode;
import org.samtf.examples.model.Cnn;
import org.samtf.examples.model.LayeredNetwork;
import org.samtf.model.ModelExporter;
import org.tensorflow.Graph;
import org.tensorflow.SavedModelBundle;
import org.tensorflow.Session;
import org.tensorflow.Signature;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.proto.SavedModel;
import org.tensorflow.proto.SignatureDef;
import org.tensorflow.proto.TensorInfo;

class StripTest {

  /** What train makes of digits by default. */
  private static final Cnn CNN = new Cnn(List.of(16, 32), 0.25f, 0.9f);

  @TempDir private Path directory;

  @Test
  void aStrippedModelPredictsTheSameAndIsThePlainModel() throws IOException {
    Path trained = directory.resolve("trained");
    Path stripped = directory.resolve("stripped");
    CommandLineFixture.run(
        "train",
        "--model",
        "cnn",
        "--epochs",
        "1",
        "--base",
        "adam",
        "--export",
        trained.toString());

    var run =
        CommandLineFixture.run(
            "strip", "--model", trained.toString(), "--out", stripped.toString());

    assertThat(run.err()).isEmpty();
    assertThat(run.exitCode()).isEqualTo(ExitCode.OK);
    int before = ops(run.out(), "before");
    int after = ops(run.out(), "after");
    assertThat(after).isLessThan(before / 4);
    Path plain = plain();
    try (SavedModelBundle bundle = SavedModelBundle.load(plain.toString())) {
      int[] count = {0};
      bundle.graph().operations().forEachRemaining(op -> count[0]++);
      assertThat(after).isEqualTo(count[0]);
    }
    for (String file : new String[] {"saved_model.pb", "variables/variables.data-00000-of-00001"}) {
      assertThat(Files.size(stripped.resolve(file))).isEqualTo(Files.size(plain.resolve(file)));
    }

    var whole = CommandLineFixture.run("predict", "--model", trained.toString());
    var served = CommandLineFixture.run("predict", "--model", stripped.toString());
    assertThat(whole.out()).contains("test accuracy", "test loss");
    assertThat(served.out())
        .contains("test accuracy")
        .doesNotContain("test loss")
        .isEqualTo(whole.out().replaceAll("test loss.*\\R", ""));
  }

  /** The network before there was an optimizer. */
  private Path plain() throws IOException {
    Path plain = directory.resolve("plain");
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      LayeredNetwork network = new LayeredNetwork(graph, CNN, new ImageShape(8, 8, 1), 10, 1);
      network.initialize(session);
      new ModelExporter(graph, session)
          .signature(
              Signature.builder()
                  .key("predict")
                  .input("images", network.images())
                  .output("probabilities", network.probabilities())
                  .output("class", network.predictedClass())
                  .build())
          .export(plain);
    }
    return plain;
  }

  /** What is kept can be chosen, and what is not there is said. */
  @Test
  void keepsTheSignaturesThatAreNamed() throws IOException {
    Path trained = directory.resolve("trained");
    Path stripped = directory.resolve("stripped");
    CommandLineFixture.run("train", "--epochs", "1", "--export", trained.toString());
    String[] strip = {"strip", "--model", trained.toString(), "--out", stripped.toString()};

    BadInputTest.assertBadInput(
        CommandLineFixture.run(with(strip, "--keep", "predict,serve")),
        "there is no signature \"serve\"; there are evaluate(images, labels) -> (correct, loss),"
            + " predict(images) -> (class, probabilities), train(images, labels) -> (loss), training_loss(images, labels)"
            + " -> (loss)");
    assertThat(stripped).doesNotExist();

    CommandLineFixture.run(with(strip, "--keep", "predict,evaluate"));
    try (SavedModelBundle bundle = SavedModelBundle.load(stripped.toString())) {
      assertThat(bundle.signatures().stream().map(Signature::key))
          .containsExactlyInAnyOrder("predict", "evaluate");
    }
    BadInputTest.assertBadInput(CommandLineFixture.run(strip), "is not empty");
  }

  /** A model is a program; whoever takes it apart does not run it. */
  @Test
  void aModelThatWritesIsRefusedUnlessThatIsAllowed() throws IOException {
    Path model = directory.resolve("writes");
    Path written = directory.resolve("written.txt");
    Path stripped = directory.resolve("stripped");
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      LayeredNetwork network = new LayeredNetwork(graph, CNN, new ImageShape(8, 8, 1), 10, 1);
      network.initialize(session);
      Ops tf = Ops.create(graph);
      Op log =
          tf.withName("log").io.writeFile(tf.constant(written.toString()), tf.constant("hello"));
      Ops after = tf.withControlDependencies(List.of(log));
      new ModelExporter(graph, session)
          .signature(
              Signature.builder("predict")
                  .input("images", network.images())
                  .output("probabilities", after.identity(network.probabilities()))
                  .output("class", after.identity(network.predictedClass()))
                  .build())
          .export(model);
    }
    runAtLoad(model, "log");
    String[] strip = {"strip", "--model", model.toString(), "--out", stripped.toString()};
    String[] predict = {"predict", "--model", model.toString()};
    String[] inspect = {"inspect", "--model", model.toString()};
    for (String[] command : List.of(strip, predict, inspect)) {
      BadInputTest.assertBadInput(
          CommandLineFixture.run(command),
          "model "
              + model
              + " has ops that reach out of it: files: \"log\" (WriteFile); expected a model that"
              + " only computes; if you trust whoever made it, add --allow-side-effects");
      assertThat(written).doesNotExist();
    }
    assertThat(stripped).doesNotExist();
    assertThat(CommandLineFixture.run(with(strip, "--allow-side-effects")).err()).isEmpty();
    assertThat(written).doesNotExist();
    var inspected = CommandLineFixture.run(with(inspect, "--allow-side-effects"));
    assertThat(inspected.err()).isEmpty();
    assertThat(inspected.out()).startsWith("besides computing: files: \"log\" (WriteFile)");
    assertThat(written).doesNotExist();
    assertThat(CommandLineFixture.run(with(predict, "--allow-side-effects")).err()).isEmpty();
    assertThat(written).hasContent("hello");
  }

  /** Has a SavedModel run an op when it is loaded. */
  private static void runAtLoad(Path model, String op) throws IOException {
    Path file = model.resolve("saved_model.pb");
    var changed = SavedModel.parseFrom(Files.readAllBytes(file)).toBuilder();
    changed
        .getMetaGraphsBuilder(0)
        .putSignatureDef(
            "__saved_model_init_op",
            SignatureDef.newBuilder()
                .putOutputs("__saved_model_init_op", TensorInfo.newBuilder().setName(op).build())
                .build());
    Files.write(file, changed.build().toByteArray());
  }

  private static String[] with(String[] args, String... more) {
    return Stream.concat(Stream.of(args), Stream.of(more)).toArray(String[]::new);
  }

  private static int ops(String out, String row) {
    Matcher matcher = Pattern.compile(row + " +([0-9]+) ").matcher(out);
    assertThat(matcher.find()).as(out).isTrue();
    return Integer.parseInt(matcher.group(1));
  }
}
