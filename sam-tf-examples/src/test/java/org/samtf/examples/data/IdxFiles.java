package org.samtf.examples.data;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
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
