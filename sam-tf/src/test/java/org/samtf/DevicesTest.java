package org.samtf;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.samtf.direction.AscentDirections;
import org.samtf.direction.DescentDirections;
import org.samtf.internal.graph.GraphScope;
import org.samtf.internal.graph.Kernels;
import org.samtf.internal.graph.Protos;
import org.tensorflow.DeviceSpec;
import org.tensorflow.Graph;
import org.tensorflow.GraphOperation;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.framework.optimizers.Momentum;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.op.core.Variable;
import org.tensorflow.types.TFloat64;

/** Replicas on several devices; the devices are shares of one CPU here. */
@Tag("one-line")
class DevicesTest {

  /**
   * Ops whose time grows with the batch or with the weights, by their type in the graph that ran.
   */
  private static final Set<String> HEAVY =
      Set.of("MatMul", "_FusedMatMul", "Tanh", "TanhGrad", "L2Loss", "RealDiv", "AddV2", "Add");

  /** An op of a graph that ran. */
  private record Node(String name, String type) {}

  private static final Shape BATCH = TwoLayersInParts.BATCH;
  private static final int PARTS = TwoLayersInParts.PARTS;

  /** Ways to spread parts: number of devices, whether in sequence, whether they share ε. */
  @Target(ElementType.METHOD)
  @Retention(RetentionPolicy.RUNTIME)
  @ParameterizedTest
  @CsvSource({
    "2,false,1",
    "2,true,1",
    "4,false,1",
    "4,true,1",
    "2,false,2147483647",
    "2,true,2147483647",
    "4,true,2147483647"
  })
  private @interface EverySpread {}

  private static Session session(Graph graph, int devices) {
    return new Session(graph, Protos.config().putDeviceCount("CPU", devices).build());
  }

  private static List<String> names(int devices) {
    List<String> names = new ArrayList<>();
    for (int i = 0; i < devices; i++) {
      names.add("/device:CPU:" + i);
    }
    return names;
  }

  private static TwoLayersInParts net(int devices, boolean sequential, int sharing) {
    return new TwoLayersInParts(
        graph -> session(graph, devices),
        devices == 1 ? List.of() : names(devices),
        sequential,
        sharing);
  }

  /** The weights after three steps; {@code ran} gets the ops of a step and their devices. */
  private static List<double[]> train(
      int devices, boolean sequential, int sharing, Map<Node, Integer> ran) {
    try (TwoLayersInParts net = net(devices, sequential, sharing)) {
      for (int step = 0; step < 3; step++) {
        net.step(
            runner -> {
              run(runner, ran);
              return ran;
            });
      }
      return net.weights();
    }
  }

  /** Runs, and says which ops TensorFlow ran on which device, after all its rewriting. */
  private static void run(Session.Runner runner, Map<Node, Integer> ran) {
    ran.clear();
    try (Result result = runner.setOptions(Protos.partitionGraphs()).runAndFetchMetadata()) {
      result
          .getMetadata()
          .orElseThrow()
          .getPartitionGraphsList()
          .forEach(
              partition ->
                  partition
                      .getNodeList()
                      .forEach(
                          node -> {
                            String device = node.getDevice();
                            ran.put(
                                new Node(node.getName(), node.getOp()),
                                Integer.parseInt(device.substring(device.lastIndexOf(':') + 1)));
                          }));
    }
  }

  @EverySpread
  void severalDevicesGiveWhatOneGives(int devices, boolean sequential, int sharing) {
    Map<Node, Integer> ran = new HashMap<>();
    List<double[]> one = train(1, false, sharing, ran);
    assertThat(ran.values()).containsOnly(0);
    List<double[]> several = train(devices, sequential, sharing, ran);
    TwoLayersInParts.assertSame(several, one);
  }

  static Stream<Arguments> relatives() {
    return Stream.<UnaryOperator<SamOptimizerBuilder>>of(
            b -> b.every(2).descent(DescentDirections.looking(0.7)),
            b -> b.whenGradientIsLarge(0.1, -0.1, 6),
            b -> b.ascent(AscentDirections.momentum()).lossAtWeights(true),
            b -> b.ascent(AscentDirections.random(5)).lossAtWeights(true),
            b -> b.ascent(AscentDirections.friendly(1, 0.9)),
            b -> b.descent(DescentDirections.surrogateGap(0.2)),
            b -> b.ascentSteps(2).every(2))
        .map(Arguments::of);
  }

  @ParameterizedTest
  @MethodSource("relatives")
  void severalDevicesGiveWhatOneGivesWithSamsRelatives(
      UnaryOperator<SamOptimizerBuilder> settings) {
    List<List<double[]>> trained = new ArrayList<>();
    for (int devices : new int[] {1, 2}) {
      try (TwoLayersInParts net =
          new TwoLayersInParts(
              graph -> session(graph, devices),
              devices == 1 ? List.of() : names(devices),
              false,
              1,
              settings)) {
        for (int step = 0; step < 5; step++) {
          net.step();
        }
        trained.add(net.weights());
      }
    }
    TwoLayersInParts.assertSame(trained.get(1), trained.get(0));
  }

  @ParameterizedTest
  @CsvSource({"2,false", "4,false", "4,true"})
  void heavyOpsOfAPartRunOnItsDevice(int devices, boolean sequential) {
    Map<Node, Integer> ran = new HashMap<>();
    train(devices, sequential, 1, ran);
    int[] heavy = new int[4];
    ran.forEach(
        (node, device) -> {
          for (int part = 0; part < 4; part++) {
            if (node.name().startsWith("Sam/part" + part + "/") && HEAVY.contains(node.type())) {
              heavy[part]++;
              assertThat(device).as(node.name()).isEqualTo(part % devices);
            }
          }
        });
    // Two products forward, three backward, in each of two passes.
    for (int part = 0; part < 4; part++) {
      int count = heavy[part];
      assertThat(count).isGreaterThanOrEqualTo(10);
    }
    try (TwoLayersInParts net = net(devices, sequential, 1)) {
      assertThat(net.step(Crossings::run))
          .isNotEmpty()
          .extracting(Crossings.Crossing::name)
          .allMatch(DevicesTest::isWeightSliceOrGradient);
    }
  }

  /** Weights and slices of the batch go in, gradients and some scalars come out. */
  private static boolean isWeightSliceOrGradient(String tensor) {
    return tensor.matches("w[12]")
        || tensor.startsWith("Sam/microBatches/splitIntoEqualParts")
        || tensor.contains("/descent/rewritten/")
        || tensor.contains("/descent/sum")
        // Scalars that are looked at for a NaN; of a step that has none, only that.
        || tensor.matches(".*/ascent/(outOfRange/)?L2Loss(_\\d+)?")
        || tensor.matches(".*/ascent/(outOfRange/)?(All|IsFinite)")
        || tensor.matches(".*/ascent/(outOfRange/)?notFinite/(SwitchCond|Sum)(_\\d+)?")
        // Not data: that one device is done.
        || tensor.contains("/ctrl/")
        || tensor.startsWith("GroupCrossDeviceControlEdges")
        || tensor.matches(".*/ascent/allFinite/_\\d+");
  }

  /**
   * Weights and slices of the batch go to a device, gradients come back: each of them once, however
   * many parts and ops there are. With a perturbation in common, so do the gradients at w and ε.
   */
  @EverySpread
  void eachTensorIsSentOnce(int devices, boolean sequential, int sharing) {
    List<Long> weights = List.of(5L * 7, 7L * 2);
    long slice = BATCH.size() / PARTS;
    Map<String, List<Long>> expected = new HashMap<>();
    for (int i = 1; i < devices; i++) {
      List<Long> there = new ArrayList<>(weights);
      there.addAll(Collections.nCopies(PARTS / devices, slice));
      List<Long> back = new ArrayList<>(weights);
      if (sharing == SamOptimizer.ALL_REPLICAS) {
        // For a GPU that of both variables is one tensor.
        there.addAll(Kernels.hasGpu() ? List.of(5L * 7 + 7L * 2) : weights);
        back.addAll(weights);
      }
      expected.put("/device:CPU:0 to /device:CPU:" + i, there);
      expected.put("/device:CPU:" + i + " to /device:CPU:0", back);
    }
    Map<String, List<Long>> sent = new HashMap<>();
    try (TwoLayersInParts net = net(devices, sequential, sharing)) {
      for (Crossings.Crossing crossing : net.step(Crossings::run)) {
        // The others are numbers that are looked at for a NaN.
        if (crossing.isOfTheModel() && crossing.size() > 1) {
          sent.computeIfAbsent(crossing.from() + " to " + crossing.to(), way -> new ArrayList<>())
              .add(crossing.size());
        }
      }
    }
    sent.values().forEach(Collections::sort);
    expected.values().forEach(Collections::sort);
    assertThat(sent).isEqualTo(expected);
  }

  /** Sequential parts are in sequence where they have to share a memory. */
  @Test
  void aPartWaitsForThePartBeforeItOnItsDeviceOnly() {
    try (TwoLayersInParts net = net(2, true, 1)) {
      Set<String> behind = new HashSet<>();
      GraphOperation second = net.graph.operation("Sam/part2/ascent/perturbed");
      GraphOps.behind(second).forEach(op -> behind.add(op.name()));
      assertThat(behind).anyMatch(name -> name.startsWith("Sam/part0/descent/"));
      assertThat(behind).noneMatch(name -> name.startsWith("Sam/part1/"));
    }
  }

  /** When such a variable is read makes a difference, so that each op goes on reading it itself. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aVariableThatTheForwardOpsAssignToIsNotReadBeforehand(boolean throughAnAlias) {
    try (Graph graph = new Graph();
        Session session = session(graph, 2)) {
      TestModels.Maker m = new TestModels.Maker(graph, session);
      Ops tf = m.tf;
      Placeholder<TFloat64> x = tf.placeholder(TFloat64.class, Placeholder.shape(Shape.of(-1, 2)));
      Variable<TFloat64> moving = m.variable("moving", new double[2], 2);
      Operand<TFloat64> target = moving;
      if (throughAnAlias) {
        target =
            graph
                .opBuilder("RefIdentity", "alias", graph.baseScope())
                .addInput(moving.asOutput())
                .build()
                .output(0);
      }
      Op update = tf.assignAdd(target, tf.math.mean(x, tf.constant(0)));
      Operand<TFloat64> centred = tf.withControlDependencies(List.of(update)).math.sub(x, moving);
      Operand<TFloat64> y = tf.math.mul(centred, m.weight("w", 2));
      SamOptimizer sam =
          SamOptimizer.builder(graph, new Momentum(graph, 0.1f, 0.9f))
              .microBatches(2, x)
              .devices(names(2))
              .freeze("moving")
              .build();
      Op train = sam.minimize(tf.math.mean(tf.math.mul(y, y), tf.constant(new int[] {0, 1})));
      assertThat(graph.operation("Sam/reads/w")).isNotNull();
      assertThat(graph.operation("Sam/reads/moving")).isNull();
      try (TFloat64 batch = Values.tensor(Shape.of(4, 2), 1, 2, 3, 4, 50, 60, 70, 80)) {
        session.runner().feed(x, batch).addTarget(train).run().close();
      }
      assertThat(Values.of(session, moving)).containsExactly(2, 3);
    }
  }

  /** A user's own towers, each with its device: gradients and ε are where the loss is. */
  @Test
  void replicasOfTheUserStayOnTheDevicesOfTheirLosses() {
    Map<Node, Integer> ran = new HashMap<>();
    try (Graph graph = new Graph();
        Session session = session(graph, 3)) {
      TestModels.Maker m = new TestModels.Maker(graph, session);
      Operand<TFloat64> w = m.weight("w", 5, 4);
      List<Operand<TFloat64>> losses = new ArrayList<>();
      for (int i = 0; i < 2; i++) {
        Ops tf =
            m.tf.withDevice(
                DeviceSpec.newBuilder()
                    .deviceType(DeviceSpec.DeviceType.CPU)
                    .deviceIndex(i + 1)
                    .build());
        Operand<TFloat64> y = tf.math.tanh(tf.linalg.matMul(m.data(6, 5), w));
        losses.add(tf.math.mean(tf.math.mul(y, y), tf.constant(new int[] {0, 1})));
      }
      SamOptimizer sam = new SamOptimizer(graph, new Momentum(graph, 0.1f, 0.9f), 0.1f);
      Op train = sam.minimize(losses);
      run(session.runner().addTarget(train), ran);
      int[] products = new int[3];
      ran.forEach(
          (node, device) -> {
            if (HEAVY.contains(node.type()) && node.name().startsWith("Sam/replica")) {
              int replica = node.name().charAt("Sam/replica".length()) - '0';
              assertThat(device).as(node.name()).isEqualTo(replica + 1);
              products[device]++;
            }
          });
      assertThat(products[0]).isZero();
      // The forward product and one op for all others read w; the gradient comes back.
      assertThat(Crossings.run(session.runner().addTarget(train)))
          .filteredOn(crossing -> crossing.isOfTheModel() && crossing.size() == 20)
          .extracting(crossing -> crossing.from() + " to " + crossing.to())
          .containsExactlyInAnyOrder(
              "/device:CPU:0 to /device:CPU:1",
              "/device:CPU:0 to /device:CPU:1",
              "/device:CPU:0 to /device:CPU:2",
              "/device:CPU:0 to /device:CPU:2",
              "/device:CPU:1 to /device:CPU:0",
              "/device:CPU:2 to /device:CPU:0");
      assertThat(products[1]).isGreaterThanOrEqualTo(6);
      assertThat(products[2]).isEqualTo(products[1]);
    }
  }

  /** TensorFlow Java leaves the gradients of such a model to the first device. */
  @ParameterizedTest
  @ValueSource(doubles = {1, 2, 3})
  void aModelOnOneDeviceIsTrainedThere(double p) {
    try (Graph graph = new Graph();
        Session session = session(graph, 2)) {
      Ops tf = GraphScope.unique(graph, "model").withDeviceString("/device:CPU:1").ops();
      Placeholder<TFloat64> x =
          tf.withName("x").placeholder(TFloat64.class, Placeholder.shape(BATCH));
      Operand<TFloat64> y = x;
      for (int layer = 0; layer < 2; layer++) {
        Variable<TFloat64> w = tf.variable(Shape.of(5, 5), TFloat64.class);
        session.run(tf.assign(w, Values.constant(tf, TFloat64.class, w.shape(), new double[25])));
        y = tf.math.tanh(tf.linalg.matMul(y, tf.math.add(w, tf.constant(0.1))));
      }
      Operand<TFloat64> loss = tf.math.mean(tf.math.mul(y, y), tf.constant(new int[] {0, 1}));
      SamOptimizer sam =
          SamOptimizer.builder(graph, new Momentum(graph, 0.1f, 0.9f)).norm(p).l2(0.01f).build();
      Op train = sam.minimize(loss);
      Map<Node, Integer> ran = new HashMap<>();
      try (TFloat64 batch = Values.tensor(BATCH, new Random(1).doubles(BATCH.size()).toArray())) {
        run(session.runner().feed(x, batch).addTarget(train), ran);
        assertThat(Crossings.run(session.runner().feed(x, batch).addTarget(train)))
            .filteredOn(crossing -> crossing.isOfTheModel() && crossing.size() > 2)
            .extracting(Crossings.Crossing::name)
            // What is fed comes from the host.
            .allMatch(name -> name.startsWith("_arg_"));
      }
      assertThat(ran)
          .allSatisfy(
              (node, device) -> {
                if (HEAVY.contains(node.type()) || node.type().equals("ApplyMomentum")) {
                  assertThat(device).as(node.name()).isEqualTo(1);
                }
              });
      assertThat(ran.keySet()).filteredOn(node -> node.type().equals("TanhGrad")).hasSize(4);
    }
  }

  /** In place, a variable changes within a step, so that no read of it can serve all ops. */
  @Test
  void inPlaceGivesTheSameOnOneDevice() {
    List<double[]> weights = new ArrayList<>();
    for (boolean inPlace : new boolean[] {false, true}) {
      try (Graph graph = new Graph();
          Session session = session(graph, 2)) {
        TestModels.Maker m = new TestModels.Maker(graph, session);
        Operand<TFloat64> batch = m.data(6, 5);
        Variable<TFloat64> w = m.weight("w", 5, 5);
        Ops tf = GraphScope.unique(graph, "model").withDeviceString("/device:CPU:1").ops();
        Operand<TFloat64> y = tf.linalg.matMul(tf.math.tanh(tf.linalg.matMul(batch, w)), w);
        Operand<TFloat64> loss = tf.math.mean(tf.math.mul(y, y), tf.constant(new int[] {0, 1}));
        Op train =
            SamOptimizer.builder(graph, new Momentum(graph, 0.1f, 0.9f))
                .rho(0.5f)
                .inPlace(inPlace)
                .build()
                .minimize(loss);
        for (int step = 0; step < 3; step++) {
          session.run(train);
        }
        weights.add(Values.of(session, w));
      }
    }
    TwoLayersInParts.assertSame(weights.subList(1, 2), weights.subList(0, 1));
  }
}
