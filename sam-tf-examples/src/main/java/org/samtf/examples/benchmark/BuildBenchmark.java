package org.samtf.examples.benchmark;

import java.io.PrintWriter;
import java.lang.management.ManagementFactory;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.LongSupplier;
import org.samtf.examples.report.Format;
import org.samtf.examples.report.Table;
import org.tensorflow.GraphOperation;
import org.tensorflow.Session;
import org.tensorflow.op.Op;
import org.tensorflow.proto.ConfigProto;
import org.tensorflow.proto.GraphOptions;
import org.tensorflow.proto.RewriterConfig;

/**
 * Measures what grows with the number of variables and ops: how many ops a step has, and what it
 * takes to write them into the graph, to initialize, to run them for the first time, and after
 * that.
 */
public final class BuildBenchmark {

  private static final int VARIABLES_OF_DEEP_GRAPHS = 100;
  private static final int STEPS = 20;
  private static final String OPS = "ops of a step";

  private final Settings settings;
  private final PrintWriter out;
  private final Table counts;

  /**
   * What to measure.
   *
   * @param variables numbers of variables for the first tables
   * @param ops numbers of forward ops for the last
   * @param repeats how often each is measured; the median counts
   * @param withPlain whether TensorFlow Java's optimizer as it is comes along, whose train op has
   *     as many control edges as the square of the number of variables
   * @param tfg whether sessions have TensorFlow's TFG optimizer, as they have by default
   * @param processorTime whether it is the time that the process was computing for, on all
   *     processors, in place of the time that went by
   */
  public record Settings(
      List<Integer> variables,
      List<Integer> ops,
      int repeats,
      boolean withPlain,
      boolean tfg,
      boolean processorTime) {

    private List<Wrapping> wrappings() {
      return withPlain ? List.of(Wrapping.values()) : List.of(Wrapping.ORDERED, Wrapping.SAM);
    }

    private ConfigProto session() {
      RewriterConfig rewrites = RewriterConfig.newBuilder().setDisableTfgOptimizer(!tfg).build();
      return ConfigProto.newBuilder()
          .setGraphOptions(GraphOptions.newBuilder().setRewriteOptions(rewrites))
          .build();
    }

    private LongSupplier clock() {
      if (!processorTime) {
        return System::nanoTime;
      }
      var system =
          ManagementFactory.getPlatformMXBean(com.sun.management.OperatingSystemMXBean.class);
      return system::getProcessCpuTime;
    }
  }

  /** What is measured of a graph. */
  private enum Part {
    MINIMIZE("minimize"),
    INITIALIZE("initialize"),
    FIRST_RUN("first run"),
    OTHER_FETCH("first run with another fetch"),
    STEP("step");

    private final String title;

    Part(String title) {
      this.title = title;
    }
  }

  private BuildBenchmark(Settings settings, PrintWriter out) {
    this.settings = settings;
    this.out = out;
    this.counts = header(OPS);
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
    out.printf(
        "momentum; median of %d after one untimed%s; a step is the mean of %d%n%n",
        settings.repeats(), settings.processorTime() ? "; processor time" : "", STEPS);
    Map<Part, Table> tables = new EnumMap<>(Part.class);
    for (Part part : Part.values()) {
      tables.put(part, header(part.title));
    }
    for (int count : settings.variables()) {
      measure(tables, count + " variables", count, 2 * count);
    }
    tables.values().forEach(out::println);
    out.println(counts);
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
    if (tables.containsKey(Part.STEP)) {
      String[] row = new String[wrappings.size() + 1];
      row[0] = name;
      for (int w = 0; w < wrappings.size(); w++) {
        row[w + 1] = String.format(Locale.ROOT, "%,d", opsOfStep(wrappings.get(w), variables, ops));
      }
      counts.row(row);
    }
  }

  private static int opsOfStep(Wrapping wrapping, int variables, int ops) {
    try (ChainGraph chain = new ChainGraph(variables, ops)) {
      Op train = wrapping.optimizer(chain.graph()).minimize(chain.loss());
      Set<GraphOperation> behind = new HashSet<>();
      Deque<GraphOperation> todo = new ArrayDeque<>(List.of((GraphOperation) train.op()));
      while (!todo.isEmpty()) {
        GraphOperation op = todo.remove();
        if (behind.add(op)) {
          op.inputs().forEach(input -> todo.add((GraphOperation) input.op()));
          todo.addAll(op.controlInputs());
        }
      }
      return behind.size();
    }
  }

  private Map<Part, Stopwatch> watches(Map<Part, Table> tables) {
    Map<Part, Stopwatch> watches = new EnumMap<>(Part.class);
    for (Part part : tables.keySet()) {
      watches.put(part, new Stopwatch(settings.repeats(), settings.clock()));
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
        watches.get(Part.INITIALIZE).time(session::initialize);
        watches.get(Part.FIRST_RUN).time(() -> step(session, train[0]));
        watches
            .get(Part.OTHER_FETCH)
            .time(() -> session.runner().addTarget(train[0]).fetch(chain.loss()).run().close());
        watches.get(Part.STEP).time(STEPS, () -> step(session, train[0]));
      }
    }
  }

  private static void step(Session session, Op train) {
    session.runner().addTarget(train).run().close();
  }
}
