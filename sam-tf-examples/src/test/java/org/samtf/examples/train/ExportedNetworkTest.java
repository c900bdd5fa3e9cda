package org.samtf.examples.train;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.samtf.SamOptimizer;
import org.samtf.examples.Main;
import org.samtf.examples.data.DataSet;
import org.samtf.examples.data.DataSets;
import org.samtf.examples.data.ImageFormat;
import org.samtf.examples.failure.ExitCode;
import org.samtf.examples.report.Format;
import org.samtf.model.LoadedModel;
import org.samtf.model.ModelLoader;
import org.tensorflow.Graph;
import org.tensorflow.Result;
import org.tensorflow.SavedModelBundle;
import org.tensorflow.Session;
import org.tensorflow.framework.optimizers.Momentum;
import org.tensorflow.op.Op;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;

/** Networks that were exported train on. */
class ExportedNetworkTest {

  private static final DataSet DIGITS = DataSets.open("digits");
  private static final int BATCH = 64;

  @TempDir private Path directory;

  /** Trains and exports a small network as the command line does; what it prints. */
  private String export(int parts) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    String command =
        "train --model cnn --channels 4,8 --base adam --epochs 1 --batch-size 64 --micro-batches "
            + parts;
    String[] args =
        Stream.concat(
                Stream.of(command.split(" ")),
                Stream.of("--export", directory.resolve("model").toString()))
            .toArray(String[]::new);
    assertThat(Main.run(new PrintWriter(out), new PrintWriter(err), args)).isEqualTo(ExitCode.OK);
    return out.toString();
  }

  @Test
  void anyProcessEvaluatesItAndTrainsOn() {
    String printed = export(1);
    Evaluation before;
    try (SavedModelBundle bundle = SavedModelBundle.load(directory.resolve("model").toString())) {
      before = evaluate(bundle);
      assertThat(printed).contains(Format.percent(before.accuracy()));
      Batches.inOrder(
          DIGITS.train(),
          ImageFormat.of(DIGITS.shape()),
          BATCH,
          batch -> {
            if (batch.size() == BATCH) {
              bundle
                  .function(ModelExport.TRAIN)
                  .call(
                      Map.of(
                          ModelExport.IMAGES, batch.images(), ModelExport.LABELS, batch.labels()))
                  .close();
            }
          });
      assertThat(evaluate(bundle).loss()).isLessThan(0.95 * before.loss());
    }
    try (SavedClassifier classifier =
        SavedClassifier.load(directory.resolve("model"), new ModelLoader())) {
      assertThat(classifier.loss(DIGITS).orElseThrow()).isEqualTo(before.loss());
      assertThat(classifier.accuracy(DIGITS)).isEqualTo(before.accuracy());
    }
  }

  private static Evaluation evaluate(SavedModelBundle bundle) {
    double[] sums = {0, 0};
    Batches.inOrder(
        DIGITS.test(),
        ImageFormat.of(DIGITS.shape()),
        Batches.EVALUATION_SIZE,
        batch -> {
          try (Result result =
              bundle
                  .function(ModelExport.EVALUATE)
                  .call(
                      Map.of(
                          ModelExport.IMAGES,
                          batch.images(),
                          ModelExport.LABELS,
                          batch.labels()))) {
            sums[0] += ((TInt32) result.get(ModelExport.CORRECT).orElseThrow()).getInt();
            float loss = ((TFloat32) result.get(ModelExport.LOSS).orElseThrow()).getFloat();
            sums[1] += batch.size() * (double) loss;
          }
        });
    return new Evaluation(sums[0] / DIGITS.test().size(), sums[1] / DIGITS.test().size());
  }

  /** Moving averages go on under the new optimizer, however the old step computed them. */
  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void anotherOptimizerTrainsIt(int parts) {
    export(parts);
    try (LoadedModel model = LoadedModel.load(directory.resolve("model"))) {
      Graph graph = model.graph();
      SamOptimizer sam = new SamOptimizer(graph, new Momentum(graph, 0.02f, 0.9f), 0.2f);
      Op step = model.minimize(sam, model.output(ModelExport.TRAINING_LOSS, ModelExport.LOSS));
      double lossBefore = loss(model);
      float[] meanBefore = value(model, "bn1_moving_mean");
      Batches.inOrder(
          DIGITS.train(),
          ImageFormat.of(DIGITS.shape()),
          BATCH,
          batch -> {
            if (batch.size() == BATCH) {
              feed(model, batch).addTarget(step).run().close();
            }
          });
      assertThat(value(model, "bn1_moving_mean")).isNotEqualTo(meanBefore);
      assertThat(loss(model)).isLessThan(0.95 * lossBefore);
    }
  }

  private static Session.Runner feed(LoadedModel model, Batch batch) {
    return model
        .session()
        .runner()
        .feed(model.input(ModelExport.EVALUATE, ModelExport.IMAGES), batch.images())
        .feed(model.input(ModelExport.EVALUATE, ModelExport.LABELS), batch.labels());
  }

  /** In inference: with the moving averages. */
  private static double loss(LoadedModel model) {
    double[] loss = {0};
    Batches.inOrder(
        DIGITS.test(),
        ImageFormat.of(DIGITS.shape()),
        DIGITS.test().size(),
        batch -> {
          try (Result result =
              feed(model, batch)
                  .fetch(model.output(ModelExport.EVALUATE, ModelExport.LOSS))
                  .run()) {
            loss[0] = ((TFloat32) result.get(0)).getFloat();
          }
        });
    return loss[0];
  }

  private static float[] value(LoadedModel model, String variable) {
    try (Result result = model.session().runner().fetch(model.tensor(variable)).run()) {
      TFloat32 tensor = (TFloat32) result.get(0);
      float[] values = new float[(int) tensor.size()];
      for (int i = 0; i < values.length; i++) {
        values[i] = tensor.getFloat(i);
      }
      return values;
    }
  }
}
