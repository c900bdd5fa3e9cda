package org.samtf.examples.sharpness;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.samtf.examples.report.Spread;

/** How well predictors put networks in the order of their generalization gaps. */
final class Correlations {

  /** Fewer networks, or networks of fewer settings, say nothing. */
  static final int FEWEST_NETWORKS = 10;

  static final int FEWEST_SETTINGS = 3;
  static final int FEWEST_SEEDS = 2;

  private final List<TrainedNetwork> networks;
  private final List<double[]> draws;

  private Correlations(List<TrainedNetwork> networks) {
    this.networks = networks;
    this.draws = Resampling.weights(networks);
  }

  /**
   * Kendall's tau and what is known of its error.
   *
   * @param tau from -1 to 1
   * @param standardError standard deviation over the draws
   */
  record Tau(double tau, double standardError) {}

  /** Returns the correlations of the networks that are compared, or none if there are too few. */
  static Optional<Correlations> of(List<TrainedNetwork> all) {
    List<TrainedNetwork> compared = all.stream().filter(TrainedNetwork::compared).toList();
    long settings = compared.stream().map(TrainedNetwork::setting).distinct().count();
    boolean enough =
        compared.size() >= FEWEST_NETWORKS
            && settings >= FEWEST_SETTINGS
            && seeds(compared) >= FEWEST_SEEDS;
    return enough ? Optional.of(new Correlations(compared)) : Optional.empty();
  }

  private static int seeds(List<TrainedNetwork> networks) {
    return (int) networks.stream().mapToLong(TrainedNetwork::seed).distinct().count();
  }

  /** How many seeds the networks have. */
  int seeds() {
    return seeds(networks);
  }

  List<TrainedNetwork> networks() {
    return networks;
  }

  /** The correlation with a gap; empty if all networks have the same gap or the same value. */
  Optional<Tau> tau(Predictor predictor, Gap gap) {
    double[] x = networks.stream().mapToDouble(predictor::of).toArray();
    double[] y = networks.stream().mapToDouble(gap::of).toArray();
    return withError(Kendall.tau(x, y), taus(x, y));
  }

  /** By how much one predictor is the better one, from the same draws for both. */
  Optional<Tau> advantage(Predictor predictor, Predictor other, Gap gap) {
    double[] x = networks.stream().mapToDouble(predictor::of).toArray();
    double[] z = networks.stream().mapToDouble(other::of).toArray();
    double[] y = networks.stream().mapToDouble(gap::of).toArray();
    double[] ofX = taus(x, y);
    double[] ofZ = taus(z, y);
    double[] differences =
        IntStream.range(0, ofX.length).mapToDouble(i -> ofX[i] - ofZ[i]).toArray();
    return withError(Kendall.tau(x, y) - Kendall.tau(z, y), differences);
  }

  private double[] taus(double[] x, double[] y) {
    return draws.stream().mapToDouble(weights -> Kendall.tau(x, y, weights)).toArray();
  }

  /** A draw of networks that are all alike in a value has no correlation and does not count. */
  private static Optional<Tau> withError(double tau, double[] drawn) {
    double[] finite = Arrays.stream(drawn).filter(Double::isFinite).toArray();
    if (!Double.isFinite(tau) || finite.length < 2) {
      return Optional.empty();
    }
    return Optional.of(new Tau(tau, Spread.of(finite).deviation()));
  }
}
