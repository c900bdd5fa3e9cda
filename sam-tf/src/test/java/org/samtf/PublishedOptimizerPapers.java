package org.samtf;

import java.util.Arrays;

/** The optimizers as their authors print them. */
final class PublishedOptimizerPapers {
  private PublishedOptimizerPapers() {}

  /** Cauchy 1847; Robbins and Monro 1951: θ ← θ − η g. */
  static final class GradientDescent extends PublishedOptimizerRule {
    private final double eta;

    GradientDescent(double[] start, double eta) {
      super(start);
      this.eta = eta;
    }

    @Override
    void update(int i, double g) {
      w[i] -= eta * g;
    }
  }

  /**
   * Sutskever, Martens, Dahl and Hinton 2013, "On the importance of initialization and momentum in
   * deep learning", equations 1 and 2: v ← μ v − ε ∇f(θ), θ ← θ + v.
   */
  static final class ClassicalMomentum extends PublishedOptimizerRule {
    private final double epsilon;
    private final double mu;
    private final double[] v = state();

    ClassicalMomentum(double[] start, double epsilon, double mu) {
      super(start);
      this.epsilon = epsilon;
      this.mu = mu;
    }

    @Override
    void update(int i, double g) {
      v[i] = mu * v[i] - epsilon * g;
      w[i] += v[i];
    }
  }

  /**
   * Sutskever et al. 2013, equations 3 and 4: v ← μ v − ε ∇f(θ + μ v), θ ← θ + v. The gradient is
   * taken at the look-ahead point θ + μ v.
   */
  static final class NesterovMomentum extends PublishedOptimizerRule {
    private final double epsilon;
    private final double mu;
    private final boolean compareLookAhead;
    private final double[] v = state();

    NesterovMomentum(double[] start, double epsilon, double mu, boolean compareLookAhead) {
      super(start);
      this.epsilon = epsilon;
      this.mu = mu;
      this.compareLookAhead = compareLookAhead;
    }

    @Override
    double[] gradientPoint() {
      double[] lookAhead = new double[w.length];
      for (int i = 0; i < w.length; i++) {
        lookAhead[i] = w[i] + mu * v[i];
      }
      return lookAhead;
    }

    @Override
    double[] weights() {
      return compareLookAhead ? gradientPoint() : w;
    }

    @Override
    void update(int i, double g) {
      v[i] = mu * v[i] - epsilon * g;
      w[i] += v[i];
    }
  }

  /**
   * Duchi, Hazan and Singer 2011, "Adaptive subgradient methods for online learning and stochastic
   * optimization", figure 1 with the composite mirror descent step (equation 4) for φ = 0 on all of
   * the space: s = ‖g_1..t‖₂ for each element, H = δ + s, x ← x − η g / H.
   */
  static final class AdaGrad extends PublishedOptimizerRule {
    private final double eta;
    private final double delta;
    private final double[] sumOfSquares = state();

    AdaGrad(double[] start, double eta, double delta) {
      super(start);
      this.eta = eta;
      this.delta = delta;
    }

    @Override
    void update(int i, double g) {
      sumOfSquares[i] += g * g;
      w[i] -= eta * g / (delta + Math.sqrt(sumOfSquares[i]));
    }
  }

  /**
   * Duchi et al. 2011, the primal-dual subgradient step (equation 3) with the diagonal H and φ(x) =
   * λ₁‖x‖₁ + ½ λ₂‖x‖₂². With ḡ the mean of the t gradients so far, x minimises η⟨ḡ,x⟩ + ηφ(x) +
   * ½⟨x,Hx⟩/t, so (section 5.1 for λ₂ = 0) x = −sign(ḡ) η t [|ḡ| − λ₁]₊ / (H + η t λ₂). It begins
   * at the minimum of φ, which is 0.
   */
  static final class AdaGradDualAveraging extends PublishedOptimizerRule {
    private final double eta;
    private final double delta;
    private final double lambda1;
    private final double lambda2;
    private final double[] mean = state();
    private final double[] sumOfSquares = state();

    AdaGradDualAveraging(double[] start, double eta, double delta, double lambda1, double lambda2) {
      super(start);
      Arrays.fill(w, 0);
      this.eta = eta;
      this.delta = delta;
      this.lambda1 = lambda1;
      this.lambda2 = lambda2;
    }

    @Override
    void update(int i, double g) {
      mean[i] += (g - mean[i]) / t;
      sumOfSquares[i] += g * g;
      double h = delta + Math.sqrt(sumOfSquares[i]);
      double beyond = Math.max(Math.abs(mean[i]) - lambda1, 0);
      w[i] = -Math.signum(mean[i]) * eta * t * beyond / (h + eta * t * lambda2);
    }
  }

  /**
   * Zeiler 2012, "ADADELTA: an adaptive learning rate method", algorithm 1 (equations 9 and 14):
   * E[g²] ← ρ E[g²] + (1−ρ) g², Δx = −RMS[Δx] / RMS[g] · g with RMS[y] = √(E[y²] + ε), E[Δx²] ← ρ
   * E[Δx²] + (1−ρ) Δx², x ← x + Δx. There is no learning rate.
   */
  static final class AdaDelta extends PublishedOptimizerRule {
    private final double rho;
    private final double epsilon;
    private final double[] meanSquareGradient = state();
    private final double[] meanSquareStep = state();

    AdaDelta(double[] start, double rho, double epsilon) {
      super(start);
      this.rho = rho;
      this.epsilon = epsilon;
    }

    @Override
    void update(int i, double g) {
      meanSquareGradient[i] = rho * meanSquareGradient[i] + (1 - rho) * g * g;
      double step = -rms(meanSquareStep[i]) / rms(meanSquareGradient[i]) * g;
      meanSquareStep[i] = rho * meanSquareStep[i] + (1 - rho) * step * step;
      w[i] += step;
    }

    private double rms(double meanSquare) {
      return Math.sqrt(meanSquare + epsilon);
    }
  }

  /**
   * Kingma and Ba 2014, "Adam: a method for stochastic optimization", algorithm 1: m ← β₁ m +
   * (1−β₁) g, v ← β₂ v + (1−β₂) g², m̂ = m/(1−β₁ᵗ), v̂ = v/(1−β₂ᵗ), θ ← θ − α m̂ / (√v̂ + ε).
   */
  static final class Adam extends PublishedOptimizerRule {
    private final double alpha;
    private final double beta1;
    private final double beta2;
    private final double epsilon;
    private final double[] m = state();
    private final double[] v = state();

    Adam(double[] start, double alpha, double beta1, double beta2, double epsilon) {
      super(start);
      this.alpha = alpha;
      this.beta1 = beta1;
      this.beta2 = beta2;
      this.epsilon = epsilon;
    }

    @Override
    void update(int i, double g) {
      m[i] = beta1 * m[i] + (1 - beta1) * g;
      v[i] = beta2 * v[i] + (1 - beta2) * g * g;
      double unbiasedM = m[i] / (1 - Math.pow(beta1, t));
      double unbiasedV = v[i] / (1 - Math.pow(beta2, t));
      w[i] -= alpha * unbiasedM / (Math.sqrt(unbiasedV) + epsilon);
    }
  }

  /**
   * Kingma and Ba 2014, algorithm 2: m ← β₁ m + (1−β₁) g, u ← max(β₂ u, |g|), θ ← θ − α/(1−β₁ᵗ) ·
   * m/u. There is no ε.
   */
  static final class Adamax extends PublishedOptimizerRule {
    private final double alpha;
    private final double beta1;
    private final double beta2;
    private final double[] m = state();
    private final double[] u = state();

    Adamax(double[] start, double alpha, double beta1, double beta2) {
      super(start);
      this.alpha = alpha;
      this.beta1 = beta1;
      this.beta2 = beta2;
    }

    @Override
    void update(int i, double g) {
      m[i] = beta1 * m[i] + (1 - beta1) * g;
      u[i] = Math.max(beta2 * u[i], Math.abs(g));
      w[i] -= alpha / (1 - Math.pow(beta1, t)) * m[i] / u[i];
    }
  }

  /**
   * Dozat 2016, "Incorporating Nesterov momentum into Adam", with the momentum schedule μ_t = β₁ (1
   * − ½ · 0.96^(t/250)): ĝ = g/(1 − μ_1⋯μ_t), m̂ = m/(1 − μ_1⋯μ_{t+1}), n̂ = n/(1 − νᵗ), θ ← θ − η
   * ((1 − μ_t) ĝ + μ_{t+1} m̂) / (√n̂ + ε). The report decays the first moment with the constant
   * β₁, the workshop paper with μ_t.
   */
  static final class Nadam extends PublishedOptimizerRule {
    private final double eta;
    private final double beta1;
    private final double nu;
    private final double epsilon;
    private final boolean scheduledMoment;
    private final double[] m = state();
    private final double[] n = state();
    private double product = 1;

    Nadam(
        double[] start,
        double eta,
        double beta1,
        double nu,
        double epsilon,
        boolean scheduledMoment) {
      super(start);
      this.eta = eta;
      this.beta1 = beta1;
      this.nu = nu;
      this.epsilon = epsilon;
      this.scheduledMoment = scheduledMoment;
    }

    private double mu(int step) {
      return beta1 * (1 - 0.5 * Math.pow(0.96, step / 250.0));
    }

    @Override
    void beginStep() {
      product *= mu(t);
    }

    @Override
    void update(int i, double g) {
      double decay = scheduledMoment ? mu(t) : beta1;
      m[i] = decay * m[i] + (1 - decay) * g;
      n[i] = nu * n[i] + (1 - nu) * g * g;
      double unbiasedG = g / (1 - product);
      double unbiasedM = m[i] / (1 - product * mu(t + 1));
      double unbiasedN = n[i] / (1 - Math.pow(nu, t));
      double direction = (1 - mu(t)) * unbiasedG + mu(t + 1) * unbiasedM;
      w[i] -= eta * direction / (Math.sqrt(unbiasedN) + epsilon);
    }
  }

  /**
   * McMahan et al. 2013, "Ad click prediction: a view from the trenches", algorithm 1
   * (per-coordinate FTRL-Proximal): σ = (√(n + g²) − √n)/α, z ← z + g − σ w, n ← n + g², then w = 0
   * if |z| ≤ λ₁, else −(z − sign(z) λ₁) / ((β + √n)/α + λ₂). z and n begin at 0, and so does w.
   */
  static final class Ftrl extends PublishedOptimizerRule {
    private final double alpha;
    private final double beta;
    private final double lambda1;
    private final double lambda2;
    private final double[] z = state();
    private final double[] n = state();

    Ftrl(double[] start, double alpha, double beta, double lambda1, double lambda2) {
      super(start);
      Arrays.fill(w, 0);
      this.alpha = alpha;
      this.beta = beta;
      this.lambda1 = lambda1;
      this.lambda2 = lambda2;
    }

    @Override
    void update(int i, double g) {
      double sigma = (Math.sqrt(n[i] + g * g) - Math.sqrt(n[i])) / alpha;
      z[i] += g - sigma * w[i];
      n[i] += g * g;
      if (Math.abs(z[i]) <= lambda1) {
        w[i] = 0;
      } else {
        w[i] = -(z[i] - Math.signum(z[i]) * lambda1) / ((beta + Math.sqrt(n[i])) / alpha + lambda2);
      }
    }
  }

  /**
   * Tieleman and Hinton 2012, "Lecture 6.5: rmsprop", Coursera: MeanSquare ← decay · MeanSquare +
   * (1 − decay) g², and the gradient is divided by √MeanSquare. Neither an ε nor momentum.
   */
  static final class RmsProp extends PublishedOptimizerRule {
    private final double eta;
    private final double decay;
    private final double[] meanSquare = state();

    RmsProp(double[] start, double eta, double decay) {
      super(start);
      this.eta = eta;
      this.decay = decay;
    }

    @Override
    void update(int i, double g) {
      meanSquare[i] = decay * meanSquare[i] + (1 - decay) * g * g;
      w[i] -= eta * g / Math.sqrt(meanSquare[i]);
    }
  }

  /**
   * Graves 2013, "Generating sequences with recurrent neural networks", equations 38 to 41: n ← ℵ n
   * + (1−ℵ) ε², g ← ℵ g + (1−ℵ) ε, Δ ← ℶ Δ − ℸ ε / √(n − g² + ℷ), w ← w + Δ. Without centering the
   * g² is left out.
   */
  static final class GravesRmsProp extends PublishedOptimizerRule {
    private final double aleph;
    private final double beth;
    private final double daleth;
    private final double gimel;
    private final boolean centered;
    private final double[] n = state();
    private final double[] mean = state();
    private final double[] delta = state();

    GravesRmsProp(
        double[] start, double daleth, double aleph, double beth, double gimel, boolean centered) {
      super(start);
      this.aleph = aleph;
      this.beth = beth;
      this.daleth = daleth;
      this.gimel = gimel;
      this.centered = centered;
    }

    @Override
    void update(int i, double g) {
      n[i] = aleph * n[i] + (1 - aleph) * g * g;
      mean[i] = aleph * mean[i] + (1 - aleph) * g;
      double variance = centered ? n[i] - square(mean[i]) : n[i];
      delta[i] = beth * delta[i] - daleth * g / Math.sqrt(variance + gimel);
      w[i] += delta[i];
    }
  }
}
