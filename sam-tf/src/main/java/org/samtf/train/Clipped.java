package org.samtf.train;

import java.util.ArrayList;
import java.util.List;
import org.samtf.internal.graph.EuclideanNorm;
import org.samtf.internal.graph.Kernels;
import org.samtf.internal.graph.Numbers;
import org.samtf.internal.graph.Places;
import org.samtf.internal.graph.Reals;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.framework.optimizers.Optimizer;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.types.family.TNumber;
import org.tensorflow.types.family.TType;

/**
 * An optimizer around another one, which clips the gradients that this one applies.
 *
 * <p>Inside SAM it clips what is applied, after the mean over parts of a batch, and not what the
 * perturbation is computed from:
 *
 * <pre>{@code
 * Optimizer base = Clipped.byGlobalNorm(graph, AdamW.builder(graph).build(), 1);
 * Op train = new SamOptimizer(graph, base, 0.05f).minimize(loss);
 * }</pre>
 */
public final class Clipped extends OptimizerAround {

  /** How gradients are clipped. */
  private interface Rule {
    List<Operand<TNumber>> clip(Ops tf, List<Operand<TNumber>> gradients);
  }

  private final Rule rule;
  private final String text;

  private Clipped(Graph graph, Optimizer base, Rule rule, String text) {
    super(graph, base, "Clipped");
    this.rule = rule;
    this.text = text;
  }

  /**
   * Clips by the norm of all gradients together (Pascanu et al. 2013, algorithm 1): g · min(1,
   * most/‖g‖₂), for gradients of any size.
   *
   * @param graph the graph to optimize
   * @param base the optimizer to wrap, made for the same graph
   * @param most the largest norm, more than 0 and finite
   * @return an optimizer
   * @throws IllegalArgumentException if {@code most} is out of range, or {@code base} is made for
   *     another graph or is a SamOptimizer, which goes around this one
   */
  public static Clipped byGlobalNorm(Graph graph, Optimizer base, double most) {
    Numbers.positive("most", most);
    return new Clipped(
        graph,
        base,
        (tf, gradients) -> {
          Operand<TNumber> factor = factor(tf, gradients, most);
          List<Operand<TNumber>> clipped = new ArrayList<>();
          gradients.forEach(g -> clipped.add(times(tf, g, factor)));
          return clipped;
        },
        "global norm " + most);
  }

  /**
   * Clips each variable's gradient by its own norm: g · min(1, most/‖g‖₂).
   *
   * @param graph the graph to optimize
   * @param base the optimizer to wrap, made for the same graph
   * @param most the largest norm, more than 0 and finite
   * @return an optimizer
   * @throws IllegalArgumentException if {@code most} is out of range, or {@code base} is made for
   *     another graph or is a SamOptimizer, which goes around this one
   */
  public static Clipped byNorm(Graph graph, Optimizer base, double most) {
    Numbers.positive("most", most);
    return new Clipped(
        graph,
        base,
        (tf, gradients) -> {
          List<Operand<TNumber>> clipped = new ArrayList<>();
          gradients.forEach(g -> clipped.add(times(tf, g, factor(tf, List.of(g), most))));
          return clipped;
        },
        "norm " + most);
  }

  /**
   * Clips each entry to [−most, most].
   *
   * @param graph the graph to optimize
   * @param base the optimizer to wrap, made for the same graph
   * @param most the largest magnitude, more than 0 and finite
   * @return an optimizer
   * @throws IllegalArgumentException if {@code most} is out of range, or {@code base} is made for
   *     another graph or is a SamOptimizer, which goes around this one
   */
  public static Clipped byValue(Graph graph, Optimizer base, double most) {
    Numbers.positive("most", most);
    return new Clipped(
        graph,
        base,
        (tf, gradients) -> {
          List<Operand<TNumber>> clipped = new ArrayList<>();
          for (Operand<TNumber> g : gradients) {
            Ops there = Places.beside(tf, g);
            Operand<TNumber> limit = there.dtypes.cast(there.constant(most), g.type());
            clipped.add(there.math.maximum(there.math.minimum(g, limit), there.math.neg(limit)));
          }
          return clipped;
        },
        "value " + most);
  }

  private static Operand<TNumber> times(Ops tf, Operand<TNumber> g, Operand<TNumber> factor) {
    Ops there = Places.beside(tf, g);
    return there.math.mul(g, new Reals(there).cast(factor, Reals.unchecked(g.type())));
  }

  /** most/‖g‖, and 1 for shorter vectors. */
  private static Operand<TNumber> factor(Ops tf, List<Operand<TNumber>> gradients, double most) {
    Reals reals = new Reals(tf);
    List<Operand<TNumber>> computed = new ArrayList<>();
    gradients.forEach(g -> computed.add(reals.beside(g).cast(g, Reals.computeType(g))));
    Class<TNumber> type = Reals.commonType(computed);
    Operand<TNumber> norm = EuclideanNorm.of(tf, computed, type, !Kernels.hasGpu());
    Operand<TNumber> limit = reals.constant(most, type);
    return tf.math.div(limit, tf.math.maximum(norm, limit));
  }

  @Override
  public Op applyGradients(List<GradAndVar<? extends TType>> gradsAndVars, String name) {
    List<GradAndVar<? extends TType>> clipped = new ArrayList<>();
    List<Operand<TNumber>> gradients = new ArrayList<>();
    List<GradAndVar<? extends TType>> open = new ArrayList<>();
    for (GradAndVar<? extends TType> pair : gradsAndVars) {
      // TF-Java pairs a variable that no gradient flows to with a closed output.
      if (!pair.getGradient().isClosed()) {
        open.add(pair);
        gradients.add(Reals.unchecked(pair.getGradient()));
      }
    }
    Ops at = tf.withSubScope("clip");
    List<Operand<TNumber>> results = gradients.isEmpty() ? gradients : rule.clip(at, gradients);
    for (int i = 0; i < open.size(); i++) {
      Output<TType> gradient = Reals.unchecked(results.get(i).asOutput());
      clipped.add(new GradAndVar<TType>(gradient, Reals.unchecked(open.get(i).getVariable())));
    }
    return base.applyGradients(clipped, name);
  }

  @Override
  public String toString() {
    return "Clipped{base=" + base + ", " + text + "}";
  }
}
