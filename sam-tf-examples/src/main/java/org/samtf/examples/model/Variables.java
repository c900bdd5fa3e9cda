package org.samtf.examples.model;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.tensorflow.DeviceSpec;
import org.tensorflow.Graph;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.op.core.Variable;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt64;

/** The variables of a network and their initial values. */
final class Variables {

  private record Initial(
      Placeholder<TFloat32> feed, Op assign, Shape shape, Supplier<float[]> values) {}

  private final Ops tf;
  private final HeInitializer weights;
  private final List<DeviceSpec> homes;
  private final List<Initial> initials = new ArrayList<>();
  private final List<Op> counters = new ArrayList<>();
  private final Map<String, Variable<TFloat32>> byName = new HashMap<>();

  Variables(Graph graph, long seed) {
    this(graph, seed, List.of());
  }

  /**
   * Makes variables.
   *
   * @param homes the device of each, in the order in which they are made; nothing to leave that to
   *     TensorFlow
   */
  Variables(Graph graph, long seed, List<DeviceSpec> homes) {
    this.tf = Ops.create(graph);
    this.weights = new HeInitializer(seed);
    this.homes = homes;
  }

  /** The size of each of the variables that {@code make} makes. */
  static List<Long> bytes(Consumer<Variables> make) {
    try (Graph graph = new Graph()) {
      Variables made = new Variables(graph, 0);
      make.accept(made);
      return made.initials.stream().map(initial -> Float.BYTES * initial.shape().size()).toList();
    }
  }

  /** Creates LAYER_kernel with random weights; all axes but the last feed into an output. */
  Variable<TFloat32> kernel(String layer, Shape shape) {
    int size = Math.toIntExact(shape.size());
    int fanIn = Math.toIntExact(size / shape.get(-1));
    return create(layer, "kernel", shape, () -> weights.draw(layer + "_kernel", size, fanIn));
  }

  /** Creates LAYER_NAME, a vector with the same value everywhere. */
  Variable<TFloat32> vector(String layer, String name, long size, float value) {
    return create(
        layer,
        name,
        Shape.of(size),
        () -> {
          float[] values = new float[Math.toIntExact(size)];
          Arrays.fill(values, value);
          return values;
        });
  }

  /** Creates a counter of steps that starts at 0. */
  Variable<TInt64> counter(String name) {
    Ops named = tf.withName(name);
    Variable<TInt64> counter = named.variable(Shape.scalar(), TInt64.class);
    counters.add(tf.withName(name + "_initialize").assign(counter, tf.constant(0L)));
    return counter;
  }

  private Variable<TFloat32> create(
      String layer, String name, Shape shape, Supplier<float[]> values) {
    Ops at = named(layer, name);
    Ops home = homes.isEmpty() ? at : at.withDevice(homes.get(initials.size()));
    Variable<TFloat32> variable = home.variable(shape, TFloat32.class);
    // Fed and not a constant: a constant would stay in the graph and in every exported model.
    Placeholder<TFloat32> feed =
        named(layer, name + "_initial").placeholder(TFloat32.class, Placeholder.shape(shape));
    Op assign = named(layer, name + "_initialize").assign(variable, feed);
    byName.put(layer + "_" + name, variable);
    initials.add(new Initial(feed, assign, shape, values));
    return variable;
  }

  /**
   * Names an op LAYER_NAME. Not LAYER/NAME: the optimizers name the slots of a variable after it,
   * and TensorFlow Java takes no slash there.
   */
  private Ops named(String layer, String name) {
    return tf.withName(layer + "_" + name);
  }

  /** The variable of that name, LAYER_NAME. */
  Variable<TFloat32> get(String name) {
    Variable<TFloat32> variable = byName.get(name);
    if (variable == null) {
      throw new IllegalArgumentException("no variable " + name + "; there are " + byName.keySet());
    }
    return variable;
  }

  /** Gives every variable its initial value. */
  void initialize(Session session) {
    if (initials.isEmpty() && counters.isEmpty()) {
      return;
    }
    List<TFloat32> tensors = new ArrayList<>();
    try {
      Session.Runner runner = session.runner();
      for (Initial initial : initials) {
        TFloat32 tensor =
            TFloat32.tensorOf(initial.shape(), DataBuffers.of(initial.values().get()));
        tensors.add(tensor);
        runner.feed(initial.feed(), tensor).addTarget(initial.assign());
      }
      counters.forEach(runner::addTarget);
      try (Result nothing = runner.run()) {
        assert nothing.size() == 0;
      }
    } finally {
      tensors.forEach(TFloat32::close);
    }
  }
}
