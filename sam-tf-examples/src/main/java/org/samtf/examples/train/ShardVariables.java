package org.samtf.examples.train;

import java.util.ArrayList;
import java.util.List;
import org.samtf.cluster.Cluster;
import org.samtf.examples.checkpoint.GraphVariables;
import org.samtf.examples.data.ImageShape;
import org.samtf.examples.data.LabeledImages;
import org.samtf.examples.data.Shards;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.exceptions.TensorFlowException;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.op.core.Variable;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TString;

/**
 * The images of each machine, in variables on its own CPU: it fills them itself, and a step reads
 * rows of them there. Task 0 sends the numbers of the rows.
 */
final class ShardVariables {

  private static final String IMAGES = "samtf_images";
  private static final String LABELS = "samtf_labels";
  private static final String ORIGIN = "samtf_origin";

  private ShardVariables() {}

  /**
   * What the parts of a step read.
   *
   * @param rows placeholder for the rows of all machines: those of the first, then of the second
   * @param parts images and labels of each machine
   * @param origins what each has read them from and with
   */
  record Input(
      Placeholder<TInt32> rows, List<List<Operand<?>>> parts, List<Variable<TString>> origins) {}

  /** Fills the variables of this process' machine. */
  static void fill(Cluster cluster, LabeledImages images, String origin) {
    int own = cluster.task().orElseThrow();
    try (Graph graph = new Graph()) {
      Ops tf = on(graph, cluster, own);
      Variable<TFloat32> pixels = images(tf, images.shape(), images.size());
      Variable<TInt32> labels = labels(tf, images.size());
      Variable<TString> name = origin(tf);
      Placeholder<TFloat32> fedPixels = tf.placeholder(TFloat32.class);
      Placeholder<TInt32> fedLabels = tf.placeholder(TInt32.class);
      var assignPixels = tf.assign(pixels, fedPixels);
      var assignLabels = tf.assign(labels, fedLabels);
      // The last: who sees it sees all.
      var assignName = tf.assign(name, tf.constant(origin));
      int[] order = new int[images.size()];
      for (int i = 0; i < order.length; i++) {
        order[i] = i;
      }
      try (Session session = cluster.ownSession(graph);
          Batch batch = Batch.of(images, order, 0, order.length)) {
        session
            .runner()
            .feed(fedPixels, batch.images())
            .feed(fedLabels, batch.labels())
            .addTarget(assignPixels)
            .addTarget(assignLabels)
            .run()
            .close();
        session.run(assignName);
      }
    }
  }

  /** What the machines' images were read from and with; nothing of one that has not read them. */
  static List<String> origins(Session session, Input input) {
    List<String> origins = new ArrayList<>();
    for (Variable<TString> name : input.origins()) {
      try (Result result = session.runner().fetch(name).run()) {
        origins.add(((TString) result.get(0)).getObject());
      } catch (TensorFlowException e) {
        if (!String.valueOf(e.getMessage()).contains("uninitialized")) {
          throw e;
        }
        origins.add("");
      }
    }
    return origins;
  }

  /** Writes what reads the rows of each machine, on its device. */
  static Input write(Graph graph, Cluster cluster, ImageShape shape, int images) {
    int machines = cluster.size();
    Ops tf = Ops.create(graph).withSubScope(GraphVariables.NOT_SAVED);
    Placeholder<TInt32> rows =
        tf.withName("rows")
            .placeholder(TInt32.class, Placeholder.shape(Shape.of(Shape.UNKNOWN_SIZE)));
    List<Operand<TInt32>> ofMachines =
        new ArrayList<>(tf.split(tf.constant(0), rows, (long) machines).output());
    List<List<Operand<?>>> parts = new ArrayList<>();
    List<Variable<TString>> origins = new ArrayList<>();
    for (int i = 0; i < machines; i++) {
      Ops on = tf.withDevice(cluster.deviceSpec(i, "CPU:0"));
      int size = Shards.size(images, i, machines);
      Operand<TInt32> axis = on.constant(0);
      parts.add(
          List.of(
              on.gather(images(on, shape, size), ofMachines.get(i), axis),
              on.gather(labels(on, size), ofMachines.get(i), axis)));
      origins.add(origin(on));
    }
    return new Input(rows, parts, origins);
  }

  private static Ops on(Graph graph, Cluster cluster, int machine) {
    return Ops.create(graph).withDevice(cluster.deviceSpec(machine, "CPU:0"));
  }

  private static Variable<TFloat32> images(Ops tf, ImageShape shape, int size) {
    return tf.withName("images")
        .variable(
            Shape.of(size, shape.height(), shape.width(), shape.channels()),
            TFloat32.class,
            Variable.sharedName(IMAGES));
  }

  private static Variable<TInt32> labels(Ops tf, int size) {
    return tf.withName("labels")
        .variable(Shape.of(size), TInt32.class, Variable.sharedName(LABELS));
  }

  private static Variable<TString> origin(Ops tf) {
    return tf.withName("origin")
        .variable(Shape.scalar(), TString.class, Variable.sharedName(ORIGIN));
  }
}
