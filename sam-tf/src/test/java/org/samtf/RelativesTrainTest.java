package org.samtf;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.IntPredicate;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.samtf.direction.AscentDirections;
import org.samtf.direction.DescentDirections;
import org.tensorflow.Graph;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.Tensor;
import org.tensorflow.op.Op;

/** Each of SAM's relatives around each optimizer, with and without parts of a batch. */
@Tag("one-line")
class RelativesTrainTest {

  private static final int STEPS = 8;
  private static final String FUNCTIONAL = "functional";

  private static final Map<String, UnaryOperator<SamOptimizerBuilder>> MEMBERS = members();

  private static Map<String, UnaryOperator<SamOptimizerBuilder>> members() {
    Map<String, UnaryOperator<SamOptimizerBuilder>> members = new LinkedHashMap<>();
    members.put("late", b -> b.startAt(4));
    members.put("every", b -> b.every(3));
    members.put("by chance", b -> b.atRandom(0.5, 3));
    members.put("AE-SAM", b -> b.whenGradientIsLarge(1, -1, STEPS));
    members.put("LookSAM", b -> b.every(3).descent(DescentDirections.looking(0.7)));
    members.put("MSAM", b -> b.ascent(AscentDirections.momentum()).lossAtWeights(true));
    members.put("random", b -> b.ascent(AscentDirections.random(5)).lossAtWeights(true));
    members.put("Friendly", b -> b.ascent(AscentDirections.friendly(1, 0.9)));
    members.put("VaSSO", b -> b.ascent(AscentDirections.varianceSuppressed(0.4)));
    members.put("GSAM", b -> b.descent(DescentDirections.surrogateGap(0.2)));
    members.put("weighted", b -> b.descent(DescentDirections.weighted(0.8)));
    members.put("SANER", b -> b.descent(DescentDirections.saner(0.5, 4)));
    members.put("LE-SAM", b -> b.expectedRise(0.01f));
    members.put("steps", b -> b.ascentSteps(2));
    members.put(
        "several",
        b ->
            b.every(2)
                .adaptive()
                .expectedRise(0.1f)
                .ascent(AscentDirections.friendly(0.5, 0.6))
                .descent(DescentDirections.surrogateGap(0.2)));
    // The logits are those of each model.
    members.put(FUNCTIONAL, b -> b);
    return members;
  }

  /** Each optimizer with a third of the relatives, each relative with a third of the optimizers. */
  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "OF_A_USER")
  void lossesFall(ZeroRhoTest.Base base) {
    requireFallingLosses(base, number -> (number + base.ordinal()) % 3 == 0);
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "OF_A_USER")
  @Tag("long")
  void lossesFallWithEachOfEach(ZeroRhoTest.Base base) {
    requireFallingLosses(base, number -> true);
  }

  private static void requireFallingLosses(ZeroRhoTest.Base base, IntPredicate choice) {
    int number = 0;
    for (String name : MEMBERS.keySet()) {
      if (!choice.test(number++)) {
        continue;
      }
      // As a whole, in parts, and in parts one after the other: each relative with each of them.
      int kind = (number + base.ordinal() / 3) % 3;
      try (Graph graph = new Graph();
          Session session = new Session(graph)) {
        SmallClassifier model = new SmallClassifier(graph, session, "", 0);
        SamOptimizerBuilder builder =
            MEMBERS.get(name).apply(SamOptimizer.builder(graph, base.maker.apply(graph)));
        if (name.equals(FUNCTIONAL)) {
          builder.logits(model.trainingLogits);
        }
        if (kind > 0 || name.equals("AE-SAM") || name.equals(FUNCTIONAL)) {
          builder
              .microBatches(2, model.images, model.labels)
              .sequential(kind == 2 && !name.equals("AE-SAM"));
        }
        SamOptimizer sam = builder.build();
        Op train = sam.minimize(model.trainingLoss);
        session.initialize();
        double first = step(session, sam, train);
        for (int i = 2; i < STEPS; i++) {
          step(session, sam, train);
        }
        assertThat(step(session, sam, train)).as(name).isLessThan(first);
      }
    }
  }

  private static double step(Session session, SamOptimizer sam, Op train) {
    Map<String, Tensor> batch = SmallClassifier.batch(1);
    Session.Runner runner = session.runner().addTarget(train).fetch(sam.loss());
    batch.forEach(runner::feed);
    try (Result result = runner.run()) {
      return Values.of(result.get(0))[0];
    } finally {
      SmallClassifier.close(batch);
    }
  }
}
