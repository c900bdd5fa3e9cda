package org.samtf;

/** The optimizers as TensorFlow Java 1.0.0 computes them, if every step runs in program order. */
final class PublishedOptimizerFormulas {
  private PublishedOptimizerFormulas() {}

  /** a ← μ a + g, w ← w − lr a; Nesterov: w ← w − lr (g + μ a). */
  static final class Momentum extends PublishedOptimizerRule {
    private final double rate;
    private final double momentum;
    private final boolean nesterov;
    private final double[] a = state();

    Momentum(double[] start, double rate, double momentum, boolean nesterov) {
      super(start);
      this.rate = rate;
      this.momentum = momentum;
      this.nesterov = nesterov;
    }

    @Override
    void update(int i, double g) {
      a[i] = momentum * a[i] + g;
      w[i] -= rate * (nesterov ? g + momentum * a[i] : a[i]);
    }
  }

  /** s ← s + g² from s = initial, w ← w − lr g/√s. */
  static final class AdaGrad extends PublishedOptimizerRule {
    private final double rate;
    private final double[] s;

    AdaGrad(double[] start, double rate, double initial) {
      super(start);
      this.rate = rate;
      s = state(initial);
    }

    @Override
    void update(int i, double g) {
      s[i] += g * g;
      w[i] -= rate * g / Math.sqrt(s[i]);
    }
  }

  /**
   * G ← G + g, s ← s + g² from s = initial, w = −sign(G) lr [|G| − l1 T]₊ / (√s + l2 T lr), where
   * the step counter T goes up by 1 before the update and by 1 after it: T = 1, 3, 5, …
   */
  static final class AdaGradDA extends PublishedOptimizerRule {
    private final double rate;
    private final double l1;
    private final double l2;
    private final double[] sum = state();
    private final double[] s;

    AdaGradDA(double[] start, double rate, double initial, double l1, double l2) {
      super(start);
      this.rate = rate;
      this.l1 = l1;
      this.l2 = l2;
      s = state(initial);
    }

    @Override
    void update(int i, double g) {
      int counter = 2 * t - 1;
      sum[i] += g;
      s[i] += g * g;
      w[i] =
          -Math.signum(sum[i])
              * rate
              * Math.max(Math.abs(sum[i]) - l1 * counter, 0)
              / (Math.sqrt(s[i]) + l2 * counter * rate);
    }
  }

  /** a ← ρ a + (1−ρ) g², d = g √(b+ε)/√(a+ε), w ← w − lr d, b ← ρ b + (1−ρ) d². */
  static final class AdaDelta extends PublishedOptimizerRule {
    private final double rate;
    private final double rho;
    private final double epsilon;
    private final double[] a = state();
    private final double[] b = state();

    AdaDelta(double[] start, double rate, double rho, double epsilon) {
      super(start);
      this.rate = rate;
      this.rho = rho;
      this.epsilon = epsilon;
    }

    @Override
    void update(int i, double g) {
      a[i] += (1 - rho) * (g * g - a[i]);
      double d = g * Math.sqrt((b[i] + epsilon) / (a[i] + epsilon));
      b[i] += (1 - rho) * (d * d - b[i]);
      w[i] -= rate * d;
    }
  }

  /**
   * m ← m + (1−β₁)(g − m), v ← v + (1−β₂)(g² − v), w ← w − lr √(1−p₂)/(1−p₁) · m/(√v + ε): ε stands
   * beside the uncorrected √v. The powers p₁ and p₂ are float variables.
   */
  static final class Adam extends PublishedOptimizerRule {
    private final double rate;
    private final float beta1;
    private final float beta2;
    private final double epsilon;
    private final double[] m = state();
    private final double[] v = state();
    private float power1;
    private float power2;

    Adam(double[] start, double rate, float beta1, float beta2, double epsilon) {
      super(start);
      this.rate = rate;
      this.beta1 = beta1;
      this.beta2 = beta2;
      this.epsilon = epsilon;
      power1 = beta1;
      power2 = beta2;
    }

    @Override
    void update(int i, double g) {
      m[i] += (1 - (double) beta1) * (g - m[i]);
      v[i] += (1 - (double) beta2) * (g * g - v[i]);
      double stepSize = rate * Math.sqrt(1 - (double) power2) / (1 - (double) power1);
      w[i] -= stepSize * m[i] / (Math.sqrt(v[i]) + epsilon);
    }

    @Override
    void endStep() {
      power1 *= beta1;
      power2 *= beta2;
    }
  }

  /** m ← m + (1−β₁)(g − m), u ← max(β₂ u, |g|), w ← w − lr/(1−p₁) · m/(u + ε). */
  static final class Adamax extends PublishedOptimizerRule {
    private final double rate;
    private final float beta1;
    private final double beta2;
    private final double epsilon;
    private final double[] m = state();
    private final double[] u = state();
    private float power1;

    Adamax(double[] start, double rate, float beta1, double beta2, double epsilon) {
      super(start);
      this.rate = rate;
      this.beta1 = beta1;
      this.beta2 = beta2;
      this.epsilon = epsilon;
      power1 = beta1;
    }

    @Override
    void update(int i, double g) {
      m[i] += (1 - (double) beta1) * (g - m[i]);
      u[i] = Math.max(beta2 * u[i], Math.abs(g));
      w[i] -= rate / (1 - (double) power1) * m[i] / (u[i] + epsilon);
    }

    @Override
    void endStep() {
      power1 *= beta1;
    }
  }

  /**
   * Nadam whose step number is 1 for ever: μ_1 and μ_2 of the schedule are constants, their product
   * goes on (P ← P μ_1), and v is divided by 1 − β₂ in every step.
   */
  static final class Nadam extends PublishedOptimizerRule {
    private final double rate;
    private final float beta1;
    private final float beta2;
    private final double epsilon;
    private final float mu1;
    private final float mu2;
    private final double[] m = state();
    private final double[] v = state();
    private float product = 1;

    Nadam(double[] start, double rate, float beta1, float beta2, double epsilon) {
      super(start);
      this.rate = rate;
      this.beta1 = beta1;
      this.beta2 = beta2;
      this.epsilon = epsilon;
      mu1 = mu(1);
      mu2 = mu(2);
    }

    private float mu(int step) {
      return beta1 * (1 - 0.5f * (float) Math.pow(0.96f, 0.004f * step));
    }

    @Override
    void beginStep() {
      product *= mu1;
    }

    @Override
    void update(int i, double g) {
      m[i] = beta1 * m[i] + (1 - beta1) * g;
      v[i] = beta2 * v[i] + (1 - beta2) * g * g;
      double direction = (1 - mu1) * (g / (1 - product)) + mu2 * (m[i] / (1 - product * mu2));
      w[i] -= rate * direction / (Math.sqrt(v[i] / (1 - beta2)) + epsilon);
    }
  }

  /**
   * z ← z + g + 2 s w − (n₊^(−p) − n^(−p)) w / lr with n₊ = n + g² from n = initial, w = 0 if |z| ≤
   * l1, else (sign(z) l1 − z) / (n₊^(−p)/lr + 2 l2). p is the learning rate power, s the shrinkage.
   */
  static final class Ftrl extends PublishedOptimizerRule {
    private final double rate;
    private final double power;
    private final double l1;
    private final double l2;
    private final double shrinkage;
    private final double[] n;
    private final double[] z = state();

    Ftrl(
        double[] start,
        double rate,
        double power,
        double initial,
        double l1,
        double l2,
        double shrinkage) {
      super(start);
      this.rate = rate;
      this.power = power;
      this.l1 = l1;
      this.l2 = l2;
      this.shrinkage = shrinkage;
      n = state(initial);
    }

    @Override
    void update(int i, double g) {
      double before = Math.pow(n[i], -power);
      n[i] += g * g;
      double after = Math.pow(n[i], -power);
      z[i] += g + 2 * shrinkage * w[i] - (after - before) * w[i] / rate;
      w[i] = Math.abs(z[i]) > l1 ? (Math.signum(z[i]) * l1 - z[i]) / (after / rate + 2 * l2) : 0;
    }
  }

  /**
   * s ← s + (1−decay)(g² − s) from s = initial, q ← q + (1−decay)(g − q) where centered, b ← μ b +
   * lr g/√(s − q² + ε), w ← w − b.
   */
  static final class RmsProp extends PublishedOptimizerRule {
    private final double rate;
    private final double decay;
    private final double momentum;
    private final double epsilon;
    private final boolean centered;
    private final double[] s;
    private final double[] q = state();
    private final double[] b = state();

    RmsProp(
        double[] start,
        double rate,
        double decay,
        double momentum,
        double epsilon,
        boolean centered,
        double initial) {
      super(start);
      this.rate = rate;
      this.decay = decay;
      this.momentum = momentum;
      this.epsilon = epsilon;
      this.centered = centered;
      s = state(initial);
    }

    @Override
    void update(int i, double g) {
      s[i] += (1 - decay) * (g * g - s[i]);
      if (centered) {
        q[i] += (1 - decay) * (g - q[i]);
      }
      b[i] = momentum * b[i] + rate * g / Math.sqrt(s[i] - square(q[i]) + epsilon);
      w[i] -= b[i];
    }
  }
}
