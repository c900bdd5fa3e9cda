package org.samtf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.samtf.internal.graph.Kernels;
import org.samtf.internal.graph.OpDefs;
import org.tensorflow.Graph;
import org.tensorflow.GraphOperation;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.TensorFlow;
import org.tensorflow.framework.optimizers.GradientDescent;
import org.tensorflow.framework.optimizers.Optimizer;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.op.core.Variable;
import org.tensorflow.op.nn.FractionalMaxPool;
import org.tensorflow.types.TBfloat16;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TInt64;
import org.tensorflow.types.family.TNumber;

/**
 * On a GPU, all of a step that has to do with the weights or the batch is computed there: every op
 * has an implementation for GPUs in its type, and none takes large tensors from the memory of the
 * host.
 *
 * <p>Read from the registry of the build for GPUs; no GPU is needed. Skipped for other builds.
 */
class GpuKernelsTest {

  /**
   * Ops without an implementation for GPUs, and why that is well: all of them work on strings, a
   * sentence for the message of a failed step, or on the numbers of examples.
   */
  private static final Map<String, String> ON_THE_HOST =
      Map.of(
          "ReduceJoin", "joins names of variables",
          "StringJoin", "writes a message",
          "AsString", "writes a message",
          "RandomShuffle", "draws the numbers of examples");

  /** More entries than a vector with one for each variable has; fewer than each weight has. */
  private static final long FEW = 16;

  private static final Map<String, List<OutputArgument>> OUTPUTS = outputs();

  /** DT_BFLOAT16 in TensorFlow's {@code types.proto}. */
  private static final int BFLOAT16 = 14;

  private static final int IN = 11;
  private static final int HIDDEN = 13;
  private static final int OUT = 5;

  /** The settings that make a step differ. */
  private static Map<String, UnaryOperator<SamOptimizerBuilder>> settings(Operand<?> x) {
    Map<String, UnaryOperator<SamOptimizerBuilder>> settings = new LinkedHashMap<>();
    for (double p : new double[] {1, 1.5, 2, 3, 4, Double.POSITIVE_INFINITY}) {
      settings.put("norm " + p, sam -> sam.norm(p));
      settings.put("adaptive, norm " + p, sam -> sam.norm(p).adaptive(0.01f));
    }
    settings.put("conditions", sam -> sam.cpuOnly(true));
    settings.put("in place", sam -> sam.inPlace(true));
    settings.put("skip", sam -> sam.notFinite(NotFinite.SKIP).norm(3));
    settings.put("loss scale", sam -> sam.dynamicLossScale());
    settings.put("l2", sam -> sam.l2(0.01f));
    settings.put("parts", sam -> sam.microBatches(4, x));
    settings.put("parts in sequence", sam -> sam.microBatches(4, x).sequential(true));
    settings.put(
        "parts that share",
        sam -> sam.microBatches(4, x).sharePerturbation(SamOptimizer.ALL_REPLICAS));
    settings.put("subset", sam -> sam.ascentExamples(2, x));
    settings.put("fraction", sam -> sam.ascentFraction(0.25, x));
    settings.put("random subset", sam -> sam.ascentExamples(2, x).randomAscentExamples(true));
    return settings;
  }

  @BeforeAll
  static void onlyForABuildForGpus() {
    assumeTrue(Kernels.hasGpu(), "this TensorFlow is built for the CPU; run it with -Pgpu");
  }

  @ParameterizedTest
  @EnumSource(DtypesTest.Type.class)
  void everyOpOfEverySettingHasAKernel(DtypesTest.Type type) {
    assumeTrue(
        type != DtypesTest.Type.BFLOAT16 || multipliesBfloat16(),
        "this TensorFlow computes with bfloat16 on the CPU only");
    Set<String> problems = new TreeSet<>();
    List<String> names;
    try (Graph graph = new Graph()) {
      names = List.copyOf(settings(Ops.create(graph).constant(0)).keySet());
    }
    for (String name : names) {
      try (Graph graph = new Graph()) {
        Model model = new Model(graph, type.type);
        SamOptimizerBuilder sam =
            SamOptimizer.builder(graph, new GradientDescent(graph, 0.1f)).cpuOnly(false);
        Op train = settings(model.x).get(name).apply(sam).build().minimize(model.loss);
        check(train, name, problems);
      }
    }
    try (Graph graph = new Graph()) {
      Model model = new Model(graph, type.type);
      Operand<TFloat32> rho = Ops.create(graph).placeholder(TFloat32.class);
      SamOptimizerBuilder sam =
          SamOptimizer.builder(graph, new GradientDescent(graph, 0.1f)).cpuOnly(false).rho(rho);
      check(sam.build().minimize(model.loss), "rho from the graph", problems);
    }
    assertThat(problems).isEmpty();
  }

  @ParameterizedTest
  @EnumSource(ZeroRhoTest.Base.class)
  void everyOpOfEveryOptimizerHasAKernel(ZeroRhoTest.Base base) {
    Set<String> problems = new TreeSet<>();
    for (boolean sam : new boolean[] {true, false}) {
      try (Graph graph = new Graph()) {
        Model model = new Model(graph, TFloat32.class);
        Optimizer optimizer = base.maker.apply(graph);
        Optimizer wrapped =
            sam
                ? SamOptimizer.builder(graph, optimizer).cpuOnly(false).build()
                : new OrderedOptimizer(graph, optimizer);
        check(wrapped.minimize(model.loss), base.name(), problems);
      }
    }
    assertThat(problems).isEmpty();
  }

  private static boolean multipliesBfloat16() {
    return Kernels.forGpu("MatMul").stream()
        .anyMatch(kernel -> kernel.types.get("T").contains(BFLOAT16));
  }

  /** One output argument of an op type: a single tensor, or a list of them. */
  private record OutputArgument(String name, boolean isList) {
    int length(GraphOperation op) {
      return isList ? op.outputListLength(name) : 1;
    }
  }

  private static Map<String, List<OutputArgument>> outputs() {
    Map<String, List<OutputArgument>> byType = new HashMap<>();
    for (var op : TensorFlow.registeredOpList().getOpList()) {
      List<OutputArgument> arguments = new ArrayList<>();
      for (var output : op.getOutputArgList()) {
        boolean isList = !output.getNumberAttr().isEmpty() || !output.getTypeListAttr().isEmpty();
        arguments.add(new OutputArgument(output.getName(), isList));
      }
      byType.put(op.getName(), arguments);
    }
    return byType;
  }

  /** Two layers. */
  private static final class Model {
    final Operand<? extends TNumber> x;
    final Operand<? extends TNumber> loss;

    <T extends TNumber> Model(Graph graph, Class<T> type) {
      Ops tf = Ops.create(graph);
      Placeholder<T> input =
          tf.placeholder(type, Placeholder.shape(Shape.of(Shape.UNKNOWN_SIZE, IN)));
      Operand<T> hidden =
          tf.math.tanh(
              tf.nn.biasAdd(
                  tf.linalg.matMul(input, tf.variable(Shape.of(IN, HIDDEN), type)),
                  tf.variable(Shape.of(HIDDEN), type)));
      Operand<T> y = tf.linalg.matMul(hidden, tf.variable(Shape.of(HIDDEN, OUT), type));
      x = input;
      loss = tf.math.mean(tf.math.mul(y, y), tf.constant(new int[] {0, 1}));
    }
  }

  /**
   * TensorFlow computes the update of AdaGradDA, and that of any optimizer in bfloat16, on the host
   * only, and keeps such variables there: that is so without SAM, too.
   */
  private static boolean isUpdateWithoutKernel(GraphOperation op) {
    return op.type().equals("ApplyAdagradDA")
        || op.type().startsWith("Apply") && op.inputs().get(0).type() == TBfloat16.class;
  }

  @Test
  void onlyTheseUpdatesAreOnTheHost() {
    assertThat(Kernels.forGpu("ApplyAdagradDA")).isEmpty();
    try (Graph graph = new Graph()) {
      Model model = new Model(graph, TBfloat16.class);
      Op train = new SamOptimizer(graph, new GradientDescent(graph, 0.1f)).minimize(model.loss);
      int updates = 0;
      for (GraphOperation op : GraphOps.behind((GraphOperation) train.op())) {
        if (op.type().equals("ApplyGradientDescent")) {
          updates++;
          assertThat(Kernels.forGpu(op)).isEmpty();
        }
      }
      assertThat(updates).isPositive();
    }
  }

  /** An op that a GPU has no implementation of, pinned to one, could run nowhere. */
  @Test
  void whatOnlyCpusHaveIsNotPinnedToTheGpuOfAPart() {
    try (Graph graph = new Graph()) {
      Ops tf = Ops.create(graph);
      Placeholder<TFloat32> x =
          tf.placeholder(TFloat32.class, Placeholder.shape(Shape.of(-1, 4, 4, 3)));
      Variable<TFloat32> w = tf.variable(Shape.of(1, 1, 3, 3), TFloat32.class);
      Operand<TFloat32> y =
          tf.nn
              .fractionalMaxPool(
                  tf.nn.conv2d(x, w, List.of(1L, 1L, 1L, 1L), "SAME"),
                  List.of(1f, 1.5f, 1.5f, 1f),
                  FractionalMaxPool.deterministic(true),
                  FractionalMaxPool.seed(1L))
              .output();
      Operand<TFloat32> loss = tf.math.mean(y, tf.constant(new int[] {0, 1, 2, 3}));
      Op train =
          SamOptimizer.builder(graph, new GradientDescent(graph, 0.1f))
              .microBatches(2, x)
              .devices(List.of("/device:GPU:0", "/device:GPU:1"))
              .build()
              .minimize(loss);
      Map<String, Set<String>> devices = new HashMap<>();
      for (GraphOperation op : GraphOps.behind((GraphOperation) train.op())) {
        if (op.name().contains("/part1/") && !op.name().contains("/notFinite/")) {
          devices.computeIfAbsent(op.type(), type -> new TreeSet<>()).add(op.device());
        }
      }
      assertThat(devices.get("FractionalMaxPool")).containsExactly("");
      assertThat(devices.get("FractionalMaxPoolGrad")).containsExactly("");
      for (String type : List.of("Conv2D", "Conv2DBackpropFilter", "Identity", "L2Loss")) {
        assertThat(devices.get(type)).as(type).containsExactly("/device:GPU:1");
      }
    }
  }

  private static void check(Op train, String setting, Set<String> problems) {
    for (GraphOperation op : GraphOps.behind((GraphOperation) train.op())) {
      String what = setting + ": " + op.type() + " \"" + op.name() + "\" ";
      if (isUpdateWithoutKernel(op)) {
        continue;
      }
      Optional<Kernels.Kernel> kernel = Kernels.forGpu(op);
      if (kernel.isEmpty()) {
        boolean isOnHost = ON_THE_HOST.containsKey(op.type()) || handlesStrings(op);
        if (!isOnHost) {
          problems.add(what + "has no kernel for " + types(op));
        }
        // All that it takes, it takes from the host.
        for (Operand<?> input : op.inputs()) {
          requireSmall(input.asOutput(), what, problems);
        }
        continue;
      }
      Set<String> fromHost = kernel.get().hostArguments;
      int next = 0;
      for (OpDefs.Argument argument : OpDefs.of(op.type()).arguments) {
        for (int i = argument.length(op); i > 0; i--) {
          Output<?> input = op.inputs().get(next++).asOutput();
          if (fromHost.contains(argument.name)) {
            requireSmall(input, what, problems);
          }
        }
      }
      next = 0;
      for (OutputArgument argument : OUTPUTS.get(op.type())) {
        for (int i = argument.length(op); i > 0; i--) {
          Output<?> output = op.output(next++);
          if (fromHost.contains(argument.name)) {
            requireSmall(output, what, problems);
          }
        }
      }
    }
  }

  /** Shapes, numbers of examples, conditions, and a value for each variable: no weight or batch. */
  private static void requireSmall(Output<?> tensor, String what, Set<String> problems) {
    boolean counts = tensor.type() == TInt32.class || tensor.type() == TInt64.class;
    Shape shape = tensor.shape();
    boolean few = !shape.isUnknown() && !shape.hasUnknownDimension() && shape.size() <= FEW;
    if (!counts && !few && !tensor.type().getSimpleName().equals("TString")) {
      problems.add(what + "takes a tensor of shape " + shape + " to the host");
    }
  }

  private static boolean handlesStrings(GraphOperation op) {
    for (int i = 0; i < op.numOutputs(); i++) {
      if (op.output(i).type().getSimpleName().equals("TString")) {
        return true;
      }
    }
    return false;
  }

  private static String types(GraphOperation op) {
    StringBuilder types = new StringBuilder();
    for (Operand<?> input : op.inputs()) {
      types.append(input.type().getSimpleName()).append(' ');
    }
    return types.toString().strip();
  }
}
