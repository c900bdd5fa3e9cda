package org.samtf.examples.model;

import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;

/** Sets a share of the values to zero in training and scales the rest up; inference passes all. */
final class Dropout implements Layer {

  private final String name;
  private final int units;
  private final float rate;

  Dropout(String name, int units, float rate) {
    this.name = name;
    this.units = units;
    this.rate = rate;
  }

  @Override
  public Operand<TFloat32> apply(Pass pass, Operand<TFloat32> x) {
    if (!pass.training() || rate == 0) {
      return x;
    }
    Ops tf = pass.tf().withSubScope(name);
    Operand<TFloat32> uniform = pass.uniform(tf, name, units);
    Operand<TFloat32> kept =
        tf.dtypes.cast(tf.math.greaterEqual(uniform, tf.constant(rate)), TFloat32.class);
    return tf.math.mul(x, tf.math.mul(kept, tf.constant(1 / (1 - rate))));
  }
}
