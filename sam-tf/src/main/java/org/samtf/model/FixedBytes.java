package org.samtf.model;

import com.google.protobuf.CodedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.samtf.internal.graph.Protos;

/** Writes a message so that equal ones have equal bytes: TensorFlow shuffles its maps. */
final class FixedBytes {

  private FixedBytes() {}

  /** Writes a saved_model.pb again. */
  static void rewrite(Path file) throws IOException {
    var model = Protos.savedModel(Files.readAllBytes(file));
    try (OutputStream stream = Files.newOutputStream(file)) {
      CodedOutputStream out = CodedOutputStream.newInstance(stream);
      out.useDeterministicSerialization();
      model.writeTo(out);
      out.flush();
    }
  }
}
