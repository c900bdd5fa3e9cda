package org.samtf.examples.train;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;
import org.samtf.examples.failure.InputException;
import org.tensorflow.Graph;
import org.tensorflow.framework.optimizers.AdaDelta;
import org.tensorflow.framework.optimizers.AdaGrad;
import org.tensorflow.framework.optimizers.AdaGradDA;
import org.tensorflow.framework.optimizers.Adam;
import org.tensorflow.framework.optimizers.Adamax;
import org.tensorflow.framework.optimizers.Ftrl;
import org.tensorflow.framework.optimizers.GradientDescent;
import org.tensorflow.framework.optimizers.Momentum;
import org.tensorflow.framework.optimizers.Nadam;
import org.tensorflow.framework.optimizers.Optimizer;
import org.tensorflow.framework.optimizers.RMSProp;

/** The optimizers of TensorFlow Java, by name, with learning rates that suit the examples. */
public enum BaseOptimizer {
  /** AdaDelta; its own default rate of 0.001 hardly moves. */
  ADADELTA(1f, false, (g, rate, momentum) -> new AdaDelta(g, rate)),
  /** AdaGrad. */
  ADAGRAD(0.05f, false, (g, rate, momentum) -> new AdaGrad(g, rate)),
  /**
   * AdaGrad with dual averaging. It computes the weights from the gradients alone and forgets the
   * initial ones, so a network with hidden layers collapses to zeros; it is for linear models.
   */
  ADAGRADDA(0.05f, false, (g, rate, momentum) -> new AdaGradDA(g, rate)),
  /** Adam. */
  ADAM(0.001f, false, (g, rate, momentum) -> new Adam(g, rate)),
  /** Adamax. */
  ADAMAX(0.002f, false, (g, rate, momentum) -> new Adamax(g, rate)),
  /**
   * Follow the regularized leader. With its own default accumulator of 0.1 it forgets the initial
   * weights, and a network with hidden layers collapses to zeros; a tiny one keeps them.
   */
  FTRL(
      0.05f,
      false,
      (g, rate, momentum) ->
          new Ftrl(
              g,
              rate,
              Ftrl.LEARNING_RATE_POWER_DEFAULT,
              1e-8f,
              Ftrl.L1STRENGTH_DEFAULT,
              Ftrl.L2STRENGTH_DEFAULT,
              Ftrl.L2_SHRINKAGE_REGULARIZATION_STRENGTH_DEFAULT)),
  /** Plain gradient descent. */
  GRADIENTDESCENT(0.1f, false, (g, rate, momentum) -> new GradientDescent(g, rate)),
  /** Gradient descent with momentum. */
  MOMENTUM(0.05f, true, Momentum::new),
  /** Adam with Nesterov's momentum. */
  NADAM(0.005f, false, (g, rate, momentum) -> new Nadam(g, rate)),
  /** RMSProp. */
  RMSPROP(
      0.001f,
      true,
      (g, rate, momentum) ->
          new RMSProp(
              g,
              rate,
              RMSProp.DECAY_DEFAULT,
              momentum,
              RMSProp.EPSILON_DEFAULT,
              RMSProp.CENTERED_DEFAULT));

  /** What {@code --momentum} is when it is left out and the optimizer is momentum. */
  public static final float MOMENTUM_DEFAULT = 0.9f;

  private static final String SHORT_NAME_OF_GRADIENT_DESCENT = "sgd";

  private interface Factory {
    /**
     * Creates the optimizer.
     *
     * @param graph the graph that it updates
     * @param learningRate its learning rate
     * @param momentum its momentum; only used where {@link #takesMomentum}
     * @return the optimizer
     */
    public Optimizer create(Graph graph, float learningRate, float momentum);
  }

  private final float defaultLearningRate;
  private final boolean takesMomentum;
  private final Factory factory;

  BaseOptimizer(float defaultLearningRate, boolean takesMomentum, Factory factory) {
    this.defaultLearningRate = defaultLearningRate;
    this.takesMomentum = takesMomentum;
    this.factory = factory;
  }

  /**
   * Finds an optimizer by name, in any case; {@code sgd} is gradient descent.
   *
   * @param name the name
   * @return the optimizer
   * @throws InputException if there is none
   */
  public static BaseOptimizer of(String name) {
    String key = name.toLowerCase(Locale.ROOT);
    if (key.equals(SHORT_NAME_OF_GRADIENT_DESCENT)) {
      return GRADIENTDESCENT;
    }
    return Arrays.stream(values())
        .filter(optimizer -> optimizer.toString().equals(key))
        .findFirst()
        .orElseThrow(
            () ->
                new InputException(
                    "no optimizer '" + name + "'",
                    Arrays.stream(values()).map(Object::toString).collect(Collectors.joining(", "))
                        + " or "
                        + SHORT_NAME_OF_GRADIENT_DESCENT,
                    "choose one of them"));
  }

  /**
   * Returns the learning rate to use when none is given.
   *
   * @return the rate
   */
  public float defaultLearningRate() {
    return defaultLearningRate;
  }

  /**
   * Returns the momentum to use when none is given.
   *
   * @return the momentum
   */
  public float defaultMomentum() {
    return this == MOMENTUM ? MOMENTUM_DEFAULT : 0f;
  }

  /**
   * Returns whether the optimizer starts from the initial weights; one that does not can only train
   * a linear model.
   *
   * @return whether it does
   */
  public boolean keepsInitialWeights() {
    return this != ADAGRADDA;
  }

  /**
   * Returns whether a momentum can be set.
   *
   * @return whether it can
   */
  public boolean takesMomentum() {
    return takesMomentum;
  }

  /**
   * Creates the optimizer.
   *
   * @param graph the graph that it updates
   * @param learningRate its learning rate
   * @param momentum its momentum; only used where {@link #takesMomentum}
   * @return the optimizer
   */
  public Optimizer create(Graph graph, float learningRate, float momentum) {
    return factory.create(graph, learningRate, momentum);
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
