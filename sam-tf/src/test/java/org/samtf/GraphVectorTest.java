package org.samtf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.samtf.direction.WeightVector;
import org.samtf.internal.graph.GraphScope;
import org.samtf.internal.graph.Reals;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Session;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Variable;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TFloat64;
import org.tensorflow.types.family.TNumber;

/** Vectors of all weights: identities, for entries of any size. */
class GraphVectorTest {

  private static final int[] SIZES = {3, 1, 4};

  /** Vectors in a graph of their own. */
  private static final class Space implements AutoCloseable {
    final Graph graph = new Graph();
    final Session session = new Session(graph);
    final Ops tf = GraphScope.unique(graph, "test").ops();
    final GraphVector.Space space;
    final Class<? extends TNumber> type;
    final int[] sizes;

    Space(Class<? extends TNumber> type, boolean cpuOnly) {
      this(type, cpuOnly, SIZES);
    }

    Space(Class<? extends TNumber> type, boolean cpuOnly, int[] sizes) {
      this.type = type;
      this.sizes = sizes;
      this.space = new GraphVector.Space(tf, List.of(tf, tf, tf), Reals.unchecked(type), cpuOnly);
    }

    WeightVector vector(Random random, double scale) {
      return space.vector(
          List.of(part(random, scale, 0), part(random, scale, 1), part(random, scale, 2)));
    }

    private Operand<?> part(Random random, double scale, int i) {
      double[] values = random.doubles(sizes[i], -1, 1).map(x -> x * scale).toArray();
      // No constant: TensorFlow would compute with those before it runs.
      Variable<? extends TNumber> part = tf.variable(Shape.of(sizes[i]), type);
      session.run(tf.assign(Reals.unchecked(part), constant(values)));
      return part;
    }

    private Operand<TNumber> constant(double[] values) {
      return Reals.unchecked(Values.constant(tf, type, Shape.of(values.length), values));
    }

    double value(Operand<?> scalar) {
      return Values.scalar(session, scalar);
    }

    @Override
    public void close() {
      session.close();
      graph.close();
    }
  }

  @Property(tries = 60)
  void normsAndPartsAreRightForEntriesOfAnySize(
      @ForAll Random random,
      @ForAll @IntRange(min = -30, max = 30) int exponent,
      @ForAll boolean cpuOnly) {
    double scale = Math.pow(10, exponent);
    try (Space space = new Space(TFloat32.class, cpuOnly)) {
      WeightVector a = space.vector(random, scale);
      WeightVector b = space.vector(random, 1 / scale);
      WeightVector rest = a.orthogonalTo(b);
      List<double[]> vectors = entries(space, a, a.minus(rest), b.unit());
      List<Operand<TNumber>> scalars =
          List.of(a.norm(), a.unit().norm(), a.unit().dot(a), rest.dot(b.unit()), a.dot(b.unit()));
      List<double[]> found = Values.of(space.session, scalars);
      double norm = 0;
      for (double x : vectors.get(0)) {
        norm += (x / scale) * (x / scale);
      }
      norm = Math.sqrt(norm) * scale;
      assertThat(found.get(0)[0]).isCloseTo(norm, within(norm * 1e-6));
      assertThat(found.get(1)[0]).isCloseTo(1, within(1e-6));
      assertThat(found.get(2)[0]).isCloseTo(norm, within(norm * 1e-6));
      assertThat(found.get(3)[0] / norm).isCloseTo(0, within(1e-6));
      double factor = found.get(4)[0];
      for (int i = 0; i < vectors.get(1).length; i++) {
        assertThat(vectors.get(1)[i]).isCloseTo(factor * vectors.get(2)[i], within(norm * 1e-6));
      }
    }
  }

  @Property(tries = 20)
  void sumsAreSums(@ForAll Random random) {
    try (Space space = new Space(TFloat64.class, true)) {
      WeightVector a = space.vector(random, 1);
      WeightVector b = space.vector(random, 1);
      WeightVector sum = a.plus(b).times(2).minus(b.times(space.tf.constant(3f)));
      List<double[]> vectors = entries(space, a, b, sum);
      double[] x = vectors.get(0);
      double[] y = vectors.get(1);
      double[] sums = vectors.get(2);
      for (int i = 0; i < x.length; i++) {
        assertThat(sums[i]).isCloseTo(2 * x[i] - y[i], within(1e-12));
      }
      assertThat(space.value(a.dot(b))).isCloseTo(dot(x, y), within(1e-12));
    }
  }

  /** These are put together by other ops than small ones. */
  @Property(tries = 12)
  void ofLargeTensorsToo(
      @ForAll Random random,
      @ForAll @IntRange(min = -30, max = 30) int exponent,
      @ForAll boolean cpuOnly) {
    double scale = Math.pow(10, exponent);
    try (Space space = new Space(TFloat32.class, cpuOnly, new int[] {1 << 14, 1, 20_000})) {
      WeightVector a = space.vector(random, 1);
      WeightVector b = space.vector(random, scale);
      // Not nearly orthogonal, so that nothing of ⟨a, c⟩ is lost by rounding.
      WeightVector c = b.plus(a.times(scale));
      List<double[]> vectors = entries(space, a, c, a.orthogonalTo(c));
      double[] x = vectors.get(0);
      double[] y = Arrays.stream(vectors.get(1)).map(v -> v / scale).toArray();
      double along = dot(x, y) / dot(y, y);
      for (int i = 0; i < x.length; i++) {
        assertThat(vectors.get(2)[i]).isCloseTo(x[i] - along * y[i], within(1e-5));
      }
      assertThat(space.value(a.dot(c)) / scale).isCloseTo(dot(x, y), within(1e-5 * dot(x, x)));
    }
  }

  /** Never a NaN. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void zeroHasNoDirection(boolean cpuOnly) {
    try (Space space = new Space(TFloat32.class, cpuOnly)) {
      WeightVector zero = space.vector(new Random(1), 0);
      WeightVector other = space.vector(new Random(2), 1);
      assertThat(space.value(zero.norm())).isZero();
      assertThat(entries(space, zero.unit())).containsOnly(0, -0.0);
      assertThat(entries(space, other.orthogonalTo(zero))).isEqualTo(entries(space, other));
      assertThat(entries(space, zero.orthogonalTo(other))).containsOnly(0, -0.0);
    }
  }

  private static double dot(double[] x, double[] y) {
    double dot = 0;
    for (int i = 0; i < x.length; i++) {
      dot += x[i] * y[i];
    }
    return dot;
  }

  private static double[] entries(Space space, WeightVector vector) {
    return entries(space, new WeightVector[] {vector}).get(0);
  }

  private static List<double[]> entries(Space space, WeightVector... vectors) {
    List<Operand<TNumber>> parts = new ArrayList<>();
    for (WeightVector vector : vectors) {
      parts.addAll(vector.parts());
    }
    List<double[]> found = Values.of(space.session, parts);
    List<double[]> entries = new ArrayList<>();
    for (int v = 0; v < vectors.length; v++) {
      entries.add(
          found.subList(v * space.sizes.length, (v + 1) * space.sizes.length).stream()
              .flatMapToDouble(Arrays::stream)
              .toArray());
    }
    return entries;
  }
}
