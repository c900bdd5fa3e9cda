package org.samtf.examples.model;

import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TInt64;

/**
 * What a network says of the images of a batch.
 *
 * @param loss the softmax cross-entropy, mean over the batch
 * @param probabilities of each class: batch by classes
 * @param predictedClass the class with the greatest probability, for each image
 * @param correct how many images get their label's class
 */
record Classification(
    Operand<TFloat32> loss,
    Operand<TFloat32> probabilities,
    Operand<TInt64> predictedClass,
    Operand<TInt32> correct) {

  static Classification of(Ops tf, Operand<TFloat32> logits, Operand<TInt32> labels, int classes) {
    Operand<TFloat32> loss = loss(tf, logits, labels, classes);
    Operand<TFloat32> probabilities = tf.withName("probabilities").nn.softmax(logits);
    Operand<TInt64> predicted = tf.withName("class").math.argMax(logits, tf.constant(1));
    Operand<TInt64> wanted = tf.dtypes.cast(labels, TInt64.class);
    Operand<TInt32> hits = tf.dtypes.cast(tf.math.equal(predicted, wanted), TInt32.class);
    return new Classification(
        loss, probabilities, predicted, tf.withName("correct").sum(hits, tf.constant(0)));
  }

  /** The softmax cross-entropy, mean over the batch. */
  static Operand<TFloat32> loss(
      Ops tf, Operand<TFloat32> logits, Operand<TInt32> labels, int classes) {
    Operand<TFloat32> oneHot =
        tf.oneHot(labels, tf.constant(classes), tf.constant(1f), tf.constant(0f));
    Operand<TFloat32> each = tf.nn.softmaxCrossEntropyWithLogits(logits, oneHot).loss();
    return tf.withName("loss").math.mean(each, tf.constant(0));
  }
}
