package org.samtf.examples.model;

import java.util.List;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.op.random.RandomUniform;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;

/** Sets a share of the values to zero in training and scales the rest up; inference passes all. */
final class Dropout implements Layer {

  private final String name;
  private final int units;
  private final float rate;
  private final long seed;

  Dropout(String name, int units, float rate, long seed) {
    this.name = name;
    this.units = units;
    this.rate = rate;
    this.seed = seed;
  }

  @Override
  public Operand<TFloat32> apply(Pass pass, Operand<TFloat32> x) {
    if (!pass.training() || rate == 0) {
      return x;
    }
    Ops tf = pass.tf().withSubScope(name);
    Operand<TInt32> shape = tf.concat(List.of(pass.batchSize(), tf.array(units)), tf.constant(0));
    // The pair (0, 0) would mean a seed from the clock; the name's part is never 0.
    Operand<TFloat32> uniform =
        tf.random.randomUniform(
            shape,
            TFloat32.class,
            RandomUniform.seed(seed),
            RandomUniform.seed2(1L + (name.hashCode() & 0xffff)));
    Operand<TFloat32> kept =
        tf.dtypes.cast(tf.math.greaterEqual(uniform, tf.constant(rate)), TFloat32.class);
    return tf.math.mul(x, tf.math.mul(kept, tf.constant(1 / (1 - rate))));
  }
}
