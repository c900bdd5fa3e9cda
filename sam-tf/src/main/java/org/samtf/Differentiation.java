package org.samtf;

import org.samtf.internal.gradient.Backpropagation;
import org.samtf.internal.graph.GraphScope;
import org.samtf.internal.graph.Messages;
import org.tensorflow.Output;
import org.tensorflow.exceptions.TensorFlowException;

/**
 * Asks for the gradients of a loss, and says what to do where there are none.
 *
 * <p>They are TensorFlow's own. Only if an op of the loss has none there, but one of ours, or may
 * fail on a variable itself, {@link Backpropagation} takes over.
 */
final class Differentiation {

  private Differentiation() {}

  /**
   * Adds the ops that compute the gradients of {@code loss}.
   *
   * @param of what the loss is computed by, or what its ops were copied from
   * @param outer what the loss is multiplied with before its entries are added up, of its shape;
   *     null for ones
   * @param xs what to differentiate in
   * @param scope where the ops go; if it has a device, they are on it
   * @param narrowMatMuls whether to look for {@link NarrowMatMuls}
   * @param reads how variables are read on a device
   * @return a gradient for each of {@code xs}, null where none flows
   * @throws IllegalArgumentException if there is no gradient of an op on the way
   */
  static Output<?>[] gradients(
      Output<?> loss,
      Replica of,
      Output<?> outer,
      Output<?>[] xs,
      GraphScope scope,
      boolean narrowMatMuls,
      DeviceReads reads) {
    GraphScope at = scope.withSubScope("gradients");
    try {
      Output<?>[] gradients =
          of.mayNeedOwnGradients
              ? Backpropagation.gradients(loss, outer, xs, at)
              : ofTensorFlow(loss, outer, xs, at);
      return GradientRewriter.rewrite(gradients, at.path() + "/", scope, narrowMatMuls, reads);
    } catch (TensorFlowException | IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "loss \"" + loss.op().name() + "\" cannot be differentiated: " + Messages.firstLine(e),
          e);
    }
  }

  private static Output<?>[] ofTensorFlow(
      Output<?> loss, Output<?> outer, Output<?>[] xs, GraphScope at) {
    Output<?>[] dys = outer == null ? null : new Output<?>[] {outer};
    Output<?>[] gradients = at.env().addGradients(at.path(), new Output<?>[] {loss}, xs, dys);
    for (int i = 0; i < gradients.length; i++) {
      if (gradients[i].isClosed()) {
        gradients[i] = null;
      }
    }
    return gradients;
  }
}
