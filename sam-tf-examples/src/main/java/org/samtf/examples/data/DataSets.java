package org.samtf.examples.data;

import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.LongFunction;
import org.samtf.examples.failure.InputException;
import org.samtf.examples.random.RandomStreams;

/** Opens a data set by name or directory. */
public final class DataSets {

  /** By default splits do not depend on the seed of a run, so that runs can be compared. */
  static final long SPLIT_SEED = 20201003L;

  private static final double VALIDATION_SHARE = 0.1;

  private DataSets() {}

  /**
   * Opens a data set.
   *
   * @param source {@code digits} for the built-in set, or a directory with the files of MNIST or
   *     Fashion-MNIST (IDX, plain or gzip), CIFAR-10 or CIFAR-100 (binary)
   * @return the set
   * @throws InputException if there is no such directory or its files are not in order
   */
  public static DataSet open(String source) {
    if (source.equals(DigitsReader.NAME)) {
      return digits(SPLIT_SEED);
    }
    Path directory = directory(source);
    if (IdxReader.recognises(directory)) {
      return IdxReader.read(directory);
    }
    if (CifarReader.cifar10().recognises(directory)) {
      return CifarReader.cifar10().read(directory);
    }
    if (CifarReader.cifar100().recognises(directory)) {
      return CifarReader.cifar100().read(directory);
    }
    throw new InputException(
        directory + " has no data set",
        IdxReader.TRAIN_IMAGES + "[.gz], data_batch_1.bin or train.bin in it",
        "unpack MNIST, Fashion-MNIST, CIFAR-10 or CIFAR-100 (binary) there");
  }

  /**
   * Opens the built-in digits with a split of its own in training and test images. Validation
   * images are the same in every split: what settings are chosen by is never tested on.
   *
   * @param split seed of the split
   * @return the set
   */
  public static DataSet digits(long split) {
    return DigitsReader.read(split);
  }

  /**
   * Opens a data set that can be split anew.
   *
   * @param source as for {@link #open}
   * @return the set for each seed of a split; always the same for a directory, whose test images
   *     are in files of their own
   * @throws InputException as {@link #open} does
   */
  public static LongFunction<DataSet> splits(String source) {
    if (source.equals(DigitsReader.NAME)) {
      return DataSets::digits;
    }
    DataSet data = open(source);
    return split -> data;
  }

  /**
   * Digests the files of a data set.
   *
   * @param source as for {@link #open}, which has been able to open it
   * @return the SHA-256 digest of each file, by its name
   * @throws InputException if a file can no longer be read
   */
  public static Map<String, String> digests(String source) {
    if (source.equals(DigitsReader.NAME)) {
      return Map.of(DigitsReader.NAME, DigitsReader.digest());
    }
    Path directory = directory(source);
    List<Path> files =
        IdxReader.recognises(directory)
            ? IdxReader.files(directory)
            : CifarReader.cifar10().recognises(directory)
                ? CifarReader.cifar10().files(directory)
                : CifarReader.cifar100().files(directory);
    Map<String, String> digests = new TreeMap<>();
    for (Path file : files) {
      digests.put(file.getFileName().toString(), DataFiles.digest(file));
    }
    return digests;
  }

  private static Path directory(String source) {
    try {
      Path directory = Path.of(source);
      if (!source.isBlank() && Files.isDirectory(directory)) {
        return directory;
      }
    } catch (InvalidPathException e) {
      // Falls through: the name is reported like that of any directory that is not there.
    }
    throw new InputException(
        "data '" + source + "' is not a directory",
        "'" + DigitsReader.NAME + "' or a directory with data files",
        "check the path");
  }

  static String nameOf(Path directory) {
    Path name = directory.toAbsolutePath().normalize().getFileName();
    return name == null ? directory.toString() : name.toString();
  }

  /** What the choice of validation images depends on. */
  static Random validation() {
    return RandomStreams.of(SPLIT_SEED, "validation");
  }

  static DataSet withValidation(
      String name, int classes, LabeledImages training, LabeledImages test) {
    int[][] parts =
        StratifiedSplit.split(training.labels(), classes, validation(), VALIDATION_SHARE);
    return new DataSet(name, classes, training.select(parts[0]), training.select(parts[1]), test);
  }
}
