package org.samtf.examples.data;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.samtf.examples.failure.InputException;

/**
 * Reads directories of IDX files, as MNIST and Fashion-MNIST come. The classes are those of the
 * training labels, from 0 without gaps.
 */
final class IdxReader {

  static final String TRAIN_IMAGES = "train-images-idx3-ubyte";
  static final String TRAIN_LABELS = "train-labels-idx1-ubyte";
  static final String TEST_IMAGES = "t10k-images-idx3-ubyte";
  static final String TEST_LABELS = "t10k-labels-idx1-ubyte";

  private static final int IMAGES_MAGIC = 0x0803;
  private static final int LABELS_MAGIC = 0x0801;
  private static final int MAX_SIDE = 4096;

  /** Pixels become floats: 1 GiB of them. */
  private static final long MAX_PIXELS = 1L << 28;

  private IdxReader() {}

  static boolean recognises(Path directory) {
    return DataFiles.has(directory, TRAIN_IMAGES) || DataFiles.has(directory, TRAIN_LABELS);
  }

  static DataSet read(Path directory) {
    LabeledImages train = part(directory, TRAIN_IMAGES, TRAIN_LABELS);
    LabeledImages test = part(directory, TEST_IMAGES, TEST_LABELS);
    if (!train.shape().equals(test.shape())) {
      throw new InputException(
          TRAIN_IMAGES
              + " has images of "
              + train.shape()
              + " and "
              + TEST_IMAGES
              + " of "
              + test.shape(),
          "one size",
          "take both files from the same data set");
    }
    int classes = classes(DataFiles.find(directory, TRAIN_LABELS), train.labels());
    requireBelow(classes, DataFiles.find(directory, TEST_LABELS), test.labels());
    return DataSets.withValidation(DataSets.nameOf(directory), classes, train, test);
  }

  /** A class that has one image, or none, is likely to be a damaged label. */
  private static int classes(Path file, int[] labels) {
    int[] images = new int[1 << Byte.SIZE];
    int classes = 0;
    for (int label : labels) {
      images[label]++;
      classes = Math.max(classes, label + 1);
    }
    for (int i = 0; i < labels.length; i++) {
      if (images[labels[i]] == 1) {
        throw new InputException(
            file + " has label " + labels[i] + " at place " + i + ", and at no other",
            "at least two images of a class",
            "leave the image out, or add others");
      }
    }
    for (int label = 0; label < classes; label++) {
      if (images[label] == 0) {
        throw new InputException(
            file + " has label " + (classes - 1) + ", and no label " + label,
            "labels from 0 without gaps",
            "number the classes anew");
      }
    }
    return classes;
  }

  private static void requireBelow(int classes, Path file, int[] labels) {
    for (int i = 0; i < labels.length; i++) {
      if (labels[i] >= classes) {
        throw new InputException(
            file + " has label " + labels[i] + " at place " + i,
            "labels of the training images, from 0 to " + (classes - 1),
            "take both files from the same data set");
      }
    }
  }

  static List<Path> files(Path directory) {
    return Stream.of(TRAIN_IMAGES, TRAIN_LABELS, TEST_IMAGES, TEST_LABELS)
        .map(name -> DataFiles.find(directory, name))
        .toList();
  }

  private static LabeledImages part(Path directory, String imagesName, String labelsName) {
    Path imagesFile = DataFiles.find(directory, imagesName);
    Path labelsFile = DataFiles.find(directory, labelsName);
    int[] labels = DataFiles.read(labelsFile, in -> labels(labelsFile, in));
    return DataFiles.read(imagesFile, in -> images(imagesFile, in, labelsFile, labels));
  }

  private static int[] labels(Path file, InputStream in) throws IOException {
    ByteBuffer header = header(file, in, LABELS_MAGIC, "IDX labels of unsigned bytes", 1);
    int count = count(file, header.getInt(), 1);
    byte[] bytes = DataFiles.exactly(file, in, count, "labels");
    DataFiles.atEnd(file, in, count + " labels");
    int[] labels = new int[count];
    for (int i = 0; i < count; i++) {
      labels[i] = Byte.toUnsignedInt(bytes[i]);
    }
    return labels;
  }

  private static LabeledImages images(Path file, InputStream in, Path labelsFile, int[] labels)
      throws IOException {
    ByteBuffer header = header(file, in, IMAGES_MAGIC, "IDX images of unsigned bytes", 3);
    int claimed = header.getInt();
    int height = side(file, header.getInt(), "rows");
    int width = side(file, header.getInt(), "columns");
    int count = count(file, claimed, height * width);
    if (count != labels.length) {
      throw new InputException(
          file
              + " has "
              + count
              + " images and "
              + labelsFile
              + " has "
              + labels.length
              + " labels",
          "one label an image",
          "take both files from the same data set");
    }
    ImageShape shape = new ImageShape(height, width, 1);
    byte[] bytes = DataFiles.exactly(file, in, count * shape.size(), "pixels");
    DataFiles.atEnd(file, in, count + " images");
    float[] pixels = new float[bytes.length];
    for (int i = 0; i < bytes.length; i++) {
      pixels[i] = Byte.toUnsignedInt(bytes[i]) / 255f;
    }
    return new LabeledImages(shape, pixels, labels);
  }

  private static ByteBuffer header(
      Path file, InputStream in, int magic, String what, int dimensions) throws IOException {
    int found = ByteBuffer.wrap(DataFiles.exactly(file, in, 4, "magic number")).getInt();
    if (found != magic) {
      boolean gzip = found >>> 16 == 0x1f8b;
      throw new InputException(
          String.format("%s starts with 0x%08x", file, found),
          String.format("0x%08x (%s)", magic, what),
          gzip ? "add .gz to its name, it is gzip" : "put the right file there");
    }
    return ByteBuffer.wrap(DataFiles.exactly(file, in, 4 * dimensions, "header"));
  }

  private static int side(Path file, int claimed, String what) {
    if (claimed < 1 || claimed > MAX_SIDE) {
      throw new InputException(
          file + " claims " + Integer.toUnsignedString(claimed) + " " + what,
          "1 to " + MAX_SIDE,
          "fetch the file again");
    }
    return claimed;
  }

  private static int count(Path file, int claimed, int size) {
    if (claimed < 1 || (long) claimed * size > MAX_PIXELS) {
      throw new InputException(
          file + " claims " + Integer.toUnsignedString(claimed) + " examples of size " + size,
          "at least 1 and at most " + MAX_PIXELS + " values in all",
          "fetch the file again");
    }
    return claimed;
  }
}
