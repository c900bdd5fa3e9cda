package org.samtf.examples.data;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.samtf.examples.failure.InputException;

/** Reads CIFAR-10 and CIFAR-100 in their binary form. */
final class CifarReader {

  private static final ImageShape SHAPE = new ImageShape(32, 32, 3);
  private static final int PLANE = 32 * 32;

  /** The largest real file has 50,000 records; this leaves room and keeps memory in bounds. */
  private static final int MAX_RECORDS = 1 << 16;

  private final int classes;
  private final int labelBytes;
  private final List<String> trainFiles;
  private final String testFile;

  private CifarReader(int classes, int labelBytes, List<String> trainFiles, String testFile) {
    this.classes = classes;
    this.labelBytes = labelBytes;
    this.trainFiles = trainFiles;
    this.testFile = testFile;
  }

  static CifarReader cifar10() {
    List<String> batches = IntStream.rangeClosed(1, 5).mapToObj(CifarReader::batch).toList();
    return new CifarReader(10, 1, batches, "test_batch.bin");
  }

  private static String batch(int number) {
    return "data_batch_" + number + ".bin";
  }

  /** Each record has a coarse label, which is skipped, and a fine one. */
  static CifarReader cifar100() {
    return new CifarReader(100, 2, List.of("train.bin"), "test.bin");
  }

  boolean recognises(Path directory) {
    return Files.exists(directory.resolve(trainFiles.get(0)));
  }

  DataSet read(Path directory) {
    List<byte[]> contents = trainFiles.stream().map(n -> bytes(directory.resolve(n))).toList();
    int records = contents.stream().mapToInt(bytes -> bytes.length / recordSize()).sum();
    Records train = new Records(records);
    for (int i = 0; i < contents.size(); i++) {
      train.append(directory.resolve(trainFiles.get(i)), contents.get(i));
    }
    Path file = directory.resolve(testFile);
    byte[] testBytes = bytes(file);
    Records test = new Records(testBytes.length / recordSize());
    test.append(file, testBytes);
    return DataSets.withValidation(
        DataSets.nameOf(directory), classes, train.images(), test.images());
  }

  List<Path> files(Path directory) {
    return Stream.concat(trainFiles.stream(), Stream.of(testFile)).map(directory::resolve).toList();
  }

  private int recordSize() {
    return labelBytes + SHAPE.size();
  }

  private byte[] bytes(Path file) {
    if (!Files.exists(file)) {
      throw new InputException(
          "no file " + file,
          String.join(", ", trainFiles) + " and " + testFile,
          "put the file in the directory");
    }
    int limit = MAX_RECORDS * recordSize();
    byte[] bytes = DataFiles.read(file, in -> in.readNBytes(limit + 1));
    if (bytes.length == 0 || bytes.length > limit || bytes.length % recordSize() != 0) {
      String size = bytes.length > limit ? "over " + limit : String.valueOf(bytes.length);
      throw new InputException(
          file + " has " + size + " bytes",
          "1 to " + MAX_RECORDS + " whole records of " + recordSize() + " bytes",
          "fetch the file again, it is cut off or not CIFAR-" + classes);
    }
    return bytes;
  }

  /** The examples of one part, filled file by file. */
  private final class Records {
    private final float[] pixels;
    private final int[] labels;
    private int next;

    Records(int count) {
      pixels = new float[count * SHAPE.size()];
      labels = new int[count];
    }

    void append(Path file, byte[] bytes) {
      for (int start = 0; start < bytes.length; start += recordSize(), next++) {
        labels[next] = label(file, bytes, start);
        int image = start + labelBytes;
        int target = next * SHAPE.size();
        // The file has a plane for each colour; the networks take the colours of a pixel together.
        for (int p = 0; p < PLANE; p++) {
          for (int colour = 0; colour < 3; colour++) {
            int value = Byte.toUnsignedInt(bytes[image + colour * PLANE + p]);
            pixels[target++] = value / 255f;
          }
        }
      }
    }

    private int label(Path file, byte[] bytes, int start) {
      int label = Byte.toUnsignedInt(bytes[start + labelBytes - 1]);
      if (label >= classes) {
        throw new InputException(
            file + " has label " + label + " in record " + start / recordSize(),
            "labels from 0 to " + (classes - 1),
            "fetch the file again, it is damaged or not CIFAR-" + classes);
      }
      return label;
    }

    LabeledImages images() {
      return new LabeledImages(SHAPE, pixels, labels);
    }
  }
}
