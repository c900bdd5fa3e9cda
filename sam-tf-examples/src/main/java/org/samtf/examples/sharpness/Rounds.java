package org.samtf.examples.sharpness;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.BiFunction;
import org.samtf.examples.report.Progress;

/**
 * Trains many small networks, one on each core, and says how long it will take.
 *
 * <p>A network of this size does not keep two cores busy; two networks do. Each has a graph, a
 * session and random numbers of its own, so what comes out does not depend on what else runs.
 */
final class Rounds {

  private final PrintWriter out;

  Rounds(PrintWriter out) {
    this.out = out;
  }

  /** Runs every case for every seed; all cases of the first seed come first. */
  <C, R> List<R> run(String task, List<Long> seeds, List<C> cases, BiFunction<Long, C, R> work) {
    List<R> results = new ArrayList<>();
    try (Progress progress = Progress.of("m-sharpness", (long) seeds.size() * cases.size())) {
      long start = System.nanoTime();
      for (long seed : seeds) {
        results.addAll(
            cases.parallelStream()
                .map(
                    one -> {
                      R result = work.apply(seed, one);
                      progress.step(task);
                      return result;
                    })
                .toList());
        if (results.size() == cases.size()) {
          estimate(task, seeds.size(), cases.size(), (System.nanoTime() - start) / 1e9);
        }
      }
    }
    return results;
  }

  private void estimate(String task, int seeds, int cases, double seconds) {
    out.printf(
        Locale.ROOT,
        "%s: %d networks for each of %d seeds, the first seed took %.0f s: about %.0f s in all%n",
        task,
        cases,
        seeds,
        seconds,
        seconds * seeds);
    out.flush();
  }
}
