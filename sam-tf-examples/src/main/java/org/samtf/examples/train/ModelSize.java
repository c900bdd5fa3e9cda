package org.samtf.examples.train;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.tensorflow.Graph;

/**
 * How large a SavedModel is.
 *
 * @param ops the ops of its graph
 * @param variables the variables among them
 * @param graphBytes the size of the graph's file
 * @param variableBytes the size of the variables' files
 */
public record ModelSize(int ops, int variables, long graphBytes, long variableBytes) {

  /** Measures a model that is loaded from a directory. */
  static ModelSize of(Path directory, Graph graph) throws IOException {
    int[] count = {0, 0};
    graph
        .operations()
        .forEachRemaining(
            op -> {
              count[0]++;
              count[1] += op.type().equals("VariableV2") ? 1 : 0;
            });
    long variableBytes = 0;
    if (Files.isDirectory(directory.resolve("variables"))) {
      try (Stream<Path> files = Files.list(directory.resolve("variables"))) {
        for (Path file : (Iterable<Path>) files::iterator) {
          variableBytes += Files.size(file);
        }
      }
    }
    return new ModelSize(
        count[0], count[1], Files.size(directory.resolve("saved_model.pb")), variableBytes);
  }

  /**
   * Returns the size of all files.
   *
   * @return bytes
   */
  public long bytes() {
    return graphBytes + variableBytes;
  }
}
