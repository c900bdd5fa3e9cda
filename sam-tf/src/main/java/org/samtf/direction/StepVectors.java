package org.samtf.direction;

import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TInt64;
import org.tensorflow.types.family.TNumber;

/** What a direction is made of: the vectors of the step that is being written. */
public interface StepVectors {

  /**
   * The gradient at the weights.
   *
   * @return g = ∇L(w): of an ascent that of its replicas, of a descent the mean over all replicas
   */
  WeightVector gradient();

  /**
   * The weights before the update.
   *
   * @return w
   */
  WeightVector weights();

  /**
   * The momentum that the wrapped optimizer keeps; if it keeps none, an average of the gradients
   * that it was given, which this step keeps in its place.
   *
   * @return v, as it is before the update
   * @throws IllegalStateException if the direction does not say that it {@link
   *     AscentDirection#readsMomentum reads} it
   */
  WeightVector momentum();

  /**
   * Independent standard normal numbers, others in each step and for each replica.
   *
   * @param seed the same seed gives the same numbers in the same step, also after a resume
   * @return a random vector
   */
  WeightVector normal(long seed);

  /**
   * A vector that was kept by an earlier step, in variables that are saved, restored and exported
   * with the others. An ascent and a descent do not see what the other keeps.
   *
   * @param name of letters, digits and underscores
   * @return what {@link #keep} was last given for this name; zero before
   */
  WeightVector kept(String name);

  /**
   * Keeps a vector for the steps to come, once this step has nothing left that can fail. Replicas
   * that keep under one name keep the mean.
   *
   * @param name as for {@link #kept}
   * @param vector the vector
   */
  void keep(String name, WeightVector vector);

  /**
   * A number that was kept by an earlier step; as {@link #kept}.
   *
   * @param name of letters, digits and underscores; a vector may have the same
   * @return a scalar of the type of {@link #scalar}: what {@link #keepScalar} was last given for
   *     this name; zero before
   */
  Operand<TNumber> keptScalar(String name);

  /**
   * Keeps a number, in float64; as {@link #keep}.
   *
   * @param name as for {@link #keptScalar}
   * @param value a scalar of a floating-point type
   */
  void keepScalar(String name, Operand<? extends TNumber> value);

  /**
   * How many steps were taken before this one.
   *
   * @return a scalar
   */
  Operand<TInt64> steps();

  /**
   * How many steps with a second pass were taken before this one.
   *
   * @return a scalar; {@link #steps()} where each step has one
   */
  Operand<TInt64> ascents();

  /**
   * Where to add other ops.
   *
   * @return ops in the name scope of the step
   */
  Ops ops();

  /**
   * A constant scalar, of the type that scalars have here.
   *
   * @param value its value
   * @return float32, or float64 if any variable is
   */
  Operand<TNumber> scalar(double value);
}
