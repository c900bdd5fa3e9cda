package org.samtf.examples.sharpness;

import java.util.List;
import java.util.Optional;
import org.samtf.examples.data.DataSet;

/**
 * What came out of both experiments.
 *
 * @param data on which images
 * @param plan what was tried
 * @param sweeps test error against rho, for each kind of labels
 * @param networks the population
 * @param correlations of m-sharpness with the generalization gap, or empty if too few networks can
 *     be compared
 */
record MSharpness(
    DataSet data,
    Plan plan,
    List<Sweep> sweeps,
    List<TrainedNetwork> networks,
    Optional<Correlations> correlations) {}
