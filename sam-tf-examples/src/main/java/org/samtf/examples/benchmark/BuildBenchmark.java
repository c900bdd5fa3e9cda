package org.samtf.examples.benchmark;

import java.io.PrintWriter;
import java.util.List;
import org.samtf.examples.report.Format;
import org.samtf.examples.report.Table;
import org.tensorflow.Session;
import org.tensorflow.op.Op;

/** Times what happens once: writing the train op into the graph, and its first run. */
public final class BuildBenchmark {

  private static final int VARIABLES_OF_DEEP_GRAPHS = 100;

  private BuildBenchmark() {}

  /**
   * Measures and prints two tables.
   *
   * @param variables numbers of variables for the first table
   * @param ops numbers of forward ops for the second
   * @param repeats how often each is measured; the median counts
   * @param out where to print
   */
  public static void run(List<Integer> variables, List<Integer> ops, int repeats, PrintWriter out) {
    out.println(Machine.describe());
    out.printf("momentum; median of %d after one untimed%n%n", repeats);
    Table first = header("minimize and first run");
    for (int count : variables) {
      measure(first, count + " variables", count, 2 * count, repeats, true);
    }
    out.println(first);
    out.flush();
    Table deep = header("minimize, " + VARIABLES_OF_DEEP_GRAPHS + " variables");
    for (int count : ops) {
      measure(deep, count + " forward ops", VARIABLES_OF_DEEP_GRAPHS, count, repeats, false);
    }
    out.print(deep);
  }

  private static Table header(String title) {
    String[] row = new String[Wrapping.values().length + 1];
    row[0] = title;
    for (Wrapping wrapping : Wrapping.values()) {
      row[wrapping.ordinal() + 1] = wrapping.toString();
    }
    return Table.ofNumbers().row(row);
  }

  private static void measure(
      Table table, String name, int variables, int ops, int repeats, boolean andRun) {
    Wrapping[] wrappings = Wrapping.values();
    Stopwatch[] watches = new Stopwatch[wrappings.length];
    for (int repeat = 0; repeat <= repeats; repeat++) {
      for (int w = 0; w < wrappings.length; w++) {
        // The first round only warms up; its times are thrown away.
        if (repeat <= 1) {
          watches[w] = new Stopwatch(repeats);
        }
        build(wrappings[w], variables, ops, watches[w], andRun);
      }
    }
    String[] row = new String[wrappings.length + 1];
    row[0] = name;
    for (int w = 0; w < wrappings.length; w++) {
      row[w + 1] = Format.millis(watches[w].median());
    }
    table.row(row);
  }

  private static void build(
      Wrapping wrapping, int variables, int ops, Stopwatch watch, boolean andRun) {
    try (ChainGraph chain = new ChainGraph(variables, ops)) {
      if (!andRun) {
        watch.time(() -> wrapping.optimizer(chain.graph()).minimize(chain.loss()));
        return;
      }
      watch.time(
          () -> {
            Op train = wrapping.optimizer(chain.graph()).minimize(chain.loss());
            try (Session session = new Session(chain.graph())) {
              session.runner().addTarget(train).run().close();
            }
          });
    }
  }
}
