package org.samtf.examples.data;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.zip.GZIPOutputStream;

/** Makes small IDX files. */
public final class IdxFiles {

  private IdxFiles() {}

  /** Writes a directory with 30 training and 20 test images of the given size. */
  public static Path write(Path directory, int height, int width) {
    write(directory.resolve(IdxReader.TRAIN_IMAGES), images(30, height, width));
    write(directory.resolve(IdxReader.TRAIN_LABELS), labels(30));
    write(directory.resolve(IdxReader.TEST_IMAGES), images(20, height, width));
    write(directory.resolve(IdxReader.TEST_LABELS), labels(20));
    return directory;
  }

  /**
   * Writes a directory with images that can be told apart: noise, and a bright row for the class.
   */
  public static Path writeRows(Path directory, int size, int classes, int training, int test) {
    Random random = new Random(5);
    writeRows(
        directory, IdxReader.TRAIN_IMAGES, IdxReader.TRAIN_LABELS, size, classes, training, random);
    writeRows(directory, IdxReader.TEST_IMAGES, IdxReader.TEST_LABELS, size, classes, test, random);
    return directory;
  }

  private static void writeRows(
      Path directory,
      String imagesFile,
      String labelsFile,
      int size,
      int classes,
      int count,
      Random random) {
    ByteBuffer images = ByteBuffer.allocate(16 + count * size * size);
    images.putInt(0x0803).putInt(count).putInt(size).putInt(size);
    ByteBuffer labels = ByteBuffer.allocate(8 + count).putInt(0x0801).putInt(count);
    for (int i = 0; i < count; i++) {
      int label = i % classes;
      labels.put((byte) label);
      for (int pixel = 0; pixel < size * size; pixel++) {
        images.put((byte) (random.nextInt(100) + (pixel / size % classes == label ? 100 : 0)));
      }
    }
    write(directory.resolve(imagesFile), images.array());
    write(directory.resolve(labelsFile), labels.array());
  }

  /** Pixel i of the file is i modulo 251. */
  static byte[] images(int count, int height, int width) {
    int pixels = count * height * width;
    ByteBuffer file = ByteBuffer.allocate(16 + pixels);
    file.putInt(0x0803).putInt(count).putInt(height).putInt(width);
    for (int i = 0; i < pixels; i++) {
      file.put((byte) (i % 251));
    }
    return file.array();
  }

  /** Label i of the file is i modulo 10. */
  static byte[] labels(int count) {
    ByteBuffer file = ByteBuffer.allocate(8 + count).putInt(0x0801).putInt(count);
    for (int i = 0; i < count; i++) {
      file.put((byte) (i % 10));
    }
    return file.array();
  }

  static byte[] gzip(byte[] bytes) {
    ByteArrayOutputStream packed = new ByteArrayOutputStream();
    try (GZIPOutputStream out = new GZIPOutputStream(packed)) {
      out.write(bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return packed.toByteArray();
  }

  static void write(Path file, byte[] bytes) {
    try {
      Files.write(file, bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
