package org.samtf.examples.train;

import java.nio.FloatBuffer;
import org.samtf.examples.data.ImageFormat;
import org.samtf.examples.data.LabeledImages;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.family.TType;

/**
 * Images and labels as tensors.
 *
 * @param images as the network takes them
 * @param labels a class for each image
 */
public record Batch(TType images, TInt32 labels) implements AutoCloseable {

  /**
   * Copies images to tensors, as the networks that are made here take them.
   *
   * @param part where they are
   * @param order indices of images
   * @param from first place in the order
   * @param to place after the last
   * @return the batch, to be closed
   */
  public static Batch of(LabeledImages part, int[] order, int from, int to) {
    return of(part, ImageFormat.of(part.shape()), order, from, to);
  }

  /**
   * Copies images to tensors.
   *
   * @param part where they are
   * @param format how the network takes them
   * @param order indices of images
   * @param from first place in the order
   * @param to place after the last
   * @return the batch, to be closed
   */
  public static Batch of(LabeledImages part, ImageFormat format, int[] order, int from, int to) {
    int size = to - from;
    FloatBuffer pixels = FloatBuffer.allocate(size * part.shape().size());
    int[] labels = new int[size];
    for (int i = 0; i < size; i++) {
      part.copyImage(order[from + i], pixels);
      labels[i] = part.label(order[from + i]);
    }
    pixels.flip();
    return new Batch(
        format.tensor(size, pixels), TInt32.tensorOf(Shape.of(size), DataBuffers.of(labels)));
  }

  /**
   * Returns how many images there are.
   *
   * @return the number of images
   */
  public int size() {
    return (int) labels.shape().get(0);
  }

  @Override
  public void close() {
    images.close();
    labels.close();
  }
}
