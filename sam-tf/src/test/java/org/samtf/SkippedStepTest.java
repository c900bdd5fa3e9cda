package org.samtf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.samtf.direction.AscentDirections;
import org.samtf.direction.DescentDirections;
import org.samtf.model.GraphCheckpoint;
import org.samtf.model.LoadedModel;
import org.samtf.model.ModelExporter;
import org.samtf.train.AdamW;
import org.samtf.train.Clipped;
import org.samtf.train.Lion;
import org.samtf.train.Schedules;
import org.samtf.train.Sgd;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.Tensor;
import org.tensorflow.framework.optimizers.Adam;
import org.tensorflow.framework.optimizers.GradientDescent;
import org.tensorflow.framework.optimizers.Momentum;
import org.tensorflow.framework.optimizers.Optimizer;
import org.tensorflow.framework.optimizers.Optimizer.GradAndVar;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.op.core.Variable;
import org.tensorflow.types.TBool;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt64;
import org.tensorflow.types.family.TType;

/** Steps that change nothing, instead of failing, where a gradient is not finite. */
@Tag("one-line")
class SkippedStepTest {

  private static final String COUNTER = "/state/skippedSteps";

  @TempDir Path directory;

  /** Two layers, with tiny variables between them; the batch is fed. */
  static final class Net implements AutoCloseable {
    final Graph graph = new Graph();
    final Ops tf = Ops.create(graph);
    final Placeholder<TFloat32> x;
    final Operand<TFloat32> y;
    final Operand<TFloat32> loss;
    private final Random random = new Random(3);

    Net(int tiny) {
      x = tf.placeholder(TFloat32.class, Placeholder.shape(Shape.of(-1, 3)));
      Operand<TFloat32> hidden = tf.linalg.matMul(x, variable("layer/w1", 3, 4));
      if (tiny > 0) {
        List<Operand<TFloat32>> biases = new ArrayList<>();
        for (int i = 0; i < tiny; i++) {
          biases.add(variable("tiny" + i, 4));
        }
        hidden = tf.math.add(hidden, tf.sum(tf.stack(biases), tf.constant(0)));
      }
      y = tf.linalg.matMul(hidden, variable("w2", 4, 2));
      loss = tf.math.mean(tf.math.square(y), tf.constant(new int[] {0, 1}));
    }

    private Variable<TFloat32> variable(String name, long... shape) {
      float[] values = new float[(int) Shape.of(shape).size()];
      for (int i = 0; i < values.length; i++) {
        values[i] = random.nextFloat() - 0.5f;
      }
      int slash = name.indexOf('/');
      Ops at = slash < 0 ? tf : tf.withSubScope(name.substring(0, slash));
      return at.withName(name.substring(slash + 1))
          .variable(tf.constant(Shape.of(shape), DataBuffers.of(values)));
    }

    Session session() {
      Session session = new Session(graph);
      session.initialize();
      return session;
    }

    /** A batch; the last entry can be replaced. */
    TFloat32 batch(int number, Float last) {
      Random values = new Random(number);
      float[] x = new float[12];
      for (int i = 0; i < x.length; i++) {
        x[i] = values.nextFloat() - 0.5f;
      }
      if (last != null) {
        x[11] = last;
      }
      return TFloat32.tensorOf(Shape.of(4, 3), DataBuffers.of(x));
    }

    void step(Session session, Op train, int number) {
      step(session, train, number, null).close();
    }

    Result step(Session session, Op train, int number, Float last, Operand<?>... fetched) {
      try (TFloat32 fed = batch(number, last)) {
        Session.Runner runner = session.runner().feed(x, fed).addTarget(train);
        Arrays.asList(fetched).forEach(runner::fetch);
        return runner.run();
      }
    }

    @Override
    public void close() {
      graph.close();
    }
  }

  static Map<String, Function<Graph, Optimizer>> optimizers() {
    Map<String, Function<Graph, Optimizer>> optimizers = new LinkedHashMap<>();
    for (ZeroRhoTest.Base base : ZeroRhoTest.Base.values()) {
      optimizers.put(base.name(), base.maker);
    }
    optimizers.put(
        "AdamW",
        g -> AdamW.builder(g).learningRate(Schedules.linear(0, 0.1, 5)).weightDecay(0.1).build());
    optimizers.put("Lion", g -> Lion.builder(g).learningRate(0.01).weightDecay(0.1).build());
    optimizers.put(
        "Sgd", g -> Sgd.builder(g).learningRate(0.1).momentum(0.9).nesterov(true).build());
    optimizers.put(
        "clipped by global norm", g -> Clipped.byGlobalNorm(g, new Adam(g, 0.01f), 0.01));
    optimizers.put("clipped by value", g -> Clipped.byValue(g, new Momentum(g, 0.1f, 0.9f), 0.01));
    return optimizers;
  }

  static Stream<String> optimizerNames() {
    return optimizers().keySet().stream();
  }

  /** Good, good, bad, good is what good, good, good is. */
  @ParameterizedTest
  @MethodSource("optimizerNames")
  void nothingOfAnOptimizerChanges(String name) {
    try (Net net = new Net(0)) {
      SamOptimizer sam =
          SamOptimizer.builder(net.graph, optimizers().get(name).apply(net.graph))
              .rho(0.2f)
              .notFinite(NotFinite.SKIP)
              .build();
      goesOnAsIfNothingHadBeen(net, sam.minimize(net.loss), sam, List.of("Sam" + COUNTER));
    }
  }

  private static void goesOnAsIfNothingHadBeen(
      Net net, Op train, WrappingOptimizer optimizer, List<String> counters) {
    try (Session undisturbed = net.session();
        Session session = net.session()) {
      Map<String, byte[]> first = Values.variables(net.graph, session);
      // Infinite in the square of the loss, or from the start, or no number at all.
      List<Float> bad = List.of(1e38f, Float.POSITIVE_INFINITY, Float.NaN);
      for (int step = 0; step < bad.size(); step++) {
        run(net, undisturbed, train, optimizer, step, null, 0);
        run(net, session, train, optimizer, step, null, step);
        Map<String, byte[]> before = Values.variables(net.graph, session);
        run(net, session, train, optimizer, 9, bad.get(step), step);
        Map<String, byte[]> after = Values.variables(net.graph, session);
        assertThat(counters).containsAll(Values.changed(before, after)).contains(counters.get(0));
      }
      Map<String, byte[]> expected = Values.variables(net.graph, undisturbed);
      assertThat(Values.changed(first, expected)).contains("layer/w1", "w2");
      List<String> changed = Values.changed(expected, Values.variables(net.graph, session));
      assertThat(counters).containsAll(changed);
      assertThat(count(session, optimizer)).isEqualTo(bad.size());
    }
  }

  private static void run(
      Net net,
      Session session,
      Op train,
      WrappingOptimizer optimizer,
      int number,
      Float bad,
      int skippedBefore) {
    try (Result result =
        net.step(session, train, number, bad, optimizer.skipped(), optimizer.skippedSteps())) {
      assertThat(((TBool) result.get(0)).getBoolean()).isEqualTo(bad != null);
      assertThat(((TInt64) result.get(1)).getLong()).isEqualTo(skippedBefore);
    }
  }

  private static long count(Session session, WrappingOptimizer optimizer) {
    try (Result result = session.runner().fetch(optimizer.skippedSteps()).run()) {
      return ((TInt64) result.get(0)).getLong();
    }
  }

  private interface Setting {
    SamOptimizerBuilder set(SamOptimizerBuilder builder, Net net);
  }

  static Map<String, Setting> settings() {
    Map<String, Setting> settings = new LinkedHashMap<>();
    settings.put("in place", (b, n) -> b.inPlace(true));
    settings.put("parts", (b, n) -> b.microBatches(2, n.x));
    settings.put("parts in sequence", (b, n) -> b.microBatches(2, n.x).sequential(true).norm(1));
    settings.put(
        "parts on devices",
        (b, n) -> b.microBatches(2, n.x).devices(List.of("/device:CPU:0")).l2(0.1f));
    settings.put("subset", (b, n) -> b.ascentExamples(2, n.x));
    settings.put("every second", (b, n) -> b.every(2));
    settings.put("AE-SAM", (b, n) -> b.whenGradientIsLarge(0.5, -0.5, 6));
    settings.put("LookSAM", (b, n) -> b.every(2).descent(DescentDirections.looking(0.7)));
    settings.put("Friendly SAM", (b, n) -> b.ascent(AscentDirections.friendly(1, 0.9)));
    settings.put("MSAM", (b, n) -> b.ascent(AscentDirections.momentum()));
    settings.put("SANER", (b, n) -> b.descent(DescentDirections.saner(0.5, 10)));
    settings.put("random", (b, n) -> b.ascent(AscentDirections.random(3)).lossAtWeights(true));
    settings.put("steps", (b, n) -> b.ascentSteps(2).rho(Schedules.linear(0.1, 0.3, 10)));
    settings.put("adaptive", (b, n) -> b.adaptive().norm(3));
    settings.put("expected rise", (b, n) -> b.expectedRise(0.01f));
    settings.put("functional", (b, n) -> b.logits(n.y));
    settings.put("for GPUs", (b, n) -> b.cpuOnly(false));
    settings.put("for GPUs, every second", (b, n) -> b.cpuOnly(false).every(2).adaptive());
    return settings;
  }

  static Stream<String> settingNames() {
    return settings().keySet().stream();
  }

  @ParameterizedTest
  @MethodSource("settingNames")
  void nothingThatAStepKeepsChanges(String name) {
    boolean packed = name.startsWith("for GPUs");
    try (Net net = new Net(packed ? 3 : 0)) {
      SamOptimizer sam = sam(net, name, NotFinite.SKIP);
      Op train = sam.minimize(net.loss);
      List<String> counters = new ArrayList<>(List.of("Sam" + COUNTER));
      net.graph
          .operations()
          .forEachRemaining(
              op -> {
                // In place, what w is put back from.
                if (op.name().contains("/backup")) {
                  counters.add(op.name());
                }
              });
      goesOnAsIfNothingHadBeen(net, train, sam, counters);
    }
  }

  private static SamOptimizer sam(Net net, String name, NotFinite rule) {
    SamOptimizerBuilder builder =
        SamOptimizer.builder(net.graph, new Adam(net.graph, 0.01f)).rho(0.2f).notFinite(rule);
    return settings().get(name).set(builder, net).build();
  }

  /** A scale that is a power of two takes nothing away, and adds nothing. */
  @ParameterizedTest
  @MethodSource("settingNames")
  void aLossScaleLeavesTrainingInFloat32AsItIs(String name) {
    List<Map<String, byte[]>> trained = new ArrayList<>();
    for (int kind = 0; kind < 2; kind++) {
      try (Net net = new Net(0)) {
        SamOptimizerBuilder builder =
            SamOptimizer.builder(net.graph, new Adam(net.graph, 0.01f)).rho(0.2f);
        if (kind == 1) {
          builder.lossScale(1 << 13);
        }
        SamOptimizer sam = settings().get(name).set(builder, net).build();
        Op train = sam.minimize(net.loss);
        try (Session session = net.session()) {
          for (int step = 0; step < 3; step++) {
            net.step(session, train, step);
          }
          trained.add(Values.variables(net.graph, session));
        }
      }
    }
    assertThat(Values.changed(trained.get(0), trained.get(1))).isEmpty();
  }

  @Test
  void plainTrainingHasItToo() {
    for (boolean scaled : new boolean[] {false, true}) {
      try (Net net = new Net(0)) {
        OrderedOptimizer.Builder builder =
            OrderedOptimizer.builder(net.graph, new Adam(net.graph, 0.01f))
                .notFinite(NotFinite.SKIP);
        if (scaled) {
          builder.lossScale(1024);
        }
        OrderedOptimizer optimizer = builder.build();
        Op train = optimizer.minimize(net.loss);
        goesOnAsIfNothingHadBeen(net, train, optimizer, List.of("Ordered" + COUNTER));
        Op expected =
            new OrderedOptimizer(net.graph, new Adam(net.graph, 0.01f)).minimize(net.loss);
        try (Session session = net.session();
            Session other = net.session()) {
          for (int step = 0; step < 5; step++) {
            net.step(session, train, step);
            net.step(other, expected, step);
          }
          for (String w : List.of("layer/w1", "w2")) {
            assertThat(Values.of(session, net.graph.operation(w).output(0)))
                .isEqualTo(Values.of(other, net.graph.operation(w).output(0)));
          }
        }
      }
    }
  }

  /** At w all is well. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aGradientThatIsNotFiniteAtThePerturbedWeightsOnlyIsSkipped(boolean inPlace) {
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      Ops tf = Ops.create(graph);
      Variable<TFloat32> w = tf.withName("w").variable(tf.constant(new float[] {1}));
      Placeholder<TFloat32> rho = tf.placeholder(TFloat32.class);
      Operand<TFloat32> loss = tf.sum(tf.math.exp(w), tf.constant(0));
      SamOptimizer sam =
          SamOptimizer.builder(graph, new Momentum(graph, 0.01f, 0.9f))
              .rho(rho)
              .inPlace(inPlace)
              .notFinite(NotFinite.SKIP)
              .build();
      Op train = sam.minimize(loss);
      session.initialize();
      double before = Values.scalar(session, w);
      try (TFloat32 large = TFloat32.scalarOf(100);
          TFloat32 small = TFloat32.scalarOf(0.1f);
          TFloat32 negative = TFloat32.scalarOf(-1)) {
        try (Result result =
            session.runner().feed(rho, large).addTarget(train).fetch(sam.perturbedLoss()).run()) {
          assertThat(Values.of(result.get(0))[0]).isInfinite();
        }
        assertThat(Values.scalar(session, w)).isEqualTo(before);
        assertThat(count(session, sam)).isEqualTo(1);
        session.runner().feed(rho, small).addTarget(train).run().close();
        assertThat(Values.scalar(session, w)).isLessThan(before);
        // Another mistake is no reason to go on.
        assertThatThrownBy(() -> session.runner().feed(rho, negative).addTarget(train).run())
            .hasMessageContaining("rho is");
        assertThat(count(session, sam)).isEqualTo(1);
      }
    }
  }

  /** What TF-Java's own clipping hides is found all the same. */
  @Test
  void gradientsByHandAreSkippedAndCanBeRead() {
    try (Net net = new Net(0)) {
      SamOptimizer sam =
          SamOptimizer.builder(net.graph, new Adam(net.graph, 0.01f))
              .notFinite(NotFinite.SKIP)
              .build();
      List<GradAndVar<? extends TType>> clipped = new ArrayList<>();
      Output<TFloat32> gradient = null;
      for (GradAndVar<?> pair : sam.<TFloat32>computeGradients(net.loss)) {
        gradient = pair.getGradient().expect(TFloat32.class);
        clipped.add(
            new GradAndVar<TFloat32>(
                net.tf.clipByValue(gradient, net.tf.constant(-1f), net.tf.constant(1f)).asOutput(),
                pair.getVariable().expect(TFloat32.class)));
      }
      Op train = sam.applyGradients(clipped, "train");
      goesOnAsIfNothingHadBeen(net, train, sam, List.of("Sam" + COUNTER));
      try (Session session = net.session();
          Result result =
              net.step(session, train, 1, Float.POSITIVE_INFINITY, gradient, sam.loss())) {
        assertThat(Values.of(result.get(0))).contains(Double.NaN);
        assertThat(Values.of(result.get(1))[0]).isNaN();
      }
    }
  }

  @Test
  void gradientsOfSomebodyElseAreSkipped() {
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      Ops tf = Ops.create(graph);
      Variable<TFloat32> w = tf.withName("w").variable(tf.constant(new float[] {1, 2}));
      Placeholder<TFloat32> one = tf.placeholder(TFloat32.class, Placeholder.shape(Shape.of(2)));
      Placeholder<TFloat32> two = tf.placeholder(TFloat32.class, Placeholder.shape(Shape.of(2)));
      OrderedOptimizer optimizer =
          OrderedOptimizer.builder(graph, new GradientDescent(graph, 1f))
              .notFinite(NotFinite.SKIP)
              .build();
      Op first =
          optimizer.applyGradients(
              List.of(new GradAndVar<TFloat32>(one.asOutput(), w.asOutput())), "first");
      Op second =
          optimizer.applyGradients(
              List.of(new GradAndVar<TFloat32>(two.asOutput(), w.asOutput())), "second");
      session.initialize();
      try (TFloat32 good = TFloat32.vectorOf(1, 1);
          TFloat32 bad = TFloat32.vectorOf(1, Float.NaN)) {
        session.runner().feed(one, bad).addTarget(first).run().close();
        assertThat(Values.of(session, w)).containsExactly(1, 2);
        session.runner().feed(two, good).addTarget(second).run().close();
        assertThat(Values.of(session, w)).containsExactly(0, 1);
        assertThat(count(session, optimizer)).isEqualTo(1);
      }
    }
  }

  /** Each call is a step or counted as skipped; what is run beside the step is run. */
  @Test
  void anExportedStepIsSkippedAndCounted() throws IOException {
    Path model = directory.resolve("model");
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      SmallClassifier classifier = new SmallClassifier(graph, session, "", 0);
      SamOptimizer sam =
          SamOptimizer.builder(graph, new Momentum(graph, 0.1f, 0.9f))
              .notFinite(NotFinite.SKIP)
              .build();
      Op step = classifier.step(sam.minimize(classifier.trainingLoss));
      session.initialize();
      new ModelExporter(graph, session)
          .trainingSignature(
              classifier
                  .labeled("train")
                  .output("loss", sam.loss())
                  .output("skipped", sam.skipped())
                  .build(),
              step)
          .export(model);
    }
    try (LoadedModel loaded = LoadedModel.load(model)) {
      Graph graph = loaded.graph();
      Map<String, byte[]> before = Values.variables(graph, loaded.session());
      assertThat(call(loaded, Float.NaN)).isTrue();
      Map<String, byte[]> after = Values.variables(graph, loaded.session());
      // A NaN is in the statistics of the batch, and these are moved whatever the gradients are.
      assertThat(Values.changed(before, after))
          .containsExactlyInAnyOrder("Sam" + COUNTER, "bn_movingMean", "bn_movingVariance");
      assertThat(call(loaded, 0.5f)).isFalse();
      assertThat(Values.changed(after, Values.variables(graph, loaded.session())))
          .contains("conv_kernel", "head_weights")
          .doesNotContain("Sam" + COUNTER);
    }
  }

  private static boolean call(LoadedModel model, float pixel) {
    Map<String, Tensor> batch = SmallClassifier.batch(1);
    ((TFloat32) batch.get("images")).setFloat(pixel, 0, 0, 0, 0);
    try (Result result = model.function("train").call(batch)) {
      return ((TBool) result.get("skipped").orElseThrow()).getBoolean();
    } finally {
      SmallClassifier.close(batch);
    }
  }

  /** A scale as Keras and PyTorch have it. */
  @Test
  void theScaleFollowsTheGradientsAndIsResumed() throws IOException {
    try (Net net = new Net(0)) {
      SamOptimizer sam =
          SamOptimizer.builder(net.graph, new Adam(net.graph, 0.01f))
              .dynamicLossScale(4, 3)
              .build();
      Op train = sam.minimize(net.loss);
      // Good steps and bad ones, and the scale that each is computed with.
      String steps = "ggggxggxgggxxxxxgggg";
      double[] scales = {4, 4, 4, 8, 8, 4, 4, 4, 2, 2, 2, 4, 2, 1, 1, 1, 1, 1, 1, 2};
      Path path = directory.resolve("checkpoint");
      for (int resumed = 0; resumed < 2; resumed++) {
        try (Session session = net.session()) {
          if (resumed == 1) {
            GraphCheckpoint.of(net.graph, session).restore(path);
          }
          for (int i = resumed * 9; i < steps.length(); i++) {
            if (resumed == 0 && i == 9) {
              GraphCheckpoint.of(net.graph, session).save(path);
            }
            Float bad = steps.charAt(i) == 'x' ? Float.NaN : null;
            try (Result result = net.step(session, train, i, bad, sam.lossScale())) {
              assertThat(Values.of(result.get(0))[0]).as("step " + i).isEqualTo(scales[i]);
            }
          }
          assertThat(count(session, sam)).isEqualTo(7);
        }
      }
    }
  }

  @Test
  void theLargestScaleStays() {
    try (Net net = new Net(0)) {
      OrderedOptimizer optimizer =
          OrderedOptimizer.builder(net.graph, new GradientDescent(net.graph, 0f))
              .dynamicLossScale((float) Math.scalb(1.0, 125), 1)
              .build();
      Op train = optimizer.minimize(net.tf.math.mul(net.loss, net.tf.constant(1e-6f)));
      try (Session session = net.session()) {
        for (int step = 0; step < 4; step++) {
          net.step(session, train, step);
        }
        assertThat(count(session, optimizer)).isZero();
        assertThat(Values.scalar(session, optimizer.lossScale())).isEqualTo(Math.scalb(1.0, 126));
      }
    }
  }

  @Test
  void settingsThatDoNotGoTogetherAreRefused() {
    try (Graph graph = new Graph()) {
      GradientDescent base = new GradientDescent(graph, 0.1f);
      for (float scale : new float[] {3, 0, -2, 0.5f, Float.NaN, Float.POSITIVE_INFINITY}) {
        assertThatThrownBy(() -> SamOptimizer.builder(graph, base).lossScale(scale))
            .hasMessageContaining("lossScale is " + scale + "; it must be a power of two from 1");
        assertThatThrownBy(() -> OrderedOptimizer.builder(graph, base).dynamicLossScale(scale, 10))
            .hasMessageContaining("initialScale is " + scale);
      }
      assertThatThrownBy(() -> SamOptimizer.builder(graph, base).dynamicLossScale(2, 0))
          .hasMessageContaining("growthInterval is 0; it must be at least 1");
      assertThatThrownBy(() -> SamOptimizer.builder(graph, base).dynamicLossScale().lossScale(2))
          .hasMessageContaining("use one of them");
      assertThatThrownBy(
              () ->
                  SamOptimizer.builder(graph, base).notFinite(NotFinite.FAIL).lossScale(2).build())
          .hasMessageContaining("notFinite is FAIL");
      SamOptimizer fails = new SamOptimizer(graph, base);
      assertThatThrownBy(fails::skippedSteps).hasMessageContaining("build with notFinite(SKIP)");
      assertThatThrownBy(fails::lossScale).hasMessageContaining("dynamicLossScale");
      SamOptimizer scaled = SamOptimizer.builder(graph, base).lossScale(2).build();
      assertThatThrownBy(scaled::lossScale).hasMessageContaining("call minimize(loss) first");
      assertThatThrownBy(scaled::skipped).hasMessageContaining("call minimize(loss) first");
      assertThat(scaled.toString()).contains("notFinite=SKIP, lossScale=2.0");
      Ops tf = Ops.create(graph);
      Variable<TFloat32> w = tf.variable(tf.constant(new float[] {1, 2}));
      List<GradAndVar<? extends TType>> own =
          List.of(new GradAndVar<TFloat32>(tf.constant(new float[2]).asOutput(), w.asOutput()));
      assertThatThrownBy(() -> scaled.applyGradients(own, "train"))
          .hasMessageContaining("not of this optimizer's computeGradients");
    }
  }
}
