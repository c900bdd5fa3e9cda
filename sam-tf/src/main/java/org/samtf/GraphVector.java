package org.samtf;

import java.util.ArrayList;
import java.util.List;
import org.samtf.direction.WeightVector;
import org.samtf.internal.graph.EuclideanNorm;
import org.samtf.internal.graph.InnerProduct;
import org.samtf.internal.graph.Magnitudes;
import org.samtf.internal.graph.Projection;
import org.samtf.internal.graph.Reals;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.types.family.TNumber;

/** A vector over all weights, as one tensor a variable, each where the ops of its variable are. */
final class GraphVector implements WeightVector {

  /** Where the ops go that compute the vectors of a step. */
  static final class Space {
    private final Ops tf;
    private final List<Ops> places;
    private final Class<TNumber> type;
    private final boolean cpuOnly;

    /**
     * A space.
     *
     * @param tf where scalars are computed
     * @param places where the entries of each variable are
     * @param type that of scalars
     */
    Space(Ops tf, List<Ops> places, Class<TNumber> type, boolean cpuOnly) {
      this.tf = tf;
      this.places = places;
      this.type = type;
      this.cpuOnly = cpuOnly;
    }

    /** A vector of tensors of any floating-point types, one a variable. */
    GraphVector vector(List<? extends Operand<?>> tensors) {
      List<Operand<TNumber>> parts = new ArrayList<>();
      for (int i = 0; i < tensors.size(); i++) {
        Operand<?> tensor = tensors.get(i);
        parts.add(new Reals(places.get(i)).cast(tensor, Reals.computeType(tensor)));
      }
      return new GraphVector(this, parts);
    }

    Ops ops() {
      return tf;
    }

    Ops ops(int variable) {
      return places.get(variable);
    }

    Operand<TNumber> scalar(double value) {
      return new Reals(tf).constant(value, type);
    }
  }

  private final Space space;
  private final List<Operand<TNumber>> parts;
  private Operand<TNumber> norm;

  private GraphVector(Space space, List<Operand<TNumber>> parts) {
    this.space = space;
    this.parts = List.copyOf(parts);
  }

  @Override
  public WeightVector plus(WeightVector other) {
    return zip(other, (tf, x, y) -> tf.math.add(x, y));
  }

  @Override
  public WeightVector minus(WeightVector other) {
    return zip(other, (tf, x, y) -> tf.math.sub(x, y));
  }

  @Override
  public WeightVector times(double factor) {
    return map((tf, x) -> tf.math.mul(x, new Reals(tf).constant(factor, x.type())));
  }

  @Override
  public WeightVector times(Operand<? extends TNumber> factor) {
    return map((tf, x) -> tf.math.mul(x, new Reals(tf).cast(factor, x.type())));
  }

  @Override
  public Operand<TNumber> dot(WeightVector other) {
    requireSameVariables(other);
    return InnerProduct.of(space.tf, parts, other.parts(), space.type, space.cpuOnly);
  }

  @Override
  public Operand<TNumber> norm() {
    if (norm == null) {
      norm = EuclideanNorm.of(space.tf, parts, space.type, space.cpuOnly);
    }
    return norm;
  }

  @Override
  public WeightVector unit() {
    Reals reals = new Reals(space.tf);
    Operand<TNumber> divisor = Magnitudes.orOne(space.tf, reals, norm());
    return map((tf, x) -> tf.math.div(x, new Reals(tf).cast(divisor, x.type())));
  }

  @Override
  public WeightVector orthogonalTo(WeightVector other) {
    requireSameVariables(other);
    return minus(
        new GraphVector(
            space, Projection.of(space.tf, parts, other.parts(), other.norm(), space.cpuOnly)));
  }

  @Override
  public WeightVector map(Entrywise operation) {
    List<Operand<TNumber>> results = new ArrayList<>();
    for (int i = 0; i < parts.size(); i++) {
      results.add(operation.of(space.ops(i), parts.get(i)));
    }
    return new GraphVector(space, results);
  }

  @Override
  public WeightVector zip(WeightVector other, Pairwise operation) {
    requireSameVariables(other);
    List<Operand<TNumber>> others = other.parts();
    List<Operand<TNumber>> results = new ArrayList<>();
    for (int i = 0; i < parts.size(); i++) {
      results.add(operation.of(space.ops(i), parts.get(i), others.get(i)));
    }
    return new GraphVector(space, results);
  }

  @Override
  public List<Operand<TNumber>> parts() {
    return parts;
  }

  private void requireSameVariables(WeightVector other) {
    if (other.parts().size() != parts.size()) {
      throw new IllegalArgumentException(
          "vectors of "
              + parts.size()
              + " and "
              + other.parts().size()
              + " variables are put together; use vectors of one step");
    }
  }
}
