package org.samtf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.samtf.direction.AscentDirections;
import org.samtf.direction.DescentDirections;
import org.samtf.gpu.RequiresGpu;
import org.samtf.internal.graph.Kernels;
import org.samtf.internal.graph.Protos;
import org.samtf.internal.graph.Reals;
import org.tensorflow.Graph;
import org.tensorflow.GraphOperation;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.framework.optimizers.Momentum;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Variable;
import org.tensorflow.types.family.TNumber;

/** A GPU computes what the CPU does, and does so on the GPU. */
@RequiresGpu
class GpuSuiteTest {

  private static final String GPU = RequiresGpu.Condition.device();
  private static final String CPU = "/device:CPU:0";
  private static final int STEPS = 5;
  private static final int BATCH = 24;
  private static final int IN = 20;
  private static final int HIDDEN = 30;
  private static final int OUT = 4;

  /** More than one number for each variable of each part; less than a weight has. */
  private static final long FEW = 16;

  /** Tensors whose size is that of a weight or of the batch, in the graph that ran. */
  private static final Set<String> HEAVY =
      Set.of("MatMul", "Tanh", "TanhGrad", "VariableV2", "ApplyMomentum");

  /** Two layers in a session that has the GPU, or has not; devices are left to TensorFlow. */
  private static final class Net implements AutoCloseable {
    final Graph graph = new Graph();
    final Session session;
    final List<Variable<?>> variables = new ArrayList<>();
    private final List<Op> values = new ArrayList<>();
    final Operand<?>[] batchInputs;
    final Operand<? extends TNumber> loss;
    private final Random random = new Random(7);

    <T extends TNumber> Net(Class<T> type, String device) {
      this(type, device, false);
    }

    <T extends TNumber> Net(Class<T> type, String device, boolean xla) {
      var config = Protos.growingMemory().toBuilder();
      if (xla) {
        // ON_2; the type of the setting is in another package on another line.
        config.getGraphOptionsBuilder().getOptimizerOptionsBuilder().setGlobalJitLevelValue(2);
      }
      if (device.equals(CPU)) {
        config.putDeviceCount("GPU", 0);
      }
      session = new Session(graph, config.build());
      Ops tf = Ops.create(graph);
      Operand<T> batch = tf.identity(data(tf, type, 1, BATCH, IN));
      Operand<T> hidden = tf.math.tanh(tf.linalg.matMul(batch, weight(tf, type, IN, HIDDEN)));
      Operand<T> y = tf.linalg.matMul(hidden, weight(tf, type, HIDDEN, OUT));
      Operand<T> targets = tf.identity(data(tf, type, 1, BATCH, OUT));
      Operand<T> error = tf.math.sub(y, targets);
      batchInputs = new Operand<?>[] {batch, targets};
      loss = tf.math.mean(tf.math.mul(error, error), tf.constant(new int[] {0, 1}));
    }

    private <T extends TNumber> Operand<T> data(
        Ops tf, Class<T> type, double scale, long... shape) {
      Shape s = Shape.of(shape);
      double[] values = random.doubles(s.size()).map(v -> scale * (2 * v - 1)).toArray();
      return Values.constant(tf, type, s, values);
    }

    private <T extends TNumber> Variable<T> weight(Ops tf, Class<T> type, long... shape) {
      Variable<T> variable = tf.variable(Shape.of(shape), type);
      values.add(tf.assign(variable, data(tf, type, 0.3, shape)));
      variables.add(variable);
      return variable;
    }

    Op minimize(UnaryOperator<SamOptimizerBuilder> settings) {
      SamOptimizerBuilder sam =
          SamOptimizer.builder(graph, new Momentum(graph, 0.1f, 0.9f)).cpuOnly(false).rho(0.1f);
      Op train = settings.apply(sam).build().minimize(loss);
      session.initialize();
      // Only now: a variable stays where it was when a run first touched it, and one that has no
      // update there, as bfloat16, has to be on the host from the start.
      values.forEach(session::run);
      return train;
    }

    double[] weights() {
      List<Double> all = new ArrayList<>();
      for (Variable<?> variable : variables) {
        for (double value : Values.of(session, variable)) {
          all.add(value);
        }
      }
      return all.stream().mapToDouble(Double::doubleValue).toArray();
    }

    @Override
    public void close() {
      session.close();
      graph.close();
    }
  }

  private static double[] train(
      Class<? extends TNumber> type,
      String device,
      Function<Net, UnaryOperator<SamOptimizerBuilder>> settings) {
    try (Net net = new Net(type, device)) {
      Op train = net.minimize(settings.apply(net));
      for (int step = 0; step < STEPS; step++) {
        net.session.run(train);
      }
      return net.weights();
    }
  }

  private static void assertSame(double[] gpu, double[] cpu, double tolerance) {
    assertThat(gpu).hasSameSizeAs(cpu);
    for (int i = 0; i < cpu.length; i++) {
      assertThat(gpu[i]).isCloseTo(cpu[i], within(tolerance));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "1,false",
    "1.5,false",
    "2,false",
    "3,false",
    "Infinity,false",
    "1,true",
    "2,true",
    "Infinity,true"
  })
  void everyNormGivesWhatTheCpuGives(double p, boolean adaptive) {
    Function<Net, UnaryOperator<SamOptimizerBuilder>> settings =
        net -> sam -> adaptive ? sam.norm(p).adaptive(0.01f) : sam.norm(p);
    Class<? extends TNumber> type = DtypesTest.Type.FLOAT64.type;

    assertSame(train(type, GPU, settings), train(type, CPU, settings), 1e-9);
  }

  /** float32 may be computed with fewer bits (TF32) there. */
  @ParameterizedTest
  @EnumSource(DtypesTest.Type.class)
  void everyTypeGivesWhatTheCpuGives(DtypesTest.Type type) {
    double tolerance =
        type == DtypesTest.Type.FLOAT64 ? 1e-9 : Math.max(0x1p-10, type.roundoff) * 16;

    assertSame(
        train(type.type, GPU, net -> sam -> sam),
        train(type.type, CPU, net -> sam -> sam),
        tolerance);
  }

  /** A setting by its name; a number is a norm. */
  private static UnaryOperator<SamOptimizerBuilder> setting(String name, Net net) {
    return sam ->
        switch (name) {
          case "adaptive" -> sam.adaptive(0.01f);
          case "parallel" -> sam.microBatches(4, net.batchInputs);
          case "sequential" -> sam.microBatches(4, net.batchInputs).sequential(true);
          case "shared" ->
              sam.microBatches(4, net.batchInputs).sharePerturbation(SamOptimizer.ALL_REPLICAS);
          case "in place" -> sam.inPlace(true);
          case "subset" -> sam.ascentExamples(6, net.batchInputs);
          case "late" -> sam.startAt(2);
          case "large" -> sam.whenGradientIsLarge(0.5, -0.5, STEPS);
          case "LookSAM" -> sam.every(2).descent(DescentDirections.looking(0.7));
          case "momentum" -> sam.ascent(AscentDirections.momentum());
          case "friendly" -> sam.ascent(AscentDirections.friendly(1, 0.9));
          case "surrogate gap" -> sam.descent(DescentDirections.surrogateGap(0.2));
          case "SANER" -> sam.descent(DescentDirections.saner(0.5, 2));
          case "rise" -> sam.expectedRise(0.01f);
          case "steps" -> sam.ascentSteps(2);
          default -> sam.norm(Double.parseDouble(name));
        };
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "parallel",
        "sequential",
        "shared",
        "in place",
        "subset",
        "late",
        "large",
        "LookSAM",
        "momentum",
        "friendly",
        "surrogate gap",
        "SANER",
        "rise",
        "steps"
      })
  void everySettingGivesWhatTheCpuGives(String setting) {
    Class<? extends TNumber> type = DtypesTest.Type.FLOAT64.type;

    assertSame(
        train(type, GPU, net -> setting(setting, net)),
        train(type, CPU, net -> setting(setting, net)),
        1e-9);
  }

  @Test
  void twoPartsOnOneGpuGiveWhatTheCpuGives() {
    Class<? extends TNumber> type = DtypesTest.Type.FLOAT64.type;

    assertSame(
        train(
            type,
            GPU,
            net -> sam -> sam.microBatches(2, net.batchInputs).devices(List.of(GPU, GPU))),
        train(type, CPU, net -> sam -> sam.microBatches(2, net.batchInputs)),
        1e-9);
  }

  /** As on two GPUs, but for what lies between them. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void partsOnTwoGpusGiveWhatTheCpuGives(boolean sequential) throws Exception {
    String second = GPU.replace(":0", ":1");
    double[] several = weightsOfAProcess(sequential, List.of(GPU, second));

    try (TwoLayersInParts one = new TwoLayersInParts(onCpu(), List.of(), false, 1)) {
      for (int step = 0; step < 3; step++) {
        one.step();
      }
      assertSame(several, one.weights().stream().flatMapToDouble(DoubleStream::of).toArray(), 1e-9);
    }
  }

  private static Function<Graph, Session> onCpu() {
    return graph -> new Session(graph, Protos.config().putDeviceCount("GPU", 0).build());
  }

  private static double[] weightsOfAProcess(boolean sequential, List<String> devices)
      throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.add(TwoGpusOfOne.class.getName());
    if (sequential) {
      command.add("sequential");
    }
    command.addAll(devices);
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(said).isZero();
    return said.lines()
        .filter(line -> line.startsWith("weight "))
        .mapToDouble(line -> Double.longBitsToDouble(Long.parseUnsignedLong(line.substring(7), 16)))
        .toArray();
  }

  @ParameterizedTest
  @ValueSource(doubles = {1, 1.5, 2, 3, Double.POSITIVE_INFINITY})
  void nothingHeavyRunsElsewhere(double p) {
    try (Net net = new Net(DtypesTest.Type.FLOAT32.type, GPU)) {
      Op train = net.minimize(sam -> sam.norm(p));
      Set<String> elsewhere = new TreeSet<>();
      int there = 0;
      try (Result result =
          net.session
              .runner()
              .setOptions(Protos.partitionGraphs())
              .addTarget(train)
              .runAndFetchMetadata()) {
        for (var partition : result.getMetadata().orElseThrow().getPartitionGraphsList()) {
          for (var node : partition.getNodeList()) {
            if (HEAVY.contains(Kernels.unoptimized(node.getOp()))) {
              if (node.getDevice().endsWith(GPU)) {
                there++;
              } else {
                elsewhere.add(node.getOp() + " " + node.getName());
              }
            }
          }
        }
      }
      assertThat(elsewhere).isEmpty();
      assertThat(there).isGreaterThan(10);
    }
  }

  /**
   * Nothing of a weight's size or the batch's goes to the host or comes from there, by a device or
   * by the memory that an op works in. Numbers for each variable or part may.
   */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "1",
        "1.5",
        "2",
        "3",
        "Infinity",
        "adaptive",
        "parallel",
        "shared",
        "in place",
        "LookSAM",
        "momentum",
        "friendly",
        "surrogate gap",
        "SANER",
        "steps"
      })
  void nothingLargeIsCopied(String setting) {
    try (Net net = new Net(DtypesTest.Type.FLOAT32.type, GPU)) {
      Op train = net.minimize(setting(setting, net));
      assertThat(Crossings.run(net.session.runner().addTarget(train)))
          .filteredOn(Crossings.Crossing::isOfTheModel)
          .allMatch(
              crossing ->
                  crossing.size() <= FEW && (crossing.isComputed() || crossing.isOfAFailure()));
    }
  }

  /** A NaN is noticed there too, and nothing has changed; XLA, which may leave out checks, too. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aNanStopsTheStep(boolean xla) {
    try (Net net = new Net(DtypesTest.Type.FLOAT32.type, GPU, xla)) {
      Op train = net.minimize(sam -> sam);
      net.session.run(train);
      GraphOperation first = (GraphOperation) net.variables.get(0).op();
      Ops tf = Ops.create(net.graph);
      Variable<TNumber> w = Reals.unchecked(net.variables.get(0));
      net.session.run(
          tf.assign(
              w,
              tf.fill(
                  tf.constant(new long[] {IN, HIDDEN}),
                  tf.dtypes.cast(tf.constant(Float.NaN), w.type()))));
      double[] before = Values.of(net.session, net.variables.get(1));
      assertThatThrownBy(() -> net.session.run(train)).hasMessageContaining(first.name());
      assertThat(Values.of(net.session, net.variables.get(1))).isEqualTo(before);
    }
  }

  /** What a step takes, it gives back. */
  @Test
  void memoryDoesNotGrow() throws IOException {
    assumeTrue(usedMib() >= 0, "nvidia-smi does not tell the memory in use");
    try (Net net = new Net(DtypesTest.Type.FLOAT32.type, GPU)) {
      Op train = net.minimize(sam -> sam);
      for (int step = 0; step < 100; step++) {
        net.session.run(train);
      }
      long before = usedMib();
      for (int step = 0; step < 5000; step++) {
        net.session.run(train);
      }
      assertThat(usedMib() - before).isLessThan(64);
    }
  }

  /** The memory in use on the first GPU, by all processes; -1 if unknown. */
  private static long usedMib() throws IOException {
    Process process;
    try {
      process =
          new ProcessBuilder(
                  "nvidia-smi",
                  "--id=0",
                  "--query-gpu=memory.used",
                  "--format=csv,noheader,nounits")
              .start();
    } catch (IOException e) {
      return -1;
    }
    String text =
        new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
    return text.matches("\\d+") ? Long.parseLong(text) : -1;
  }
}
