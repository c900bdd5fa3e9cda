package org.samtf;

import java.util.Arrays;

/**
 * An optimizer in plain double arithmetic. All variables are one flat vector: every rule here works
 * element by element.
 */
abstract class PublishedOptimizerRule {
  /** The weights. */
  final double[] w;

  /** The number of the step that runs, from 1. */
  int t;

  PublishedOptimizerRule(double[] start) {
    w = start.clone();
  }

  /** Where the next gradient is to be taken. */
  double[] gradientPoint() {
    return w;
  }

  /** What the TensorFlow variables are compared with. */
  double[] weights() {
    return w;
  }

  final void step(double[] gradient) {
    t++;
    beginStep();
    for (int i = 0; i < w.length; i++) {
      update(i, gradient[i]);
    }
    endStep();
  }

  /** Whatever is the same for all elements of a step. */
  void beginStep() {}

  abstract void update(int i, double g);

  void endStep() {}

  /** Zeros, one an element. */
  final double[] state() {
    return state(0);
  }

  final double[] state(double initial) {
    double[] s = new double[w.length];
    Arrays.fill(s, initial);
    return s;
  }

  static double square(double x) {
    return x * x;
  }
}
