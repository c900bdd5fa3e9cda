package org.samtf.examples.data;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.IntPredicate;
import java.util.zip.GZIPInputStream;
import org.samtf.examples.files.Sha256;
import org.samtf.examples.random.RandomStreams;

/** Reads the built-in digits: 1,797 grey images of 8 by 8 pixels. */
final class DigitsReader {

  static final String NAME = "digits";

  private static final String RESOURCE = "digits.csv.gz";
  private static final ImageShape SHAPE = new ImageShape(8, 8, 1);
  private static final int CLASSES = 10;
  private static final int WHITE = 16;
  private static final IntPredicate DIGIT = c -> c >= '0' && c <= '9';

  /** Far more than there are. */
  private static final int MAX_BYTES = 1 << 20;

  private static final double VALIDATION_SHARE = 0.15;
  private static final double TEST_SHARE = 0.25;

  private DigitsReader() {}

  static DataSet read(long split) {
    try (InputStream packed = resource()) {
      return read(packed, split);
    } catch (IOException e) {
      throw new UncheckedIOException("the built-in digits cannot be read", e);
    }
  }

  static String digest() {
    try (InputStream packed = resource()) {
      return Sha256.of(packed);
    } catch (IOException e) {
      throw new UncheckedIOException("the built-in digits cannot be read", e);
    }
  }

  private static InputStream resource() {
    return DigitsReader.class.getResourceAsStream(RESOURCE);
  }

  /** Reads lines of 64 pixels from 0 to 16 and a label, through gzip. */
  static DataSet read(InputStream packed, long split) throws IOException {
    List<String> lines = lines(packed);
    float[] pixels = new float[lines.size() * SHAPE.size()];
    int[] labels = new int[lines.size()];
    for (int i = 0; i < labels.length; i++) {
      String[] values = lines.get(i).split(",", -1);
      if (values.length != SHAPE.size() + 1) {
        throw damaged(i, values.length + " values");
      }
      for (int p = 0; p < SHAPE.size(); p++) {
        pixels[i * SHAPE.size() + p] = number(i, values[p], WHITE) / (float) WHITE;
      }
      labels[i] = number(i, values[SHAPE.size()], CLASSES - 1);
    }
    LabeledImages all = new LabeledImages(SHAPE, pixels, labels);
    int[][] parts = StratifiedSplit.split(labels, CLASSES, DataSets.validation(), VALIDATION_SHARE);
    LabeledImages others = all.select(parts[0]);
    double shareOfOthers = TEST_SHARE / (1 - VALIDATION_SHARE);
    int[][] dealt =
        StratifiedSplit.split(
            others.labels(), CLASSES, RandomStreams.of(split, "split"), shareOfOthers);
    return new DataSet(
        NAME, CLASSES, others.select(dealt[0]), all.select(parts[1]), others.select(dealt[1]));
  }

  private static int number(int line, String text, int max) throws IOException {
    boolean digits = !text.isEmpty() && text.length() <= 2 && text.chars().allMatch(DIGIT);
    if (!digits || Integer.parseInt(text) > max) {
      throw damaged(line, "a value that is no number from 0 to " + max);
    }
    return Integer.parseInt(text);
  }

  private static IOException damaged(int line, String what) {
    return new IOException("line " + (line + 1) + " has " + what);
  }

  private static List<String> lines(InputStream packed) throws IOException {
    try (InputStream unpacked = new GZIPInputStream(packed)) {
      byte[] text = unpacked.readNBytes(MAX_BYTES + 1);
      if (text.length > MAX_BYTES) {
        throw new IOException("more than " + MAX_BYTES + " bytes");
      }
      return new String(text, StandardCharsets.ISO_8859_1).lines().toList();
    }
  }
}
