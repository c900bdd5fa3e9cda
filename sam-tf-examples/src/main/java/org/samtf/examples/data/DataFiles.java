package org.samtf.examples.data;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;
import org.samtf.examples.failure.InputException;
import org.samtf.examples.files.Sha256;

/** Opens the files of a data directory, with a clear line for whatever is wrong with them. */
final class DataFiles {

  private static final String ANOTHER_COPY = "fetch the file again";

  private DataFiles() {}

  /** What a reader does with the bytes of a file. */
  interface Reader<T> {
    T read(InputStream in) throws IOException;
  }

  /** Returns whether the directory has the file, plain or compressed. */
  static boolean has(Path directory, String name) {
    return Files.exists(directory.resolve(name)) || Files.exists(directory.resolve(name + ".gz"));
  }

  /** Finds a file as NAME or NAME.gz; the plain one goes first. */
  static Path find(Path directory, String name) {
    Path plain = directory.resolve(name);
    if (Files.exists(plain)) {
      return plain;
    }
    Path compressed = directory.resolve(name + ".gz");
    if (Files.exists(compressed)) {
      return compressed;
    }
    throw new InputException(
        "no file " + plain, name + " or " + name + ".gz", "put the file in the directory");
  }

  /** Reads a file, through gzip if its name ends so. */
  static <T> T read(Path file, Reader<T> reader) {
    if (!Files.isRegularFile(file)) {
      throw new InputException(file + " is not a regular file", "a file", "put the file there");
    }
    boolean compressed = file.getFileName().toString().endsWith(".gz");
    try (InputStream raw = new BufferedInputStream(Files.newInputStream(file))) {
      if (!compressed) {
        return reader.read(raw);
      }
      try (InputStream unpacked = new BufferedInputStream(unpack(file, raw))) {
        return reader.read(unpacked);
      }
    } catch (InputException e) {
      throw e;
    } catch (IOException e) {
      String expected = compressed ? "a whole gzip file" : "a readable file";
      throw new InputException(
          file + " cannot be read (" + describe(e) + ")", expected, ANOTHER_COPY);
    }
  }

  /** Digests a file as it is on the disk. */
  static String digest(Path file) {
    try {
      return Sha256.of(file);
    } catch (IOException e) {
      throw new InputException(
          file + " cannot be read (" + describe(e) + ")", "a readable file", ANOTHER_COPY);
    }
  }

  private static InputStream unpack(Path file, InputStream raw) throws IOException {
    try {
      return new GZIPInputStream(raw);
    } catch (ZipException e) {
      throw new InputException(
          file + " is not gzip",
          "gzip because of its name",
          "compress the file or take .gz off its name");
    }
  }

  /** Reads exactly so many bytes. It grows with what is really there, not with what is claimed. */
  static byte[] exactly(Path file, InputStream in, int length, String what) throws IOException {
    byte[] bytes = in.readNBytes(length);
    if (bytes.length < length) {
      throw new InputException(
          file + " ends after " + bytes.length + " of " + length + " bytes of " + what,
          "all of them",
          ANOTHER_COPY);
    }
    return bytes;
  }

  /** Checks that nothing follows. */
  static void atEnd(Path file, InputStream in, String after) throws IOException {
    if (in.read() >= 0) {
      throw new InputException(
          file + " has more bytes after " + after, "the end of the file", ANOTHER_COPY);
    }
  }

  private static String describe(IOException e) {
    return e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
  }
}
