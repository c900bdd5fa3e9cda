package org.samtf.examples.model;

import java.util.List;
import java.util.Optional;
import org.samtf.examples.random.RandomStreams;
import org.tensorflow.Operand;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Variable;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TInt64;

/**
 * The random numbers of a step.
 *
 * <p>They depend on a seed and on a variable that counts the steps, and on nothing else. The random
 * ops with a generator of their own are no choice: its state is hidden in TensorFlow, so a run that
 * is resumed could not go on with the numbers that it would have drawn.
 */
final class Draws {

  /** Name of the variable. */
  static final String COUNTER = "steps_taken";

  private final Ops tf;
  private final Variables variables;
  private final long seed;
  private Variable<TInt64> counter;

  Draws(Ops tf, Variables variables, long seed) {
    this.tf = tf;
    this.variables = variables;
    this.seed = seed;
  }

  /** Numbers in [0, 1), others in each step; each purpose has a stream of its own. */
  Operand<TFloat32> uniform(Ops ops, String purpose, Operand<TInt32> shape) {
    return ops.random.statelessRandomUniform(shape, seed(ops, purpose), TFloat32.class);
  }

  /** Two integers to draw from, others in each step. */
  Operand<TInt64> seed(Ops ops, String purpose) {
    if (counter == null) {
      counter = variables.counter(COUNTER);
    }
    long stream = RandomStreams.key(seed, "steps of " + purpose);
    return ops.stack(List.of(ops.constant(stream), counter));
  }

  /** Counts a step, once {@code step} has been taken; empty if nothing is drawn. */
  Optional<Op> advance(Op step) {
    if (counter == null) {
      return Optional.empty();
    }
    Ops after = tf.withSubScope("draws").withControlDependencies(step);
    return Optional.of(after.assignAdd(counter, after.constant(1L)));
  }
}
