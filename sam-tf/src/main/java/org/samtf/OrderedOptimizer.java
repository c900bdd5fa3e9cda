package org.samtf;

import java.util.ArrayList;
import java.util.List;
import org.samtf.internal.graph.Arguments;
import org.samtf.internal.graph.GraphScope;
import org.samtf.internal.graph.Kernels;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.framework.optimizers.Optimizer;
import org.tensorflow.types.family.TType;

/**
 * Any TF-Java optimizer, with its step in a defined order.
 *
 * <p>TF-Java's Adam, Adamax and AdaGradDA keep step state (powers of β, a step count) that a step
 * reads and advances, and nothing in the graph says which comes first: the same training gives
 * other weights from run to run. Nadam and AdaGradDA advance some of it without waiting for the
 * gradients, so that it has moved on even if the step fails. Around them, this class makes each
 * step do what the optimizer's code says, in the order in which it says it. It also
 *
 * <ul>
 *   <li>assigns nothing before every gradient is there and finite: if one has a NaN or an infinity,
 *       {@code session.run} fails with a message that names the variable, and nothing has changed;
 *   <li>trains the variables that the loss reaches, where TF-Java fails when the graph has others;
 *   <li>orders n updates behind n gradients with n edges, where TF-Java has n².
 * </ul>
 *
 * <p>{@link SamOptimizer} does the same for its own step: this class is for training without SAM,
 * and for comparisons with it that are fair.
 *
 * <pre>{@code
 * Op train = new OrderedOptimizer(graph, new Adam(graph)).minimize(loss);
 * }</pre>
 */
public final class OrderedOptimizer extends WrappingOptimizer {

  /**
   * Creates the optimizer.
   *
   * @param graph the graph to optimize
   * @param base the optimizer whose step is ordered, made for the same graph
   * @throws IllegalArgumentException if {@code base} was made for another graph
   */
  public OrderedOptimizer(Graph graph, Optimizer base) {
    super(graph, wrappable(graph, base), "Ordered");
  }

  /**
   * Adds the ops that compute the gradients of a loss.
   *
   * @param loss the loss, of a floating-point type; if it is not a scalar, the sum of its entries
   *     is meant
   * @return a gradient for every trainable variable that the loss reaches; they are there once all
   *     of them, and the loss, have been computed
   * @throws IllegalArgumentException if the loss reaches no trainable variable, or cannot be
   *     differentiated
   */
  @Override
  public <T extends TType> List<GradAndVar<?>> computeGradients(Operand<?> loss) {
    Replica replica = new Replica(Arguments.ofGraph(graph, loss, "loss").asOutput());
    GraphScope scope = newStep();
    List<Output<?>> xs = TrainedVariables.all(List.of(replica)).in(replica.forward);
    Output<?>[] all =
        Differentiation.gradients(
            replica.loss, xs.toArray(new Output<?>[0]), scope, false, DeviceReads.none());
    List<Output<?>> variables = new ArrayList<>();
    List<Output<?>> gradients = new ArrayList<>();
    List<String> names = new ArrayList<>();
    for (int i = 0; i < all.length; i++) {
      if (!all[i].isClosed()) {
        variables.add(xs.get(i));
        gradients.add(all[i]);
        names.add(xs.get(i).op().name());
      }
    }
    if (gradients.isEmpty()) {
      throw TrainedVariables.withoutVariables(List.of(replica));
    }
    Barrier barrier =
        new Barrier(
            scope,
            gradients,
            Packing.of(!Kernels.hasGpu(), gradients, names),
            "gradient",
            List.of(),
            List.of(loss));
    return release(new UpdateGradients(variables, barrier));
  }

  @Override
  public String getOptimizerName() {
    return "Ordered" + base.getOptimizerName();
  }

  @Override
  public String toString() {
    return "OrderedOptimizer{base=" + base + '}';
  }
}
