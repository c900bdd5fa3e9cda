package org.samtf.examples.benchmark;

import java.io.PrintWriter;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.samtf.examples.report.Format;
import org.samtf.examples.report.Table;
import org.tensorflow.Session;
import org.tensorflow.op.Op;
import org.tensorflow.proto.ConfigProto;
import org.tensorflow.proto.GraphOptions;
import org.tensorflow.proto.RewriterConfig;

/**
 * Times what grows with the number of variables and ops: writing the train op into the graph, its
 * first run, and the steps after that.
 */
public final class BuildBenchmark {

  private static final int VARIABLES_OF_DEEP_GRAPHS = 100;
  private static final int STEPS = 20;

  private final Settings settings;
  private final PrintWriter out;

  /**
   * What to measure.
   *
   * @param variables numbers of variables for the first tables
   * @param ops numbers of forward ops for the last
   * @param repeats how often each is measured; the median counts
   * @param withPlain whether TensorFlow Java's optimizer as it is comes along, whose train op has
   *     as many control edges as the square of the number of variables
   * @param tfg whether sessions have TensorFlow's TFG optimizer, as they have by default
   */
  public record Settings(
      List<Integer> variables, List<Integer> ops, int repeats, boolean withPlain, boolean tfg) {

    private List<Wrapping> wrappings() {
      return withPlain ? List.of(Wrapping.values()) : List.of(Wrapping.ORDERED, Wrapping.SAM);
    }

    private ConfigProto session() {
      RewriterConfig rewrites = RewriterConfig.newBuilder().setDisableTfgOptimizer(!tfg).build();
      return ConfigProto.newBuilder()
          .setGraphOptions(GraphOptions.newBuilder().setRewriteOptions(rewrites))
          .build();
    }
  }

  /** What is measured of a graph. */
  private enum Part {
    MINIMIZE("minimize"),
    FIRST_RUN("first run"),
    STEP("step");

    private final String title;

    Part(String title) {
      this.title = title;
    }
  }

  private BuildBenchmark(Settings settings, PrintWriter out) {
    this.settings = settings;
    this.out = out;
  }

  /**
   * Measures and prints the tables.
   *
   * @param settings what to measure
   * @param out where to print
   */
  public static void run(Settings settings, PrintWriter out) {
    new BuildBenchmark(settings, out).run();
  }

  private void run() {
    out.println(Machine.describe());
    out.printf("momentum; median of %d after one untimed%n%n", settings.repeats());
    Map<Part, Table> tables = new EnumMap<>(Part.class);
    for (Part part : Part.values()) {
      tables.put(part, header(part.title));
    }
    for (int count : settings.variables()) {
      measure(tables, count + " variables", count, 2 * count);
    }
    tables.values().forEach(out::println);
    out.flush();
    Table deep = header("minimize, " + VARIABLES_OF_DEEP_GRAPHS + " variables");
    for (int count : settings.ops()) {
      measure(Map.of(Part.MINIMIZE, deep), count + " forward ops", VARIABLES_OF_DEEP_GRAPHS, count);
    }
    out.print(deep);
  }

  private Table header(String title) {
    List<Wrapping> wrappings = settings.wrappings();
    String[] row = new String[wrappings.size() + 1];
    row[0] = title;
    for (int w = 0; w < wrappings.size(); w++) {
      row[w + 1] = wrappings.get(w).toString();
    }
    return Table.ofNumbers().row(row);
  }

  private void measure(Map<Part, Table> tables, String name, int variables, int ops) {
    List<Wrapping> wrappings = settings.wrappings();
    Map<Wrapping, Map<Part, Stopwatch>> watches = new EnumMap<>(Wrapping.class);
    for (int repeat = 0; repeat <= settings.repeats(); repeat++) {
      for (Wrapping wrapping : wrappings) {
        // The first round only warms up; its times are thrown away.
        if (repeat <= 1) {
          watches.put(wrapping, watches(tables));
        }
        build(wrapping, variables, ops, watches.get(wrapping));
      }
    }
    tables.forEach(
        (part, table) -> {
          String[] row = new String[wrappings.size() + 1];
          row[0] = name;
          for (int w = 0; w < wrappings.size(); w++) {
            row[w + 1] = Format.millis(watches.get(wrappings.get(w)).get(part).median());
          }
          table.row(row);
        });
  }

  private Map<Part, Stopwatch> watches(Map<Part, Table> tables) {
    Map<Part, Stopwatch> watches = new EnumMap<>(Part.class);
    for (Part part : tables.keySet()) {
      watches.put(part, new Stopwatch(settings.repeats() * (part == Part.STEP ? STEPS : 1)));
    }
    return watches;
  }

  private void build(Wrapping wrapping, int variables, int ops, Map<Part, Stopwatch> watches) {
    try (ChainGraph chain = new ChainGraph(variables, ops)) {
      Op[] train = new Op[1];
      watches
          .get(Part.MINIMIZE)
          .time(() -> train[0] = wrapping.optimizer(chain.graph()).minimize(chain.loss()));
      if (!watches.containsKey(Part.FIRST_RUN)) {
        return;
      }
      try (Session session = new Session(chain.graph(), settings.session())) {
        // With the run of the initializers, which TensorFlow Java has come before.
        watches.get(Part.FIRST_RUN).time(() -> step(session, train[0]));
        for (int i = 0; i < STEPS; i++) {
          watches.get(Part.STEP).time(() -> step(session, train[0]));
        }
      }
    }
  }

  private static void step(Session session, Op train) {
    session.runner().addTarget(train).run().close();
  }
}
