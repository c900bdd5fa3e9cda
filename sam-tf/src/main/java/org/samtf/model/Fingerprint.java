package org.samtf.model;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnknownFieldSet;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.tensorflow.Graph;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TString;
import org.tensorflow.types.TUint8;

/**
 * The file {@code fingerprint.pb} of a SavedModel: 64-bit hashes of its parts.
 *
 * <p>Of these, one depends on the values of the variables: that of the index of the checkpoint,
 * which has a checksum of each value. It is TensorFlow's {@code Fingerprint64}, for which it has an
 * op. Older lines of TensorFlow do not know all fields; what is not known is handed on.
 */
final class Fingerprint {

  /** Its name in the directory of a SavedModel. */
  static final String FILE = "fingerprint.pb";

  /** Numbers of fields of TensorFlow's message FingerprintDef. */
  private static final int CHECKPOINT_HASH = 5;

  private static final int UUID = 7;

  private Fingerprint() {}

  /**
   * Writes the fingerprint of a model that differs from another in the values of its variables.
   *
   * @param original that of the other model
   * @param index the index of the new values
   * @param target where to
   */
  static void write(Path original, Path index, Path target) throws IOException {
    UnknownFieldSet old = UnknownFieldSet.parseFrom(Files.readAllBytes(original));
    UnknownFieldSet.Field hash =
        UnknownFieldSet.Field.newBuilder().addVarint(of(Files.readAllBytes(index))).build();
    if (!old.hasField(CHECKPOINT_HASH) || old.getField(CHECKPOINT_HASH).equals(hash)) {
      Files.copy(original, target);
      return;
    }
    UnknownFieldSet.Builder updated =
        UnknownFieldSet.newBuilder(old).clearField(CHECKPOINT_HASH).addField(CHECKPOINT_HASH, hash);
    if (old.hasField(UUID)) {
      // Another model has another; the same values have the same one.
      updated.clearField(UUID).addField(UUID, identity(old.getField(UUID), hash));
    }
    Files.write(target, updated.build().toByteArray());
  }

  private static UnknownFieldSet.Field identity(
      UnknownFieldSet.Field old, UnknownFieldSet.Field hash) {
    StringBuilder both = new StringBuilder(hash.getVarintList().toString());
    old.getLengthDelimitedList().forEach(text -> both.append(text.toStringUtf8()));
    long number = of(both.toString().getBytes(StandardCharsets.UTF_8));
    ByteString written = ByteString.copyFromUtf8(Long.toUnsignedString(number));
    return UnknownFieldSet.Field.newBuilder().addLengthDelimited(written).build();
  }

  /** TensorFlow's Fingerprint64. */
  static long of(byte[] bytes) {
    try (Graph graph = new Graph();
        Session session = new Session(graph);
        TUint8 data =
            TUint8.tensorOf(Shape.of(1, bytes.length), DataBuffers.of(bytes, true, false));
        TString method = TString.scalarOf("farmhash64")) {
      Ops tf = Ops.create(graph);
      var bytesIn = tf.placeholder(TUint8.class);
      var methodIn = tf.placeholder(TString.class);
      try (Result result =
          session
              .runner()
              .feed(bytesIn, data)
              .feed(methodIn, method)
              .fetch(tf.fingerprint(bytesIn, methodIn))
              .run()) {
        TUint8 hash = (TUint8) result.get(0);
        long number = 0;
        for (int i = Long.BYTES - 1; i >= 0; i--) {
          number = number << Byte.SIZE | Byte.toUnsignedLong(hash.getByte(0, i));
        }
        return number;
      }
    }
  }
}
