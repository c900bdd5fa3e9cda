package org.samtf.internal.gradient;

import static java.util.Map.entry;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import org.samtf.internal.graph.CppGradients;
import org.tensorflow.GraphOperation;
import org.tensorflow.Operand;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.types.TFloat32;

/**
 * The table of gradients that are written here.
 *
 * <p>One of TensorFlow's C++, or one that the user has registered, goes before one of these. Which
 * there are differs between versions of TensorFlow, so some entries are in use on some lines only.
 */
public final class OpGradients {

  private static final Map<String, OpGradient> TABLE =
      Map.ofEntries(
          // Losses.
          entry("SparseSoftmaxCrossEntropyWithLogits", CrossEntropyGradients::sparse),
          entry("SoftmaxCrossEntropyWithLogits", CrossEntropyGradients::dense),
          // Convolutions and pooling.
          entry("Conv3D", ConvolutionGradients::conv3d),
          entry("Conv3DBackpropInputV2", ConvolutionGradients::conv3dTransposed),
          entry("DepthwiseConv2dNativeBackpropInput", ConvolutionGradients::depthwiseTransposed),
          entry("AvgPool3D", PoolingGradients::average3d),
          entry("MaxPool3D", PoolingGradients::max3d),
          entry("FusedBatchNorm", NormalizationGradients::fusedBatchNorm),
          entry("FusedBatchNormV2", NormalizationGradients::fusedBatchNorm),
          // Reading some entries.
          entry("Gather", IndexingGradients::gather),
          entry("TopKV2", IndexingGradients::topK),
          entry("SparseSegmentSum", SegmentGradients::sparseSum),
          entry("SparseSegmentSumWithNumSegments", SegmentGradients::sparseSum),
          entry("SparseSegmentMean", SegmentGradients::sparseMean),
          entry("SparseSegmentMeanWithNumSegments", SegmentGradients::sparseMean),
          entry("SparseSegmentSqrtN", SegmentGradients::sparseSqrtN),
          entry("SparseSegmentSqrtNWithNumSegments", SegmentGradients::sparseSqrtN),
          entry("SegmentMean", SegmentGradients::mean),
          // Matrices.
          entry("BatchMatMulV2", MatrixGradients::batchMatMul),
          entry("BatchMatMulV3", MatrixGradients::batchMatMul),
          entry("MatrixDiagV2", MatrixGradients::diagonalMatrix),
          entry("MatrixDiagV3", MatrixGradients::diagonalMatrix),
          entry("MatrixDiagPart", MatrixGradients::mainDiagonal),
          entry("MatrixDiagPartV2", MatrixGradients::diagonals),
          entry("MatrixDiagPartV3", MatrixGradients::diagonals),
          entry("MatrixSetDiag", MatrixGradients::withMainDiagonal),
          entry("MatrixSetDiagV2", MatrixGradients::withDiagonals),
          entry("MatrixSetDiagV3", MatrixGradients::withDiagonals),
          // Entry by entry.
          entry("Xlogy", ElementwiseGradients::xlogy),
          entry("Xlog1py", ElementwiseGradients::xlog1py),
          entry("Xdivy", ElementwiseGradients::xdivy),
          entry("MulNoNan", ElementwiseGradients::mulNoNan),
          entry("FloorMod", ElementwiseGradients::floorMod),
          entry("Erfc", ElementwiseGradients::erfc),
          entry("Erfinv", ElementwiseGradients::erfinv),
          entry("Ndtri", ElementwiseGradients::ndtri),
          entry("Lgamma", ElementwiseGradients::lgamma),
          entry("Digamma", ElementwiseGradients::digamma),
          entry("Polygamma", ElementwiseGradients::polygamma),
          entry("Cumprod", CumulativeGradients::product),
          entry("Ceil", ElementwiseGradients::none),
          entry("Round", ElementwiseGradients::none),
          entry("Rint", ElementwiseGradients::none),
          entry("FloorDiv", ElementwiseGradients::none),
          entry("OnesLike", ElementwiseGradients::none),
          // Handing on.
          entry("IdentityN", IdentityGradients::ofEach),
          entry("Snapshot", IdentityGradients::ofFirst),
          entry("EnsureShape", IdentityGradients::ofFirst),
          entry("PlaceholderWithDefault", IdentityGradients::ofFirst),
          entry("Print", IdentityGradients::ofFirst));

  /** What C++ has a gradient for that fails on some ops of the type. */
  private static final Map<String, Predicate<GraphOperation>> CPP_FAILS =
      Map.of(
          // It multiplies by a constant of float32, and does not sum over rows that were repeated.
          "SoftmaxCrossEntropyWithLogits",
          op -> !TFloat32.class.equals(op.output(0).type()) || repeatsRows(op));

  private OpGradients() {}

  private static boolean repeatsRows(GraphOperation op) {
    List<Operand<?>> inputs = op.inputs();
    Shape logits = inputs.get(0).asOutput().shape();
    return !logits.isCompatibleWith(inputs.get(1).asOutput().shape());
  }

  /** Whether some ops of a type have a gradient here that C++ lacks. */
  public static boolean mayHave(String type) {
    return TABLE.containsKey(type) && (CPP_FAILS.containsKey(type) || !CppGradients.has(type));
  }

  /** The gradient of an op, if it is to be taken from here. */
  static Optional<OpGradient> of(GraphOperation op) {
    OpGradient gradient = TABLE.get(op.type());
    boolean isNeeded =
        gradient != null
            && (!CppGradients.has(op.type())
                || CPP_FAILS.getOrDefault(op.type(), any -> false).test(op));
    return isNeeded ? Optional.of(gradient) : Optional.empty();
  }
}
