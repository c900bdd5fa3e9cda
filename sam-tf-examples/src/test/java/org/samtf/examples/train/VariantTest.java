package org.samtf.examples.train;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.samtf.examples.data.DataSet;
import org.samtf.examples.data.DataSets;
import org.samtf.examples.model.Cnn;
import org.samtf.examples.model.Layered;
import org.samtf.examples.model.LayeredNetwork;
import org.samtf.examples.model.Mlp;
import org.samtf.examples.model.Network;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Variable;
import org.tensorflow.types.TFloat32;

class VariantTest {

  private static final DataSet DATA = DataSets.open("digits");
  private static final Layered MLP = new Mlp(List.of(16));
  private static final Layered CNN = new Cnn(List.of(3), 0.25f, 0.9f);
  private static final int BATCH = 128;
  private static final int EPOCHS = 4;

  /** Eight steps an epoch. */
  private static TrainingSettings settings(Layered architecture, Optional<SamSettings> sam) {
    return new TrainingSettings(
        architecture, BaseOptimizer.MOMENTUM, 0.1f, 0.5f, sam, EPOCHS, BATCH, 1);
  }

  private static TrainingResult train(TrainingSettings settings) {
    try (Trainer trainer = new Trainer(DATA, settings, 0.05f)) {
      return trainer.train(TrainingListener.NONE);
    }
  }

  private static Optional<SamSettings> sam(Variant variant, BatchCut cut) {
    return variant.hasSam()
        ? Optional.of(SamSettings.of(variant, variant.defaultRho()).with(cut))
        : Optional.empty();
  }

  @ParameterizedTest
  @EnumSource
  void trainsANetworkWithBatchNormalisation(Variant variant) {
    TrainingResult result = train(settings(CNN, sam(variant, BatchCut.NONE)));

    assertThat(result.last().batchLoss()).isLessThan(0.95 * result.epochs().get(0).batchLoss());
  }

  @ParameterizedTest
  @EnumSource(
      value = Variant.class,
      mode = EnumSource.Mode.EXCLUDE,
      names = {"BASE", "SAM"})
  void trainsInParts(Variant variant) {
    TrainingResult result = train(settings(MLP, sam(variant, BatchCut.inParts(2))));

    assertThat(result.last().batchLoss()).isLessThan(0.95 * result.epochs().get(0).batchLoss());
    assertThat(result.last().validation().accuracy()).isGreaterThan(0.25);
  }

  /** The digits, a network with batch normalization and dropout, whole batches and in parts. */
  @ParameterizedTest
  @EnumSource
  @Tag("long")
  void trainsACnnWithEachOptimizer(Variant variant) {
    for (BaseOptimizer base : BaseOptimizer.values()) {
      for (BatchCut cut : List.of(BatchCut.NONE, BatchCut.inParts(2))) {
        if (!base.keepsInitialWeights()) {
          continue;
        }
        TrainingResult result =
            train(
                new TrainingSettings(
                    CNN,
                    base,
                    base.defaultLearningRate(),
                    base.defaultMomentum(),
                    sam(variant, cut),
                    EPOCHS,
                    BATCH,
                    1));

        assertThat(result.last().batchLoss())
            .as("%s, %s, %s", variant, base, cut)
            .isLessThan(0.95 * result.epochs().get(0).batchLoss());
        if (!variant.hasSam()) {
          break;
        }
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "base, 0",
    "sam, 32",
    "sam-late, 3",
    "every-2, 16",
    "every-5, 7",
    "looksam, 7",
    "msam, 32"
  })
  void countsTheStepsWithASecondPass(String name, int steps) {
    TrainingResult result = train(settings(MLP, sam(Variant.of(name), BatchCut.NONE)));

    assertThat(result.secondPassShare()).isEqualTo(steps / 32.0);
  }

  @Test
  void aeSamHasASecondPassInSomeSteps() {
    TrainingResult result = train(settings(MLP, sam(Variant.AE_SAM, BatchCut.NONE)));

    assertThat(result.secondPassShare()).isStrictlyBetween(0.0, 1.0);
  }

  /** What is measured in steps without a second pass is no number; what is trained on is. */
  @ParameterizedTest
  @CsvSource({"every-5, 7, 7", "msam, 32, 0", "random, 32, 0", "sam, 32, 32"})
  void measuresWhatThereIs(String name, int perturbedLosses, int sharpnesses) {
    int[] counts = new int[3];
    TrainingListener listener =
        new TrainingListener() {
          @Override
          public boolean measures() {
            return true;
          }

          @Override
          public void step(StepResult step) {
            StepResult.SamMeasures sam = step.sam().orElseThrow();
            counts[0] += Float.isFinite(step.loss()) ? 1 : 0;
            counts[1] += Float.isFinite(sam.perturbedLoss()) ? 1 : 0;
            counts[2] += Float.isFinite(sam.sharpness()) ? 1 : 0;
          }
        };
    TrainingSettings settings = settings(MLP, sam(Variant.of(name), BatchCut.NONE));
    try (Trainer trainer = new Trainer(DATA, settings, 0.05f)) {
      TrainingResult result = trainer.train(listener);

      assertThat(result.epochs()).allMatch(epoch -> Double.isFinite(epoch.batchLoss()));
    }
    assertThat(counts).containsExactly(32, perturbedLosses, sharpnesses);
  }

  /** There is no other pass: they follow the statistics at w+eps, which are far from those at w. */
  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void movingAveragesFollowTheStatisticsOfTheOnePass(int parts) {
    float rho = 3;
    SamSettings sam = SamSettings.of(Variant.MSAM, rho).with(BatchCut.inParts(parts));
    float keep = 0.9f;
    try (Graph graph = new Graph()) {
      LayeredNetwork network = new LayeredNetwork(graph, CNN, DATA.shape(), DATA.classes(), 1);
      TrainingStep step = TrainingStep.write(graph, network, settings(CNN, Optional.of(sam)), 2);
      Ops tf = Ops.create(graph);
      Operand<TFloat32> convolved = graph.operationOrThrow("training/conv1/Conv2d").output(0);
      Operand<TFloat32> batchMean = tf.math.mean(convolved, tf.constant(new int[] {0, 1, 2}));
      List<Op> perturb = new ArrayList<>();
      List<Op> restore = new ArrayList<>();
      perturbation(graph, tf, rho, perturb, restore);
      int[] order = new int[BATCH];
      for (int i = 0; i < BATCH; i++) {
        order[i] = i;
      }
      try (Session session = new Session(graph);
          Batch batch = Batch.of(DATA.train(), order, 0, BATCH)) {
        network.initialize(session);
        float[] expected = new float[3];
        for (int i = 0; i < 3; i++) {
          float[] atWeights = floats(session, network, batch, batchMean);
          perturb.forEach(session::run);
          float[] mean = floats(session, network, batch, batchMean);
          restore.forEach(session::run);
          // The momentum is zero at first, and so is eps.
          assertThat(Math.abs(mean[0] - atWeights[0]) > 1e-2f).isEqualTo(i > 0);
          for (int c = 0; c < mean.length; c++) {
            expected[c] = keep * expected[c] + (1 - keep) * mean[c];
          }
          feed(session, network, batch).addTarget(step.op()).run().close();
          assertThat(floats(session, network, batch, network.variable("bn1_moving_mean")))
              .containsExactly(expected, Offset.offset(1e-5f));
        }
      }
    }
  }

  /** Ops that assign w - rho v/|v| to the variables that have a momentum v, and w again. */
  private static void perturbation(
      Graph graph, Ops tf, float rho, List<Op> perturb, List<Op> restore) {
    List<Operand<TFloat32>> squares = new ArrayList<>();
    List<Operand<TFloat32>> weights = new ArrayList<>();
    List<Operand<TFloat32>> momenta = new ArrayList<>();
    graph
        .operations()
        .forEachRemaining(
            op -> {
              if (op.type().equals("VariableV2") && op.name().endsWith("-momentum")) {
                String name = op.name().substring(0, op.name().length() - "-momentum".length());
                weights.add(graph.operationOrThrow(name).output(0));
                momenta.add(op.output(0));
              }
            });
    momenta.forEach(v -> squares.add(tf.nn.l2Loss(v)));
    Operand<TFloat32> norm = tf.math.sqrt(tf.math.mul(tf.math.addN(squares), tf.constant(2f)));
    for (int i = 0; i < weights.size(); i++) {
      Operand<TFloat32> w = weights.get(i);
      Variable<TFloat32> kept = tf.variable(w.shape(), TFloat32.class);
      perturb.add(tf.assign(kept, w));
      restore.add(tf.assign(w, kept));
      Operand<TFloat32> step =
          tf.math.div(tf.constant(-rho), tf.math.maximum(norm, tf.constant(1e-12f)));
      perturb.add(tf.assignAdd(w, tf.math.mul(momenta.get(i), step)));
    }
  }

  private static Session.Runner feed(Session session, Network network, Batch batch) {
    return session
        .runner()
        .feed(network.images(), batch.images())
        .feed(network.labels(), batch.labels());
  }

  private static float[] floats(Session session, Network network, Batch batch, Operand<?> value) {
    try (Result result = feed(session, network, batch).fetch(value).run()) {
      TFloat32 tensor = (TFloat32) result.get(0);
      float[] values = new float[(int) tensor.size()];
      for (int i = 0; i < values.length; i++) {
        values[i] = tensor.getFloat(i);
      }
      return values;
    }
  }

  @Test
  void theBaseOptimizerIsNoVariantOfSam() {
    assertThat(Variant.values())
        .filteredOn(variant -> !variant.hasSam())
        .containsExactly(Variant.BASE);
    assertThat(Variant.ASAM.rhoScale()).isEqualTo(10, Offset.offset(1e-5f));
  }
}
