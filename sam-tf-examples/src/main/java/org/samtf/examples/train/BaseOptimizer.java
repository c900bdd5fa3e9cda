package org.samtf.examples.train;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;
import org.samtf.examples.failure.InputException;
import org.samtf.train.AdamW;
import org.samtf.train.Lamb;
import org.samtf.train.Lion;
import org.samtf.train.Schedule;
import org.samtf.train.Sgd;
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

/**
 * The optimizers of TensorFlow Java and those of {@code org.samtf.train}, by name, with learning
 * rates that suit the examples.
 */
public enum BaseOptimizer {
  /** AdaDelta; its own default rate of 0.001 hardly moves. */
  ADADELTA(1f, false, (Graph g, float rate, float momentum) -> new AdaDelta(g, rate)),
  /** AdaGrad. */
  ADAGRAD(0.05f, false, (Graph g, float rate, float momentum) -> new AdaGrad(g, rate)),
  /**
   * AdaGrad with dual averaging. It computes the weights from the gradients alone and forgets the
   * initial ones, so a network with hidden layers collapses to zeros; it is for linear models.
   */
  ADAGRADDA(0.05f, false, (Graph g, float rate, float momentum) -> new AdaGradDA(g, rate)),
  /** Adam. */
  ADAM(0.001f, false, (Graph g, float rate, float momentum) -> new Adam(g, rate)),
  /** Adamax. */
  ADAMAX(0.002f, false, (Graph g, float rate, float momentum) -> new Adamax(g, rate)),
  /**
   * Follow the regularized leader. With its own default accumulator of 0.1 it forgets the initial
   * weights, and a network with hidden layers collapses to zeros; a tiny one keeps them.
   */
  FTRL(
      0.05f,
      false,
      (Graph g, float rate, float momentum) ->
          new Ftrl(
              g,
              rate,
              Ftrl.LEARNING_RATE_POWER_DEFAULT,
              1e-8f,
              Ftrl.L1STRENGTH_DEFAULT,
              Ftrl.L2STRENGTH_DEFAULT,
              Ftrl.L2_SHRINKAGE_REGULARIZATION_STRENGTH_DEFAULT)),
  /** Plain gradient descent. */
  GRADIENTDESCENT(
      0.1f, false, (Graph g, float rate, float momentum) -> new GradientDescent(g, rate)),
  /** Gradient descent with momentum. */
  MOMENTUM(0.05f, true, (Graph g, float rate, float momentum) -> new Momentum(g, rate, momentum)),
  /** Adam with Nesterov's momentum. */
  NADAM(0.005f, false, (Graph g, float rate, float momentum) -> new Nadam(g, rate)),
  /** RMSProp. */
  RMSPROP(
      0.001f,
      true,
      (Graph g, float rate, float momentum) ->
          new RMSProp(
              g,
              rate,
              RMSProp.DECAY_DEFAULT,
              momentum,
              RMSProp.EPSILON_DEFAULT,
              RMSProp.CENTERED_DEFAULT)),
  /** Gradient descent as PyTorch has it, with schedules, a decay and a momentum. */
  SGD(
      0.1f,
      true,
      (Graph g, Schedule rate, Update update) -> {
        Sgd.Builder sgd = Sgd.builder(g).learningRate(rate).doNotDecayVectors();
        update.settings().weightDecay().ifPresent(sgd::weightDecay);
        return sgd.momentum(update.momentum()).nesterov(update.nesterov()).build();
      }),
  /** Adam with decoupled weight decay, and schedules. */
  ADAMW(
      0.001f,
      false,
      (Graph g, Schedule rate, Update update) -> {
        AdamW.Builder adamW = AdamW.builder(g).learningRate(rate).doNotDecayVectors();
        update.settings().weightDecay().ifPresent(adamW::weightDecay);
        return adamW.build();
      }),
  /** Lion, with schedules and a decay. */
  LION(
      0.0003f,
      false,
      (Graph g, Schedule rate, Update update) -> {
        Lion.Builder lion = Lion.builder(g).learningRate(rate).doNotDecayVectors();
        update.settings().weightDecay().ifPresent(lion::weightDecay);
        return lion.build();
      }),
  /** LAMB, with schedules and a decay. */
  LAMB(
      0.01f,
      false,
      (Graph g, Schedule rate, Update update) -> {
        Lamb.Builder lamb =
            Lamb.builder(g).learningRate(rate).doNotDecayVectors().doNotAdaptVectors();
        update.settings().weightDecay().ifPresent(lamb::weightDecay);
        return lamb.build();
      });

  /** What {@code --momentum} is when it is left out and the optimizer is momentum. */
  public static final float MOMENTUM_DEFAULT = 0.9f;

  /** Writes an optimizer that has schedules. */
  private interface Scheduled {
    Optimizer create(Graph graph, Schedule rate, Update update);
  }

  /** What an optimizer with schedules is told besides. */
  private record Update(float momentum, UpdateSettings settings) {
    boolean nesterov() {
      return settings.nesterov();
    }
  }

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
  private final Scheduled scheduled;

  BaseOptimizer(float defaultLearningRate, boolean takesMomentum, Factory factory) {
    this.defaultLearningRate = defaultLearningRate;
    this.takesMomentum = takesMomentum;
    this.factory = factory;
    this.scheduled = null;
  }

  BaseOptimizer(float defaultLearningRate, boolean takesMomentum, Scheduled scheduled) {
    this.defaultLearningRate = defaultLearningRate;
    this.takesMomentum = takesMomentum;
    this.factory = null;
    this.scheduled = scheduled;
  }

  /**
   * Finds an optimizer by name, in any case.
   *
   * @param name the name
   * @return the optimizer
   * @throws InputException if there is none
   */
  public static BaseOptimizer of(String name) {
    String key = name.toLowerCase(Locale.ROOT);
    return Arrays.stream(values())
        .filter(optimizer -> optimizer.toString().equals(key))
        .findFirst()
        .orElseThrow(
            () ->
                new InputException(
                    "no optimizer '" + name + "'",
                    Arrays.stream(values()).map(Object::toString).collect(Collectors.joining(", ")),
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
   * Returns whether the optimizer has schedules and a weight decay.
   *
   * @return false for those of TensorFlow Java
   */
  public boolean takesSchedules() {
    return scheduled != null;
  }

  /**
   * Creates the optimizer, with a constant learning rate and its own weight decay.
   *
   * @param graph the graph that it updates
   * @param learningRate its learning rate
   * @param momentum its momentum; only used where {@link #takesMomentum}
   * @return the optimizer
   */
  public Optimizer create(Graph graph, float learningRate, float momentum) {
    return create(
        graph, learningRate, momentum, UpdateSettings.PLAIN, new UpdateSettings.Run(1, 1));
  }

  /** Creates the optimizer with settings for a run. */
  Optimizer create(
      Graph graph,
      float learningRate,
      float momentum,
      UpdateSettings settings,
      UpdateSettings.Run run) {
    if (scheduled != null) {
      Schedule rate = settings.learningRate(learningRate, run);
      return scheduled.create(graph, rate, new Update(momentum, settings));
    }
    if (settings.needsSchedules()) {
      throw new IllegalArgumentException(this + " has a constant learning rate and no decay");
    }
    return factory.create(graph, learningRate, momentum);
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
