package org.samtf.examples.data;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Random;

/** Makes small CIFAR files. */
public final class CifarFiles {

  static final int PIXELS = 3072;

  private CifarFiles() {}

  /**
   * Writes CIFAR-10 with images that can be told apart: noise, and bright rows for the class.
   *
   * @param images in each of the six files
   */
  public static Path writeRows10(Path directory, int images) {
    Random random = new Random(5);
    for (int batch = 1; batch <= 5; batch++) {
      IdxFiles.write(directory.resolve("data_batch_" + batch + ".bin"), rows(images, random));
    }
    IdxFiles.write(directory.resolve("test_batch.bin"), rows(images, random));
    return directory;
  }

  private static byte[] rows(int images, Random random) {
    ByteBuffer file = ByteBuffer.allocate(images * (1 + PIXELS));
    for (int i = 0; i < images; i++) {
      int label = i % 10;
      file.put((byte) label);
      for (int p = 0; p < PIXELS; p++) {
        boolean isBright = p % 1024 / 32 % 10 == label;
        file.put((byte) (random.nextInt(100) + (isBright ? 100 : 0)));
      }
    }
    return file.array();
  }

  static Path write10(Path directory) {
    for (int batch = 1; batch <= 5; batch++) {
      IdxFiles.write(directory.resolve("data_batch_" + batch + ".bin"), records(1, batch, 9));
    }
    IdxFiles.write(directory.resolve("test_batch.bin"), records(1, 3, 4));
    return directory;
  }

  static Path write100(Path directory) {
    IdxFiles.write(directory.resolve("train.bin"), records(2, 99, 0));
    IdxFiles.write(directory.resolve("test.bin"), records(2, 42, 7));
    return directory;
  }

  /** The red plane holds 10, the green 20, the blue 30, plus the row of the pixel. */
  static byte[] records(int labelBytes, int... labels) {
    int size = labelBytes + PIXELS;
    byte[] file = new byte[labels.length * size];
    for (int r = 0; r < labels.length; r++) {
      file[r * size + labelBytes - 1] = (byte) labels[r];
      for (int p = 0; p < PIXELS; p++) {
        int colour = p / 1024;
        int row = p % 1024 / 32;
        file[r * size + labelBytes + p] = (byte) (10 * (colour + 1) + row);
      }
    }
    return file;
  }
}
