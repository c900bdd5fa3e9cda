package org.samtf.examples.sharpness;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * Draws settings with replacement and seeds with replacement, and takes the networks of the pairs.
 *
 * <p>Networks of the same setting are alike, and so are those of the same seed, which began with
 * the same weights. To draw networks one by one, as if they were independent, would make every
 * correlation look firmer than it is.
 */
final class Resampling {

  private static final int DRAWS = 1000;
  private static final long SEED = 20210503L;

  private Resampling() {}

  /** Returns how often each network is drawn, draw by draw; the same for the same networks. */
  static List<double[]> weights(List<TrainedNetwork> networks) {
    List<Setting> settings = networks.stream().map(TrainedNetwork::setting).distinct().toList();
    List<Long> seeds = networks.stream().map(TrainedNetwork::seed).distinct().toList();
    Random random = new Random(SEED);
    List<double[]> draws = new ArrayList<>();
    for (int draw = 0; draw < DRAWS; draw++) {
      int[] ofSettings = drawn(settings.size(), random);
      int[] ofSeeds = drawn(seeds.size(), random);
      draws.add(
          networks.stream()
              .mapToDouble(
                  network ->
                      ofSettings[settings.indexOf(network.setting())]
                          * (double) ofSeeds[seeds.indexOf(network.seed())])
              .toArray());
    }
    return draws;
  }

  /** How often each of some things is drawn when one draws as many as there are. */
  private static int[] drawn(int things, Random random) {
    int[] counts = new int[things];
    for (int i = 0; i < things; i++) {
      counts[random.nextInt(things)]++;
    }
    return counts;
  }
}
