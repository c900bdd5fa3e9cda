package org.samtf;

import java.util.List;
import java.util.Map;
import org.samtf.internal.graph.GraphScope;
import org.tensorflow.Output;

/** A replica at w. */
final class FirstPass {

  final Replica replica;

  /** Where the ops that serve the replica go. */
  final GraphScope scope;

  /** g = ∇L(w), by variable: all that are trained. */
  final Map<Output<?>, Output<?>> gradients;

  /** The variables of {@link #gradients} that are perturbed. */
  final List<Output<?>> perturbed;

  FirstPass(
      Replica replica,
      GraphScope scope,
      Map<Output<?>, Output<?>> gradients,
      List<Output<?>> perturbed) {
    this.replica = replica;
    this.scope = scope;
    this.gradients = gradients;
    this.perturbed = perturbed;
  }

  /** Whether the loss at w+ε is computed from variables that are updated as they are. */
  boolean hasUnperturbed() {
    return perturbed.size() < gradients.size();
  }
}
