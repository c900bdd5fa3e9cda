package org.samtf.examples.data;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.zip.GZIPInputStream;

/** Reads the built-in digits: 1,797 grey images of 8 by 8 pixels. */
final class DigitsReader {

  static final String NAME = "digits";

  private static final String RESOURCE = "digits.csv.gz";
  private static final ImageShape SHAPE = new ImageShape(8, 8, 1);
  private static final int CLASSES = 10;
  private static final float WHITE = 16f;
  private static final double VALIDATION_SHARE = 0.15;
  private static final double TEST_SHARE = 0.25;

  private DigitsReader() {}

  static DataSet read() {
    List<String> lines = lines();
    float[] pixels = new float[lines.size() * SHAPE.size()];
    int[] labels = new int[lines.size()];
    for (int i = 0; i < labels.length; i++) {
      String[] values = lines.get(i).split(",");
      for (int p = 0; p < SHAPE.size(); p++) {
        pixels[i * SHAPE.size() + p] = Integer.parseInt(values[p]) / WHITE;
      }
      labels[i] = Integer.parseInt(values[SHAPE.size()]);
    }
    LabeledImages all = new LabeledImages(SHAPE, pixels, labels);
    int[][] parts =
        StratifiedSplit.split(labels, CLASSES, DataSets.SPLIT_SEED, VALIDATION_SHARE, TEST_SHARE);
    return new DataSet(
        NAME, CLASSES, all.select(parts[0]), all.select(parts[1]), all.select(parts[2]));
  }

  private static List<String> lines() {
    try (InputStream packed = DigitsReader.class.getResourceAsStream(RESOURCE);
        BufferedReader reader =
            new BufferedReader(
                new InputStreamReader(new GZIPInputStream(packed), StandardCharsets.US_ASCII))) {
      return reader.lines().toList();
    } catch (IOException e) {
      throw new UncheckedIOException("the built-in digits cannot be read", e);
    }
  }
}
