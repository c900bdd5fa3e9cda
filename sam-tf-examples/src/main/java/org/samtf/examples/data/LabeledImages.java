package org.samtf.examples.data;

import java.nio.FloatBuffer;
import java.util.Arrays;

/**
 * Images with their labels: one part of a data set.
 *
 * <p>Parts that were cut from the same file share its pixels, so that splitting a large set does
 * not copy it.
 */
public final class LabeledImages {

  private final ImageShape shape;
  private final float[] pixels;
  private final int[] rows;
  private final int[] labels;

  /**
   * Creates a part from whole arrays.
   *
   * @param shape shape of an image
   * @param pixels the images one after the other, height by width by channels, in [0, 1]
   * @param labels the class of each image
   */
  public LabeledImages(ImageShape shape, float[] pixels, int[] labels) {
    this(shape, pixels, countingUp(labels.length), labels);
    if (pixels.length != (long) labels.length * shape.size()) {
      throw new IllegalArgumentException(
          pixels.length + " pixels for " + labels.length + " images of " + shape);
    }
  }

  private LabeledImages(ImageShape shape, float[] pixels, int[] rows, int[] labels) {
    this.shape = shape;
    this.pixels = pixels;
    this.rows = rows;
    this.labels = labels;
  }

  private static int[] countingUp(int size) {
    int[] indices = new int[size];
    Arrays.setAll(indices, i -> i);
    return indices;
  }

  /**
   * Returns how many images there are.
   *
   * @return the number of images
   */
  public int size() {
    return labels.length;
  }

  /**
   * Returns the shape of an image.
   *
   * @return the shape
   */
  public ImageShape shape() {
    return shape;
  }

  /**
   * Returns a copy of the labels.
   *
   * @return the class of each image
   */
  public int[] labels() {
    return labels.clone();
  }

  /**
   * Returns the class of one image.
   *
   * @param index which image
   * @return its class
   */
  public int label(int index) {
    return labels[index];
  }

  /**
   * Appends one image to a buffer.
   *
   * @param index which image
   * @param target where to
   */
  public void copyImage(int index, FloatBuffer target) {
    target.put(pixels, rows[index] * shape.size(), shape.size());
  }

  /**
   * Returns the images at some places, in that order.
   *
   * @param indices the places
   * @return the part; it shares the pixels
   */
  public LabeledImages select(int[] indices) {
    int[] selectedRows = new int[indices.length];
    int[] selectedLabels = new int[indices.length];
    for (int i = 0; i < indices.length; i++) {
      selectedRows[i] = rows[indices[i]];
      selectedLabels[i] = labels[indices[i]];
    }
    return new LabeledImages(shape, pixels, selectedRows, selectedLabels);
  }

  /**
   * Returns the same images with other labels.
   *
   * @param newLabels a class for each image
   * @return the part; it shares the pixels
   */
  public LabeledImages withLabels(int[] newLabels) {
    if (newLabels.length != labels.length) {
      throw new IllegalArgumentException(
          newLabels.length + " labels for " + labels.length + " images");
    }
    return new LabeledImages(shape, pixels, rows, newLabels.clone());
  }
}
