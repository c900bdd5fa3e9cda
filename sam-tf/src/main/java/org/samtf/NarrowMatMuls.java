package org.samtf;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.samtf.internal.graph.GraphScope;
import org.samtf.internal.graph.Node;
import org.samtf.internal.graph.Reals;
import org.samtf.internal.graph.Upstream;
import org.tensorflow.GraphOperation;
import org.tensorflow.Operand;
import org.tensorflow.Operation;
import org.tensorflow.Output;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Ops;
import org.tensorflow.op.linalg.MatMul;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TFloat64;
import org.tensorflow.types.family.TNumber;

/**
 * The gradient of x·W in x as (W·δᵀ)ᵀ, where TensorFlow has δ·Wᵀ.
 *
 * <p>For δ·Wᵀ the kernels for CPUs first lay out W anew, which takes longer than the product itself
 * if δ has few rows. With 1024x1024 weights on 2 cores: 1.3 ms instead of 0.5 ms for 32 rows, 1.7
 * instead of 1.2 for 128, the same for 256, but 6.5 instead of 7.5 for 1024 and 0.3 instead of 0.5
 * for 8. The other form has only to transpose the small result.
 *
 * <p>The two differ in rounding, so this is for gradients that need not be, bit for bit, those of
 * the wrapped optimizer.
 */
final class NarrowMatMuls {

  /** Smaller weights are laid out at no cost worth mentioning. */
  private static final long MIN_WEIGHTS = 1 << 19;

  /** The rows for which it is worth it, where their number is known. */
  private static final long MIN_ROWS = 16;

  private static final long MAX_ROWS = 256;

  private static final Set<Class<?>> TYPES = Set.of(TFloat32.class, TFloat64.class);

  private final GraphScope scope;

  NarrowMatMuls(GraphScope scope) {
    this.scope = scope;
  }

  /** Whether a loss has products whose gradients can be written so. */
  static boolean areIn(Upstream forward) {
    for (Node node : forward.feeding()) {
      if (node.type.equals("MatMul")
          && isLarge(node.inputs[1].op.<TNumber>output(node.inputOutputs[1]))) {
        return true;
      }
    }
    return false;
  }

  /** Whether {@code op} is a δ·Wᵀ with large weights, not known to have very few or many rows. */
  boolean isBetterFor(GraphOperation op) {
    return op.type().equals("MatMul")
        && op.attributes().getAttrBool("transpose_b")
        && !op.attributes().getAttrBool("transpose_a")
        && TYPES.contains(op.output(0).type())
        && isLarge(op.inputs().get(1))
        && isNarrow(op.output(0).shape());
  }

  /** Writes the product of {@code inputs} in place of {@code op}. */
  GraphOperation write(GraphOperation op, List<Output<?>> inputs, Set<GraphOperation> controls) {
    String device = scope.getDeviceString().isEmpty() ? op.device() : scope.getDeviceString();
    Ops tf =
        scope
            .withDeviceString(device)
            .withName(op.name() + "T")
            .withControlDependencyOps(new ArrayList<Operation>(controls))
            .ops();
    Operand<TNumber> delta = Reals.unchecked(inputs.get(0));
    Operand<TNumber> weights = Reals.unchecked(inputs.get(1));
    Operand<TNumber> transposed = tf.linalg.matMul(weights, delta, MatMul.transposeB(true));
    Ops back = scope.withDeviceString(device).ops();
    return (GraphOperation)
        back.withName(op.name()).linalg.transpose(transposed, back.constant(new int[] {1, 0})).op();
  }

  private static boolean isNarrow(Shape product) {
    long rows = product.numDimensions() == 2 ? product.get(0) : Shape.UNKNOWN_SIZE;
    return rows == Shape.UNKNOWN_SIZE || rows >= MIN_ROWS && rows <= MAX_ROWS;
  }

  private static boolean isLarge(Operand<?> weights) {
    Shape shape = weights.shape();
    return shape.numDimensions() == 2
        && !shape.hasUnknownDimension()
        && shape.size() >= MIN_WEIGHTS;
  }
}
