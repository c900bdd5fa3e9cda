package org.samtf;

import static org.assertj.core.api.Assertions.assertThat;

import foreign.TrainsOneStep;
import java.io.File;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.samtf.model.ModelExporter;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.Tensor;
import org.tensorflow.framework.optimizers.Adam;
import org.tensorflow.op.Op;

/** An export is used by a process that has TensorFlow and nothing of this library. */
class ForeignProcessTest {

  @TempDir Path directory;

  @Test
  void predictsAndTrainsWithTheSameBits() throws Exception {
    Path saved = directory.resolve("saved");
    Map<String, Tensor> batch = SmallClassifier.batch(3);
    List<String> expected = new ArrayList<>();
    expected.add("no org.samtf.SamOptimizer");
    expected.add("no org.tensorflow.framework.optimizers.Adam");
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      SmallClassifier model = new SmallClassifier(graph, session, "", 0.3f);
      SamOptimizer sam = new SamOptimizer(graph, new Adam(graph, 0.01f), 0.1f);
      Op step = model.step(sam.minimize(model.trainingLoss));
      SmallClassifier.run(session, step, 0, 3);
      new ModelExporter(graph, session)
          .signature(model.predict())
          .trainingSignature(model.labeled("train").output("loss", sam.loss()).build(), step)
          .export(saved);
      Op nothing = model.probabilities;
      expected.add("predict probabilities " + fetch(session, nothing, model.probabilities, batch));
      expected.add("train loss " + fetch(session, step, sam.loss(), batch));
      expected.add("predict probabilities " + fetch(session, nothing, model.probabilities, batch));
    }
    assertThat(expected.get(4)).isNotEqualTo(expected.get(2));

    assertThat(run(saved, batch)).containsExactlyElementsOf(expected);
    SmallClassifier.close(batch);
  }

  private static String fetch(
      Session session, Op target, Operand<?> output, Map<String, Tensor> batch) {
    Session.Runner runner = session.runner().addTarget(target).fetch(output);
    batch.forEach(runner::feed);
    try (Result result = runner.run()) {
      return TrainsOneStep.hex(result.get(0));
    }
  }

  private List<String> run(Path saved, Map<String, Tensor> batch)
      throws IOException, InterruptedException, URISyntaxException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-cp");
    command.add(classPath());
    command.add(TrainsOneStep.class.getName());
    command.add(saved.toString());
    batch.forEach(
        (name, tensor) -> {
          command.add(name);
          command.add(tensor.shape().toString().replaceAll("[\\[\\] ]", "").replace(",", "x"));
          command.add(TrainsOneStep.hex(tensor));
        });
    Path out = directory.resolve("out.txt");
    Path err = directory.resolve("err.txt");
    Process process =
        new ProcessBuilder(command)
            .redirectOutput(out.toFile())
            .redirectError(err.toFile())
            .start();
    assertThat(process.waitFor(5, TimeUnit.MINUTES)).isTrue();
    assertThat(process.exitValue()).as(Files.readString(err)).isZero();
    return Files.readAllLines(out);
  }

  /** TensorFlow's own jars, and a directory with the one class of the program. */
  private String classPath() throws IOException, URISyntaxException {
    Path classes = Files.createDirectories(directory.resolve("classes"));
    Path program = Path.of("foreign", "TrainsOneStep.class");
    Path here =
        Path.of(TrainsOneStep.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    Files.createDirectories(classes.resolve("foreign"));
    Files.copy(here.resolve(program), classes.resolve(program));
    List<String> entries = new ArrayList<>();
    entries.add(classes.toString());
    for (String entry : System.getProperty("java.class.path").split(File.pathSeparator)) {
      String name = Path.of(entry).getFileName().toString();
      if (name.matches("(tensorflow-core|ndarray|javacpp|protobuf).*\\.jar")) {
        entries.add(entry);
      }
    }
    return String.join(File.pathSeparator, entries);
  }
}
