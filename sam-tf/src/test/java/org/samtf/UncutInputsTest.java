package org.samtf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.tensorflow.Graph;
import org.tensorflow.GraphOperation;
import org.tensorflow.Operand;
import org.tensorflow.Session;
import org.tensorflow.framework.optimizers.GradientDescent;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.op.core.Variable;
import org.tensorflow.op.linalg.MatMul;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;

/** Inputs with a row an example that are not named where the batch is cut. */
class UncutInputsTest {

  private static final int BATCH = 4;
  private static final int FEATURES = 3;
  private static final int CLASSES = 2;

  private final Graph graph = new Graph();
  private final Session session = new Session(graph);
  private final Ops tf = Ops.create(graph);
  private final Variable<TFloat32> weights =
      tf.withName("weights").variable(tf.ones(tf.array(FEATURES, CLASSES), TFloat32.class));

  @AfterEach
  void close() {
    session.close();
    graph.close();
  }

  /** How labels get into the loss. */
  private enum Loss {
    CROSS_ENTROPY {
      @Override
      Operand<TFloat32> of(Ops tf, Operand<TFloat32> logits, Operand<TFloat32> labels) {
        return tf.nn.softmaxCrossEntropyWithLogits(logits, labels).loss();
      }
    },
    BY_HAND {
      @Override
      Operand<TFloat32> of(Ops tf, Operand<TFloat32> logits, Operand<TFloat32> labels) {
        return tf.math.mul(labels, tf.nn.logSoftmax(logits));
      }
    },
    SQUARES {
      @Override
      Operand<TFloat32> of(Ops tf, Operand<TFloat32> logits, Operand<TFloat32> labels) {
        return tf.math.squaredDifference(tf.math.sigmoid(logits), tf.identity(labels));
      }
    };

    abstract Operand<TFloat32> of(Ops tf, Operand<TFloat32> logits, Operand<TFloat32> labels);
  }

  private Placeholder<TFloat32> placeholder(String name, long... shape) {
    return tf.withName(name).placeholder(TFloat32.class, Placeholder.shape(Shape.of(shape)));
  }

  private Operand<TFloat32> logits(Operand<TFloat32> images) {
    return tf.linalg.matMul(images, weights);
  }

  private Operand<TFloat32> mean(Operand<TFloat32> values) {
    return tf.math.mean(tf.reshape(values, tf.constant(new int[] {-1})), tf.constant(0));
  }

  private Op parts(int k, Operand<TFloat32> loss, Operand<?>... batchInputs) {
    return minimize(builder().microBatches(k, batchInputs), loss);
  }

  private SamOptimizerBuilder builder() {
    return SamOptimizer.builder(graph, new GradientDescent(graph, 0.1f));
  }

  private Op minimize(SamOptimizerBuilder builder, Operand<TFloat32> loss) {
    Op train = builder.build().minimize(loss);
    session.initialize();
    return train;
  }

  private record Fed(Operand<?> input, long... shape) {}

  /** A step with ones. */
  private void step(Op train, Fed... fed) {
    Session.Runner runner = session.runner().addTarget(train);
    List<TFloat32> tensors = new ArrayList<>();
    for (Fed one : fed) {
      TFloat32 tensor = TFloat32.tensorOf(Shape.of(one.shape));
      tensor.scalars().forEach(scalar -> scalar.setFloat(1));
      tensors.add(tensor);
      runner.feed(one.input.asOutput(), tensor);
    }
    try {
      runner.run().close();
    } finally {
      tensors.forEach(TFloat32::close);
    }
  }

  /** With parts of one example they would be broadcast, and the training would be wrong. */
  @ParameterizedTest
  @EnumSource(Loss.class)
  void forgottenLabelsAreNamedWhateverTheSizeOfAPart(Loss loss) {
    for (int k : new int[] {2, BATCH}) {
      Placeholder<TFloat32> images = placeholder("images" + k, -1, FEATURES);
      Placeholder<TFloat32> labels = placeholder("labels" + k, -1, CLASSES);
      Op train = parts(k, mean(loss.of(tf, logits(images), labels)), images);

      assertThatThrownBy(
              () -> step(train, new Fed(images, BATCH, FEATURES), new Fed(labels, BATCH, CLASSES)))
          .isInstanceOf(RuntimeException.class)
          .message()
          .satisfies(
              message ->
                  assertThat(message.lines().findFirst().orElseThrow())
                      .contains("input labels" + k + " has a row for each example but is not")
                      .contains("among the batch inputs; name it there as well"));
    }
  }

  @Test
  void theOtherWayRoundTheImagesAreNamed() {
    Placeholder<TFloat32> images = placeholder("images", -1, FEATURES);
    Placeholder<TFloat32> labels = placeholder("labels", -1, CLASSES);
    Op train = parts(BATCH, mean(Loss.CROSS_ENTROPY.of(tf, logits(images), labels)), labels);

    assertThatThrownBy(
            () -> step(train, new Fed(images, BATCH, FEATURES), new Fed(labels, BATCH, CLASSES)))
        .hasMessageContaining("input images has a row for each example");
  }

  @ParameterizedTest
  @ValueSource(ints = {2, BATCH})
  void labelsOfAnUnknownShapeAreNamed(int k) {
    Placeholder<TFloat32> images = placeholder("images", -1, FEATURES);
    Placeholder<TFloat32> labels = tf.withName("labels").placeholder(TFloat32.class);
    Op train = parts(k, mean(Loss.SQUARES.of(tf, logits(images), labels)), images);

    assertThatThrownBy(
            () -> step(train, new Fed(images, BATCH, FEATURES), new Fed(labels, BATCH, CLASSES)))
        .hasMessageContaining("input labels has a row for each example");
  }

  @Test
  void labelsThatAreMadeOneHotInTheGraphAreNamed() {
    Placeholder<TFloat32> images = placeholder("images", -1, FEATURES);
    Placeholder<TFloat32> classes = placeholder("classes", -1);
    Operand<TFloat32> labels =
        tf.oneHot(
            tf.dtypes.cast(classes, TInt32.class),
            tf.constant(CLASSES),
            tf.constant(1f),
            tf.constant(0f));
    Op train = parts(BATCH, mean(Loss.CROSS_ENTROPY.of(tf, logits(images), labels)), images);

    assertThatThrownBy(() -> step(train, new Fed(images, BATCH, FEATURES), new Fed(classes, BATCH)))
        .hasMessageContaining("input classes has a row for each example");
  }

  @Test
  void weightsOfExamplesAreNamed() {
    Placeholder<TFloat32> images = placeholder("images", -1, FEATURES);
    Placeholder<TFloat32> labels = placeholder("labels", -1, CLASSES);
    Placeholder<TFloat32> factors = placeholder("factors", -1);
    Operand<TFloat32> losses = Loss.CROSS_ENTROPY.of(tf, logits(images), labels);
    Op train = parts(BATCH, mean(tf.math.mul(losses, factors)), images, labels);

    assertThatThrownBy(
            () ->
                step(
                    train,
                    new Fed(images, BATCH, FEATURES),
                    new Fed(labels, BATCH, CLASSES),
                    new Fed(factors, BATCH)))
        .hasMessageContaining("input factors has a row for each example");
  }

  @ParameterizedTest
  @CsvSource({"1", "2"})
  void aSubsetOfTheExamplesNeedsThemTooUnlessItIsAll(int m) {
    Placeholder<TFloat32> images = placeholder("images", -1, FEATURES);
    Placeholder<TFloat32> labels = placeholder("labels", -1, CLASSES);
    Operand<TFloat32> loss = mean(Loss.CROSS_ENTROPY.of(tf, logits(images), labels));
    Op train = minimize(builder().ascentExamples(m, images), loss);

    assertThatThrownBy(
            () -> step(train, new Fed(images, BATCH, FEATURES), new Fed(labels, BATCH, CLASSES)))
        .hasMessageContaining("input labels has a row for each example");
    step(train, new Fed(images, m, FEATURES), new Fed(labels, m, CLASSES));
  }

  /** What shapes say is said when the step is built. */
  @ParameterizedTest
  @ValueSource(ints = {2, BATCH})
  void forgottenLabelsOfAKnownNumberAreRefused(int k) {
    Placeholder<TFloat32> images = placeholder("images", BATCH, FEATURES);
    Placeholder<TFloat32> labels = placeholder("labels", BATCH, CLASSES);
    Operand<TFloat32> loss = mean(Loss.SQUARES.of(tf, logits(images), labels));

    assertThatThrownBy(() -> parts(k, loss, images))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "input labels has a row for each example but is not among the batch inputs; name it there as"
                + " well");
  }

  @Test
  void aConstantWithARowAnExampleIsRefusedForPartsOfOneToo() {
    Placeholder<TFloat32> images = placeholder("images", BATCH, FEATURES);
    Operand<TFloat32> shifted =
        tf.withName("shifted").math.add(images, tf.ones(tf.array(BATCH, FEATURES), TFloat32.class));

    assertThatThrownBy(() -> parts(BATCH, mean(logits(shifted)), images))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("\"shifted\" (Add)");
  }

  /** Nothing of this is refused. */
  @Test
  void inputsWithoutARowAnExampleNeedNotBeNamed() {
    Placeholder<TFloat32> images = placeholder("images", -1, FEATURES);
    Placeholder<TFloat32> labels = placeholder("labels", -1, CLASSES);
    Placeholder<TFloat32> rate = tf.withName("rate").placeholder(TFloat32.class);
    Placeholder<TFloat32> scalar = placeholder("scalar");
    Placeholder<TFloat32> ofFeatures = placeholder("ofFeatures", FEATURES);
    Placeholder<TFloat32> ofUnknownLength = placeholder("ofUnknownLength", -1);
    Placeholder<TFloat32> oneRow = placeholder("oneRow", -1, FEATURES);
    Placeholder<TFloat32> bank = placeholder("bank", -1, FEATURES);
    Operand<TFloat32> x = tf.math.add(tf.math.mul(images, rate), scalar);
    x = tf.math.add(tf.math.mul(x, ofFeatures), ofUnknownLength);
    x = tf.math.sub(x, oneRow);
    // As long as the batch, along another axis.
    Placeholder<TFloat32> ofUnknownShape =
        tf.withName("ofUnknownShape").placeholder(TFloat32.class);
    Operand<TFloat32> wide =
        tf.linalg.matMul(x, tf.ones(tf.array(FEATURES, BATCH), TFloat32.class));
    Operand<TFloat32> scaled = tf.math.mul(wide, ofUnknownShape);
    // As many rows as examples, which have nothing to do with them.
    Operand<TFloat32> similarity = tf.linalg.matMul(x, bank, MatMul.transposeB(true));
    Operand<TFloat32> sum = tf.math.add(logits(x), logits(oneRow));
    Operand<TFloat32> loss = mean(Loss.CROSS_ENTROPY.of(tf, sum, labels));
    loss = tf.math.add(loss, mean(tf.math.square(scaled)));
    loss = tf.math.add(loss, mean(tf.math.square(similarity)));
    for (Op train :
        List.of(parts(BATCH, loss, images, labels), parts(BATCH / 2, loss, images, labels))) {
      step(
          train,
          new Fed(images, BATCH, FEATURES),
          new Fed(labels, BATCH, CLASSES),
          new Fed(rate),
          new Fed(scalar),
          new Fed(ofFeatures, FEATURES),
          new Fed(ofUnknownLength, FEATURES),
          new Fed(oneRow, 1, FEATURES),
          new Fed(ofUnknownShape, BATCH),
          new Fed(bank, BATCH, FEATURES));
    }
  }

  /** The first axis is not always the batch. */
  @ParameterizedTest
  @ValueSource(ints = {2, BATCH})
  void asManyStepsInTimeAsExamplesAreNotMistakenForThem(int k) {
    Placeholder<TFloat32> series = placeholder("series", -1, -1, FEATURES);
    Placeholder<TFloat32> positions = placeholder("positions", -1, 1, FEATURES);
    Operand<TFloat32> byTime = tf.linalg.transpose(series, tf.constant(new int[] {1, 0, 2}));
    Operand<TFloat32> x =
        tf.reshape(tf.math.add(byTime, positions), tf.constant(new int[] {-1, FEATURES}));
    Op train = parts(k, mean(tf.math.tanh(logits(x))), series);

    step(train, new Fed(series, BATCH, BATCH, FEATURES), new Fed(positions, BATCH, 1, FEATURES));
  }

  @Test
  void aStepThatNamesItsInputsAsksForNothing() {
    Placeholder<TFloat32> images = placeholder("images", -1, FEATURES);
    Placeholder<TFloat32> labels = placeholder("labels", -1, CLASSES);
    Op train = parts(2, mean(Loss.CROSS_ENTROPY.of(tf, logits(images), labels)), images, labels);

    assertThat(GraphOps.behind((GraphOperation) train.op()))
        .noneMatch(op -> op.name().contains("rowsAreCut"));
  }
}
