package org.samtf.examples.data;

import java.nio.file.Path;

/** Makes small CIFAR files: two records a file. */
final class CifarFiles {

  static final int PIXELS = 3072;

  private CifarFiles() {}

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
