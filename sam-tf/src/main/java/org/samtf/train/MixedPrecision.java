package org.samtf.train;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.samtf.internal.graph.Arguments;
import org.samtf.internal.graph.GraphCopy;
import org.samtf.internal.graph.GraphScope;
import org.samtf.internal.graph.NamePatterns;
import org.samtf.internal.graph.Node;
import org.samtf.internal.graph.OpDefs;
import org.samtf.internal.graph.OpKinds;
import org.samtf.internal.graph.Reals;
import org.samtf.internal.graph.Upstream;
import org.tensorflow.Graph;
import org.tensorflow.GraphOperation;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TBfloat16;
import org.tensorflow.types.TFloat16;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.family.TNumber;
import org.tensorflow.types.family.TType;

/**
 * A loss in float32, computed with products and convolutions in half precision: Micikevicius et al.
 * 2018, "Mixed Precision Training", section 3.
 *
 * <p>The ops on the way from the weights to the loss are copied. Products of matrices and
 * convolutions read their inputs as float16 or bfloat16; what is harmless there goes on in that
 * type (activations, pooling, adding a bias, batch normalization with its statistics in float32);
 * all else, such as sums, means, the softmax and the loss, is computed in float32, with casts in
 * between. The weights stay in float32, and so do their gradients, the optimizer's slots and SAM's
 * ε: what is minimized is another tensor, nothing else is.
 *
 * <pre>{@code
 * MixedPrecision mixed = MixedPrecision.of(graph, loss, TFloat16.class);
 * Op train =
 *     SamOptimizer.builder(graph, base).dynamicLossScale().build().minimize(mixed.loss());
 * }</pre>
 *
 * <p>Gradients in float16 need a loss scale; those in bfloat16 have the range of float32. It is for
 * processors that compute in these types, which GPUs are; on a CPU without such instructions it is
 * slower than float32.
 */
public final class MixedPrecision {

  private static final String NAME = "Mixed";

  /** What half precision is for: TensorFlow's kernels add up in float32. */
  private static final Set<String> NARROW =
      Set.of(
          "MatMul",
          "BatchMatMul",
          "BatchMatMulV2",
          "BatchMatMulV3",
          "Conv2D",
          "Conv2DBackpropInput",
          "DepthwiseConv2dNative",
          "Einsum");

  /** Compute no sums, and leave the magnitude about as it is. */
  private static final Set<String> FOLLOWING =
      Set.of(
          "Add",
          "AddV2",
          "AvgPool",
          "BiasAdd",
          "ConcatV2",
          "Elu",
          "ExpandDims",
          "FusedBatchNormV3",
          "Identity",
          "LeakyRelu",
          "MaxPool",
          "Mul",
          "Pad",
          "Relu",
          "Relu6",
          "Reshape",
          "Sigmoid",
          "Slice",
          "Split",
          "Squeeze",
          "StridedSlice",
          "Sub",
          "Tanh",
          "Transpose");

  private final Graph graph;
  private final GraphScope scope;
  private final Class<? extends TNumber> type;
  private final GraphCopy copy;
  private final Set<GraphOperation> narrow = new HashSet<>();
  private final Set<GraphOperation> copied = new HashSet<>();

  /** By tensor, in the other precision. */
  private final Map<Output<?>, Output<?>> casts = new HashMap<>();

  private final Output<?> loss;

  private MixedPrecision(
      Graph graph, Output<?> loss, Class<? extends TNumber> type, List<String> inFloat32) {
    this.graph = graph;
    this.scope = GraphScope.unique(graph, NAME);
    this.type = type;
    this.copy = GraphCopy.below(scope).reading(this::read);
    Upstream upstream = new Upstream(loss);
    List<Node> feeding = upstream.feeding();
    Set<String> names = new HashSet<>();
    feeding.forEach(node -> names.add(node.name));
    Set<String> kept = NamePatterns.matching("inFloat32", inFloat32, names);
    for (Node node : feeding) {
      write(node, kept);
    }
    if (narrow.isEmpty()) {
      throw new IllegalArgumentException(
          "loss \""
              + loss.op().name()
              + "\" is computed by no product of matrices and no convolution in float32"
              + (kept.isEmpty() ? "" : " that inFloat32 leaves")
              + ", so nothing would be in half precision; minimize it as it is");
    }
    this.loss = mixed(loss);
  }

  /**
   * Copies what a loss is computed by, with products and convolutions in half precision.
   *
   * @param graph the graph, complete up to the loss
   * @param loss of float32
   * @param type {@link TFloat16} or {@link TBfloat16}
   * @param inFloat32 names of ops that stay in float32: globs such as {@code head/*}, or regular
   *     expressions such as {@code regex:head.*}
   * @return the copy
   * @throws IllegalArgumentException if {@code loss} is of another graph or type, {@code type} is
   *     another one, a pattern matches no op, there is nothing to compute in half precision, or an
   *     op is in the way that cannot be copied; the message names it
   */
  public static MixedPrecision of(
      Graph graph, Operand<?> loss, Class<? extends TNumber> type, String... inFloat32) {
    Arguments.given(graph, "graph");
    Output<?> output = Arguments.ofGraph(graph, loss, "loss").asOutput();
    if (output.type() != TFloat32.class) {
      throw new IllegalArgumentException(
          "loss \""
              + output.op().name()
              + "\" is "
              + output.type().getSimpleName()
              + "; mixed precision is for a loss of TFloat32");
    }
    if (type != TFloat16.class && type != TBfloat16.class) {
      throw new IllegalArgumentException(
          "type is "
              + (type == null ? "null" : type.getSimpleName())
              + "; it must be TFloat16 or TBfloat16");
    }
    return new MixedPrecision(
        graph, output, type, List.of(Arguments.noneNull(inFloat32, "inFloat32")));
  }

  /**
   * The loss to minimize.
   *
   * @return of float32
   */
  public Operand<TFloat32> loss() {
    return Reals.unchecked(loss);
  }

  /**
   * A tensor that the loss is computed from, as it is computed for {@link #loss}: such as the
   * statistics of a batch that moving averages follow. To read the tensor itself would compute the
   * batch once more, in float32.
   *
   * @param tensor a tensor of the graph
   * @param <T> its type
   * @return a tensor of the same type; {@code tensor} itself where there is no copy of it
   * @throws IllegalArgumentException if {@code tensor} is of another graph
   */
  public <T extends TType> Operand<T> of(Operand<T> tensor) {
    Output<T> original = Arguments.ofGraph(graph, tensor, "tensor").asOutput();
    return Reals.unchecked(mixed(original));
  }

  private Output<?> mixed(Output<?> original) {
    Output<?> mixed = copy.of(original);
    return isNarrow(mixed) && !isNarrow(original) ? cast(mixed, TFloat32.class) : mixed;
  }

  private void write(Node node, Set<String> inFloat32) {
    GraphOperation op = node.op;
    boolean isKept = inFloat32.contains(node.name);
    if (NARROW.contains(node.type) && !isKept && isFloat32(op.output(0))) {
      narrow.add(op);
    } else if (!isKept && follows(node)) {
      narrow.add(op);
    } else if (!anyCopied(node)) {
      return;
    }
    if (OpDefs.of(node.type).takesRef || OpKinds.isLoop(node.type)) {
      throw new IllegalArgumentException(
          "op \""
              + node.name
              + "\" ("
              + node.type
              + ") "
              + (OpKinds.isLoop(node.type)
                  ? "is part of a loop with a back edge, which cannot be copied; unroll the loop"
                  : "takes a variable itself, so the loss is computed from what it assigns; keep it"
                      + " off the path from the weights to the loss")
              + ", or train in float32");
    }
    copied.add(op);
    copy.add(op);
  }

  /** Whether an op goes on in half precision, since what it reads comes so. */
  private boolean follows(Node node) {
    if (OpKinds.isShapeReader(node.type)) {
      return anyCopied(node);
    }
    if (!FOLLOWING.contains(node.type)) {
      return false;
    }
    for (int i = 0; i < node.inputs.length; i++) {
      Output<?> input = node.input(i);
      if (isNarrowInput(node.op, i, input) && isNarrow(copy.of(input))) {
        return true;
      }
    }
    return false;
  }

  private boolean anyCopied(Node node) {
    for (Node input : node.inputs) {
      if (copied.contains(input.op)) {
        return true;
      }
    }
    return false;
  }

  /** Whether a narrow op reads an input in half precision: not what normalizes a batch. */
  private static boolean isNarrowInput(GraphOperation reader, int index, Output<?> input) {
    return isFloat32(input) && (index == 0 || !reader.type().startsWith("FusedBatchNorm"));
  }

  private Output<?> read(GraphOperation reader, int index, Output<?> input) {
    Output<?> mixed = copy.of(input);
    if (OpKinds.isShapeReader(reader.type())) {
      return mixed;
    }
    if (narrow.contains(reader) && isNarrowInput(reader, index, input)) {
      return isNarrow(mixed) ? mixed : cast(mixed, type);
    }
    return isNarrow(mixed) && isFloat32(input) ? cast(mixed, TFloat32.class) : mixed;
  }

  /** One cast of a tensor for all that read it. */
  private Output<?> cast(Output<?> tensor, Class<? extends TNumber> to) {
    return casts.computeIfAbsent(
        tensor,
        from -> {
          GraphOperation op = (GraphOperation) from.op();
          Ops tf = scope.withDeviceString(op.device()).ops();
          return tf.dtypes.cast(Reals.<Operand<TNumber>>unchecked(from), to).asOutput();
        });
  }

  private static boolean isFloat32(Output<?> output) {
    return output.type() == TFloat32.class;
  }

  private boolean isNarrow(Output<?> output) {
    return output.type() == type;
  }

  /**
   * Which ops are computed in half precision.
   *
   * @return their names, sorted
   */
  public List<String> narrowOps() {
    List<String> names = new ArrayList<>();
    narrow.forEach(op -> names.add(op.name()));
    names.sort(null);
    return names;
  }
}
