package org.samtf.internal.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.PropertyDefaults;
import net.jqwik.api.Provide;
import org.tensorflow.Graph;
import org.tensorflow.GraphOperation;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.types.TFloat64;
import org.tensorflow.types.TInt32;

/** A copy computes what its original does, of what it reads in its place. */
@PropertyDefaults(tries = 25, edgeCases = EdgeCasesMode.NONE)
class GraphCopyTest {

  private static final Shape SHAPE = Shape.of(4);

  /**
   * Ops of vectors of four numbers, each made of some before it, and with control inputs. All
   * numbers are integers below 2^53, so that no order of summation makes a difference.
   */
  private static final class RandomGraph implements AutoCloseable {
    final Graph graph = new Graph();
    final Ops tf = Ops.create(graph);
    final Placeholder<TFloat64> x = placeholder("x");
    final Placeholder<TFloat64> y = placeholder("y");
    final List<GraphOperation> computed = new ArrayList<>();
    private final List<Operand<TFloat64>> values = new ArrayList<>(List.of(x, y));
    private final Random random;

    RandomGraph(long seed) {
      random = new Random(seed);
      int size = 3 + random.nextInt(25);
      for (int i = 0; i < size; i++) {
        Ops after = tf;
        if (!computed.isEmpty() && random.nextInt(3) == 0) {
          after = tf.withControlDependencies(controls());
        }
        switch (random.nextInt(5)) {
          case 0:
            add(after.math.neg(value()));
            break;
          case 1:
            add(after.math.sub(value(), value()));
            break;
          case 2:
            add(after.math.maximum(value(), value()));
            break;
          case 3:
            add(after.math.addN(List.of(value(), value(), value())));
            break;
          default:
            var halves = after.split(tf.constant(0), value(), 2L);
            computed.add((GraphOperation) halves.op());
            Operand<TFloat64> low = halves.output().get(0);
            Operand<TFloat64> high = halves.output().get(1);
            add(tf.concat(List.of(high, low), tf.constant(0)));
        }
      }
    }

    private Placeholder<TFloat64> placeholder(String name) {
      return tf.withName(name).placeholder(TFloat64.class, Placeholder.shape(SHAPE));
    }

    private Operand<TFloat64> value() {
      return values.get(random.nextInt(values.size()));
    }

    private List<Op> controls() {
      List<Op> controls = new ArrayList<>();
      for (int i = 0; i <= random.nextInt(3); i++) {
        controls.add(values.get(2 + random.nextInt(values.size() - 2)));
      }
      return controls;
    }

    private void add(Operand<TFloat64> value) {
      values.add(value);
      computed.add((GraphOperation) value.op());
    }

    GraphScope scope() {
      return GraphScope.unique(graph, "Copy");
    }

    /** The values of the ops, with 1, 2, 3, 4 as x and 5, 6, 7, 8 as y. */
    List<TFloat64> run(List<GraphOperation> ops) {
      return GraphCopyTest.run(graph, x, vector(1), y, vector(5), ops);
    }

    @Override
    public void close() {
      graph.close();
    }
  }

  private static TFloat64 vector(double first) {
    return TFloat64.tensorOf(
        SHAPE,
        t ->
            t.setDouble(first, 0)
                .setDouble(first + 1, 1)
                .setDouble(first + 2, 2)
                .setDouble(first + 3, 3));
  }

  private static List<TFloat64> run(
      Graph graph,
      Operand<?> x,
      TFloat64 ofX,
      Operand<?> y,
      TFloat64 ofY,
      List<GraphOperation> ops) {
    List<TFloat64> values = new ArrayList<>();
    try (Session session = new Session(graph)) {
      Session.Runner runner = session.runner().feed(x.asOutput(), ofX).feed(y.asOutput(), ofY);
      ops.forEach(op -> runner.fetch(op.output(0)));
      try (Result result = runner.run()) {
        for (var value : result) {
          TFloat64 kept = TFloat64.tensorOf(value.getValue().shape());
          ((TFloat64) value.getValue()).copyTo(kept);
          values.add(kept);
        }
      }
    }
    return values;
  }

  private static List<GraphOperation> copies(GraphCopy copy, List<GraphOperation> ops) {
    List<GraphOperation> copies = new ArrayList<>();
    ops.forEach(op -> copies.add(copy.of(op)));
    assertThat(copies).doesNotContainAnyElementsOf(ops);
    return copies;
  }

  @Provide
  Arbitrary<Long> seeds() {
    return Arbitraries.longs();
  }

  @Property
  void aCopyOfEverythingComputesTheSame(@ForAll("seeds") long seed) {
    try (RandomGraph g = new RandomGraph(seed)) {
      GraphCopy copy = GraphCopy.below(g.scope());
      copy.addAll(g.computed);
      assertThat(g.run(copies(copy, g.computed))).isEqualTo(g.run(g.computed));
    }
  }

  /** However the ops are handed over, and whichever of them: the others are shared. */
  @Property
  void aCopyOfSomeInAnyOrderComputesTheSame(@ForAll("seeds") long seed) {
    try (RandomGraph g = new RandomGraph(seed)) {
      List<GraphOperation> some = new ArrayList<>(g.computed);
      Collections.shuffle(some, new Random(seed));
      some.subList(0, some.size() / 3).clear();
      GraphCopy copy = GraphCopy.below(g.scope());
      copy.addAll(some);
      assertThat(g.run(copies(copy, some))).isEqualTo(g.run(some));
      for (GraphOperation op : some) {
        assertThat(sources(copy.of(op))).isEqualTo(copiesOf(copy, sources(op)));
      }
    }
  }

  @Property
  void readingAnotherTensorIsAsFeedingIt(@ForAll("seeds") long seed) {
    try (RandomGraph g = new RandomGraph(seed)) {
      Output<?> other = g.tf.constant(new double[] {-1, 0, 1, 2}).asOutput();
      GraphCopy copy =
          GraphCopy.below(g.scope())
              .reading((reader, index, input) -> input.equals(g.x.asOutput()) ? other : input);
      copy.addAll(g.computed);
      assertThat(g.run(copies(copy, g.computed)))
          .isEqualTo(run(g.graph, g.x, vector(-1), g.y, vector(5), g.computed));
    }
  }

  @Property
  void controlInputsLeadToTheCopies(@ForAll("seeds") long seed) {
    try (RandomGraph g = new RandomGraph(seed)) {
      GraphCopy copy = GraphCopy.below(g.scope());
      copy.addAll(g.computed);
      for (GraphOperation op : g.computed) {
        assertThat(Edges.controlsInto(copy.of(op)))
            .isEqualTo(copiesOf(copy, Edges.controlsInto(op)));
      }
    }
  }

  @Property
  void controlInputsCanBeReplacedLeftOutAndAdded(@ForAll("seeds") long seed) {
    try (RandomGraph g = new RandomGraph(seed)) {
      GraphOperation first = g.computed.get(0);
      GraphOperation instead = (GraphOperation) g.tf.withName("instead").noOp().op();
      GraphOperation besides = (GraphOperation) g.tf.withName("besides").noOp().op();
      GraphCopy copy =
          GraphCopy.below(g.scope()).waitingFor(control -> control.equals(first) ? instead : null);
      for (GraphOperation op : g.computed) {
        Set<GraphOperation> expected = new HashSet<>(Set.of(besides));
        if (Edges.controlsInto(op).contains(first)) {
          expected.add(instead);
        }
        assertThat(Edges.controlsInto(copy.add(op, List.of(besides)))).isEqualTo(expected);
      }
    }
  }

  @Property
  void whatWouldBeTheSameIsNotWrittenAgain(@ForAll("seeds") long seed) {
    try (RandomGraph g = new RandomGraph(seed)) {
      GraphCopy copy = GraphCopy.below(g.scope());
      for (GraphOperation op : g.computed) {
        assertThat(copy.addIfChanged(op, List.of())).isEqualTo(op);
      }
      // Written again is an op with another control input, and all that comes after it.
      GraphOperation changed = g.computed.get(new Random(seed).nextInt(g.computed.size()));
      GraphOperation besides = (GraphOperation) g.tf.withName("besides").noOp().op();
      Set<GraphOperation> after = new HashSet<>(Set.of(changed));
      for (GraphOperation op : g.computed) {
        List<GraphOperation> more = op.equals(changed) ? List.of(besides) : List.of();
        if (sources(op).stream().anyMatch(after::contains)) {
          after.add(op);
        }
        boolean isCopied = !copy.addIfChanged(op, more).equals(op);
        assertThat(isCopied).isEqualTo(after.contains(op));
      }
      assertThat(g.run(copies(copy, List.of(changed)))).isEqualTo(g.run(List.of(changed)));
    }
  }

  @Property
  void aCopyInAnotherGraphComputesTheSame(@ForAll("seeds") long seed) {
    try (RandomGraph g = new RandomGraph(seed);
        Graph other = new Graph()) {
      GraphCopy copy = GraphCopy.below(GraphScope.unique(other, "Copy"));
      List<GraphOperation> all = new ArrayList<>();
      g.graph.operations().forEachRemaining(all::add);
      copy.addAll(all);
      List<GraphOperation> copies = copies(copy, g.computed);
      assertThat(
              run(
                  other,
                  copy.of(g.x.asOutput()),
                  vector(1),
                  copy.of(g.y.asOutput()),
                  vector(5),
                  copies))
          .isEqualTo(g.run(g.computed));
    }
  }

  private static List<GraphOperation> sources(GraphOperation op) {
    return Edges.into(op);
  }

  private static Set<GraphOperation> copiesOf(GraphCopy copy, Set<GraphOperation> ops) {
    Set<GraphOperation> copies = new HashSet<>();
    ops.forEach(op -> copies.add(copy.of(op)));
    return copies;
  }

  private static List<GraphOperation> copiesOf(GraphCopy copy, List<GraphOperation> ops) {
    List<GraphOperation> copies = new ArrayList<>();
    ops.forEach(op -> copies.add(copy.of(op)));
    return copies;
  }

  @Example
  void namesAreThoseOfTheOriginalsBelowTheScope() {
    try (Graph graph = new Graph()) {
      Ops tf = Ops.create(graph);
      GraphOperation op =
          (GraphOperation) tf.withSubScope("layer").withName("sum").math.add(c(tf), c(tf)).op();
      GraphCopy copy = GraphCopy.below(GraphScope.unique(graph, "Copy"));
      assertThat(copy.add(op).name()).isEqualTo("Copy/layer/sum");
      assertThat(copy.add(op).name()).isEqualTo("Copy/layer/sum_1");
      assertThat(copy.of(op).name()).isEqualTo("Copy/layer/sum_1");
    }
  }

  @Example
  void aColocationLeadsToTheCopyIfThereIsOne() {
    try (Graph graph = new Graph()) {
      Ops tf = Ops.create(graph);
      GraphOperation place = (GraphOperation) tf.withName("place").math.neg(c(tf)).op();
      GraphOperation beside =
          graph
              .opBuilder("Neg", "beside", graph.baseScope())
              .addInput(c(tf).asOutput())
              .setAttr("_class", new String[] {"loc:@place", "loc:@elsewhere"})
              .build();
      GraphCopy both = GraphCopy.below(GraphScope.unique(graph, "Both"));
      both.addAll(List.of(place, beside));
      assertThat(colocations(both.of(beside)))
          .containsExactlyInAnyOrder("loc:@Both/place", "loc:@elsewhere");
      GraphCopy one = GraphCopy.below(GraphScope.unique(graph, "One"));
      assertThat(colocations(one.add(beside)))
          .containsExactlyInAnyOrder("loc:@place", "loc:@elsewhere");
    }
  }

  private static String[] colocations(GraphOperation op) {
    return op.attributes().getAttrStringList("_class");
  }

  @Example
  void copiesAreOnTheDevicesOfTheOriginalsOrOnOneOfTheirOwn() {
    try (Graph graph = new Graph()) {
      Ops tf = Ops.create(graph);
      GraphScope scope = GraphScope.unique(graph, "Copy");
      GraphOperation placed =
          (GraphOperation) scope.withDeviceString("/device:CPU:0").ops().math.neg(c(tf)).op();
      GraphOperation free = (GraphOperation) tf.math.neg(c(tf)).op();
      assertThat(GraphCopy.below(scope).add(placed).device()).isEqualTo("/device:CPU:0");
      assertThat(GraphCopy.below(scope).add(free).device()).isEmpty();
      GraphCopy elsewhere = GraphCopy.below(scope).on("/device:CPU:1");
      assertThat(elsewhere.add(placed).device()).isEqualTo("/device:CPU:1");
      assertThat(elsewhere.add(free).device()).isEqualTo("/device:CPU:1");
    }
  }

  @Example
  void seedsDifferFromDrawToDraw() {
    try (Graph graph = new Graph()) {
      Ops tf = Ops.create(graph);
      Operand<TInt32> shape = tf.constant(new int[] {2});
      GraphOperation seeded = random(graph, shape, 7, 0);
      GraphOperation unseeded = random(graph, shape, 0, 0);
      GraphScope scope = GraphScope.unique(graph, "Copy");
      Set<Long> seeds = new TreeSet<>();
      for (int draw = 0; draw < 3; draw++) {
        GraphCopy copy = GraphCopy.below(scope).drawing(draw);
        assertThat(copy.add(seeded).attributes().getAttrInt("seed")).isEqualTo(7);
        seeds.add(copy.of(seeded).attributes().getAttrInt("seed2"));
        assertThat(copy.add(unseeded).attributes().getAttrInt("seed2")).isZero();
      }
      assertThat(seeds).containsExactly(0L, 1L, 2L);
    }
  }

  private static GraphOperation random(Graph graph, Operand<?> shape, long seed, long seed2) {
    return graph
        .opBuilder("RandomUniform", "random" + seed, graph.baseScope())
        .addInput(shape.asOutput())
        .setAttr("dtype", c(Ops.create(graph)).asOutput().dataType())
        .setAttr("seed", seed)
        .setAttr("seed2", seed2)
        .build();
  }

  @Example
  void whatIsPutInPlaceOfACopyIsRead() {
    try (Graph graph = new Graph()) {
      Ops tf = Ops.create(graph);
      Operand<TFloat64> a = tf.math.neg(c(tf));
      GraphOperation reader = (GraphOperation) tf.math.abs(a).op();
      GraphOperation instead = (GraphOperation) tf.math.sign(a).op();
      GraphCopy copy = GraphCopy.below(GraphScope.unique(graph, "Copy"));
      copy.put((GraphOperation) a.op(), instead);
      assertThat(copy.add(reader).input(0).op()).isEqualTo(instead);
    }
  }

  @Example
  void goesDeeperThanTheStack() {
    try (Graph graph = new Graph()) {
      GraphScope scope = GraphScope.unique(graph, "chain");
      Ops tf = scope.ops();
      Operand<TFloat64> x = c(tf);
      List<GraphOperation> chain = new ArrayList<>();
      for (int i = 0; i < 6_000; i++) {
        x = tf.math.neg(x);
        chain.add((GraphOperation) x.op());
      }
      Collections.reverse(chain);
      GraphCopy copy = GraphCopy.below(scope);
      copy.addAll(chain);
      assertThat(copy.of(chain.get(0)).input(0).op()).isEqualTo(copy.of(chain.get(1)));
    }
  }

  @Example
  void aLoopIsRefused() {
    try (Graph graph = new Graph()) {
      Ops tf = Ops.create(graph);
      graph.whileLoop(
          new Output<?>[] {c(tf).asOutput()},
          (inner, in, out) -> {
            Ops ops = Ops.create(inner);
            Operand<TFloat64> value = Reals.unchecked(in[0]);
            out[0] = ops.math.less(value, ops.constant(10.0)).asOutput();
          },
          (inner, in, out) -> {
            Ops ops = Ops.create(inner);
            Operand<TFloat64> value = Reals.unchecked(in[0]);
            out[0] = ops.math.add(value, ops.constant(1.0)).asOutput();
          },
          "counting");
      List<GraphOperation> all = new ArrayList<>();
      graph.operations().forEachRemaining(all::add);
      GraphCopy copy = GraphCopy.below(GraphScope.unique(graph, "Copy"));
      assertThatThrownBy(() -> copy.addAll(all))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContainingAll("op \"counting/", "loop with a back edge");
    }
  }

  private static Operand<TFloat64> c(Ops tf) {
    return tf.constant(1.0);
  }
}
