package org.samtf.internal.gradient;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.samtf.internal.graph.Edges;
import org.samtf.internal.graph.GraphCopy;
import org.samtf.internal.graph.GraphScope;
import org.samtf.internal.graph.OpDefs;
import org.samtf.internal.graph.OpKinds;
import org.tensorflow.Graph;
import org.tensorflow.GraphOperation;
import org.tensorflow.Output;
import org.tensorflow.op.Operands;
import org.tensorflow.op.Ops;

/**
 * The forward ops that C++ has gradients of, in a graph of their own, to be differentiated there.
 *
 * <p>What they read from elsewhere is a placeholder. The gradients are written in the model's
 * graph: as C++ writes them here, but of the model's own tensors. Nothing of this graph is ever
 * run.
 */
final class UncutStretch implements AutoCloseable {

  /** Up to this size a constant is copied: gradients may look at axes and the like. */
  private static final long SMALL = 64;

  /**
   * In TensorFlow's numbering of types, that of a reference is this much above that of its value.
   */
  private static final int REFERENCES = 100;

  private final GraphScope target;
  private final Predicate<Output<?>> isCut;
  private final Graph graph = new Graph();
  private final GraphScope scope = GraphScope.unique(graph, "forward");
  private final Ops tf = Ops.create(graph);
  private final Map<Output<?>, Output<?>> standIns = new HashMap<>();
  private final Map<Output<?>, Output<?>> stoodFor = new HashMap<>();

  /** From the model's graph to this one. */
  private final GraphCopy here;

  /** From this graph to the model's. */
  private final GraphCopy back;

  private boolean hasFunctions;
  private int calls;

  /**
   * An empty stretch.
   *
   * @param target where the gradients go
   * @param isCut whether a tensor of the model is to be given, not computed
   */
  UncutStretch(GraphScope target, Predicate<Output<?>> isCut) {
    this.target = target;
    this.isCut = isCut;
    this.here =
        GraphCopy.below(scope)
            .reading((reader, index, input) -> standIns.getOrDefault(input, input))
            .waitingFor(control -> null);
    this.back =
        GraphCopy.below(target)
            .reading((reader, index, input) -> stoodFor.getOrDefault(input, input));
  }

  /**
   * Adds a forward op; those that it is computed from, and that are not cut off, come before it.
   *
   * @throws IllegalArgumentException if it cannot be differentiated apart from its graph
   */
  void add(GraphOperation op, List<Output<?>> inputs) {
    if (OpKinds.isLoop(op.type()) || OpDefs.of(op.type()).takesRef) {
      throw new IllegalArgumentException(
          "op \""
              + op.name()
              + "\" ("
              + op.type()
              + ") does not go together with ops that TensorFlow has no gradient for; "
              + (OpKinds.isLoop(op.type())
                  ? "unroll the loop"
                  : "read the variable through tf.identity"));
    }
    if (OpKinds.isCall(op.type()) && !hasFunctions) {
      hasFunctions = true;
      ((Graph) op.env()).getFunctions().forEach(graph::attachFunction);
    }
    for (Output<?> input : inputs) {
      if (isCut.test(input) || here.of((GraphOperation) input.op()) == input.op()) {
        standIns.computeIfAbsent(input, this::standIn);
      }
    }
    back.put(here.add(op), op);
  }

  private Output<?> standIn(Output<?> tensor) {
    GraphOperation op = (GraphOperation) tensor.op();
    if (op.type().equals("Const") && isSmall(tensor)) {
      GraphOperation copy = here.add(op);
      back.put(copy, op);
      return copy.output(0);
    }
    // A placeholder is no reference; and TensorFlow has types that TF-Java has no class for.
    boolean isReference = tensor.dataType().getNumber() > REFERENCES;
    Output<?> placeholder =
        graph
            .opBuilder("Placeholder", scope.makeOpName("Placeholder"), scope)
            .setAttr("dtype", isReference ? Operands.toDataType(tensor.type()) : tensor.dataType())
            .setAttr("shape", tensor.shape())
            .build()
            .output(0);
    stoodFor.put(placeholder, tensor);
    back.put((GraphOperation) placeholder.op(), op);
    return placeholder;
  }

  private static boolean isSmall(Output<?> tensor) {
    return !tensor.shape().hasUnknownDimension() && tensor.shape().size() <= SMALL;
  }

  /**
   * Writes gradients in the model's graph.
   *
   * @param gradients the gradients in tensors of the model
   * @param xs what to go back to: given tensors of the model that those are computed from
   * @return the gradients in {@code xs}, null where none flows
   */
  Output<?>[] gradients(Map<Output<?>, Output<?>> gradients, List<Output<?>> xs) {
    List<Output<?>> ys = new ArrayList<>();
    List<Output<?>> dys = new ArrayList<>();
    gradients.forEach(
        (tensor, gradient) -> {
          // C++ does not look beyond a tensor that it starts from: no other may come after one.
          Output<?> y = here.of(tensor);
          ys.add(gradients.size() == 1 ? y : tf.identity(y).asOutput());
          dys.add(standIn(gradient));
        });
    Output<?>[] inputs = xs.stream().map(standIns::get).toArray(Output<?>[]::new);
    String prefix = "part" + calls++;
    Output<?>[] found =
        graph.addGradients(
            prefix, ys.toArray(new Output<?>[0]), inputs, dys.toArray(new Output<?>[0]));
    List<GraphOperation> last = new ArrayList<>();
    for (Output<?> gradient : found) {
      if (!gradient.isClosed() && isNew(gradient, prefix)) {
        last.add((GraphOperation) gradient.op());
      }
    }
    Edges.inputsFirst(last, op -> op.name().startsWith(prefix + "/")).forEach(back::add);
    Output<?>[] results = new Output<?>[found.length];
    for (int i = 0; i < found.length; i++) {
      results[i] =
          found[i].isClosed()
              ? null
              : stoodFor.containsKey(found[i]) ? stoodFor.get(found[i]) : back.of(found[i]);
    }
    return results;
  }

  private static boolean isNew(Output<?> gradient, String prefix) {
    return gradient.op().name().startsWith(prefix + "/");
  }

  @Override
  public void close() {
    graph.close();
  }
}
