package org.samtf.internal.gradient;

/** How gradients go back through an op: one more entry of {@link OpGradients}. */
@FunctionalInterface
interface OpGradient {

  /**
   * Writes the gradients in the op's inputs, from those in its outputs.
   *
   * @param at the op, what it has read and computed, and where the gradients go
   * @throws IllegalArgumentException if it has no gradient as it stands here; the message goes
   *     behind the name of the op
   */
  void backprop(AtOp at);
}
