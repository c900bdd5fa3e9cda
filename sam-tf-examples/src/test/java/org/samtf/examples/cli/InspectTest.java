package org.samtf.examples.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.types.TFloat32;

/** What {@code inspect} says of models. */
class InspectTest {

  @TempDir private Path directory;

  @Test
  void saysWhatIsInATrainedNetwork() {
    Path model = directory.resolve("model");
    CommandLineFixture.run("train", "--epochs", "1", "--hidden", "3", "--export", model.toString());
    var run = CommandLineFixture.run("inspect", "--model", model.toString());
    assertThat(run.exitCode()).isZero();
    assertThat(run.err()).isEmpty();
    assertThat(run.out())
        .containsPattern("predict +input +images +float +\\[-1, 8, 8, 1\\]|predict +input +images")
        .containsPattern("dense1_weights +float32 +\\[64, 3\\] +192 +[0-9.]+ +yes|float32")
        .containsPattern("-momentum +float32 .* ")
        .containsPattern("VariableV2 +\\d+")
        .containsPattern("evaluate +loss +4 of \\d+ variables")
        .containsPattern("predict +class +no: it is no floating-point number")
        .containsPattern("train +loss +no: loss .* comes after an update");
  }

  /** A norm of the values that were saved, and none for a graph without any. */
  @Test
  void saysThatAGraphHasNoValues() throws IOException {
    Path file = directory.resolve("graph.pb");
    try (Graph graph = new Graph()) {
      Ops tf = Ops.create(graph);
      Operand<TFloat32> x =
          tf.withName("x")
              .placeholder(TFloat32.class, Placeholder.shape(org.tensorflow.ndarray.Shape.of(2)));
      tf.withName("y").math.mul(x, tf.withName("w").variable(tf.constant(new float[] {3, 4})));
      Files.write(file, graph.toGraphDef().toByteArray());
    }
    var run = CommandLineFixture.run("inspect", "--model", file.toString());
    assertThat(run.exitCode()).isZero();
    assertThat(run.out())
        .containsPattern("w +float32 +\\[2\\] +2 +- +yes")
        .contains("VariableV2")
        .doesNotContain("signature");
  }

  @Test
  void badInputIsSaidInALine() throws IOException {
    Path nothing = directory.resolve("nothing");
    BadInputTest.assertBadInput(
        CommandLineFixture.run("inspect", "--model", nothing.toString()), "there is no model at");
    Path text = Files.writeString(directory.resolve("text.pb"), "no graph");
    BadInputTest.assertBadInput(
        CommandLineFixture.run("inspect", "--model", text.toString()), "cannot be loaded");
    BadInputTest.assertBadInput(
        CommandLineFixture.run("inspect", "--model", directory.toString()), "saved_model.pb");
    Path model = directory.resolve("tagged");
    CommandLineFixture.run("train", "--epochs", "1", "--hidden", "3", "--export", model.toString());
    BadInputTest.assertBadInput(
        CommandLineFixture.run("inspect", "--model", model.toString(), "--tags", "gpu"),
        "no graph with the tags [gpu]; it has [serve]");
  }

  /** Python's model has a signature with a loop that ends by a value. */
  @Test
  void saysWhichSignaturesWereLeftOut() {
    var run = inspectPythons("control_flow");
    assertThat(run.exitCode()).isZero();
    assertThat(run.out())
        .containsPattern("signature until was left out: op \"while_\\d+\" \\(While\\)")
        .containsPattern("compute +nested +2 of 2 variables");
  }

  /** Python's model has a signature that updates its resource variables. */
  @Test
  void hasSignaturesThatUpdate() {
    var run = inspectPythons("module");
    assertThat(run.exitCode()).isZero();
    assertThat(run.out())
        .containsPattern("apply +input +gradient +float")
        .doesNotContain("left out")
        .containsPattern("predict +y +\\d+ of \\d+ variables");
  }

  private static CommandLineFixture.Run inspectPythons(String name) {
    Path model = Path.of("../sam-tf/src/test/resources/org/samtf/model/python", name, "model");
    return CommandLineFixture.run("inspect", "--model", model.toString());
  }
}
