package org.samtf.examples.events;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.samtf.examples.train.EpochResult;
import org.samtf.examples.train.Evaluation;
import org.samtf.examples.train.StepResult;
import org.samtf.examples.train.StepResult.SamMeasures;
import org.tensorflow.Graph;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.op.Ops;
import org.tensorflow.proto.Event;
import org.tensorflow.proto.SessionLog;
import org.tensorflow.proto.Summary;
import org.tensorflow.types.TString;
import org.tensorflow.types.family.TType;

class EventFileTest {

  @TempDir private Path directory;

  private void write(long stepsTaken) {
    try (EventFile events = EventFile.create(directory, stepsTaken, 2)) {
      for (long step = stepsTaken + 1; step <= stepsTaken + 4; step++) {
        SamMeasures sam = new SamMeasures(step + 0.5f, 0.5f, 10f * step, 0.05f);
        events.step(new StepResult(step, 1, step, Optional.of(sam)));
      }
      events.epoch(
          stepsTaken + 4,
          new EpochResult(1, 2.5, new Evaluation(0.75, 1.5), new Evaluation(0.5, 2)));
    }
  }

  private Path file() throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.findFirst().orElseThrow();
    }
  }

  /** The records, each with both checksums checked as the format describes them. */
  private static List<Event> parse(byte[] bytes) throws IOException {
    List<Event> events = new ArrayList<>();
    ByteBuffer file = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    while (file.hasRemaining()) {
      int start = file.position();
      int length = Math.toIntExact(file.getLong());
      assertThat(file.getInt()).isEqualTo(masked(bytes, start, 8));
      byte[] record = new byte[length];
      file.get(record);
      assertThat(file.getInt()).isEqualTo(masked(bytes, start + 12, length));
      events.add(Event.parseFrom(record));
    }
    return events;
  }

  private static int masked(byte[] bytes, int from, int length) {
    CRC32C checksum = new CRC32C();
    checksum.update(bytes, from, length);
    int crc = (int) checksum.getValue();
    return ((crc >>> 15) | (crc << 17)) + 0xa282ead8;
  }

  @Test
  void holdsWhatTensorBoardShows() throws IOException {
    write(0);

    List<Event> events = parse(Files.readAllBytes(file()));

    assertThat(file().getFileName().toString()).startsWith("events.out.tfevents.");
    assertThat(events.get(0).getFileVersion()).isEqualTo("brain.Event:2");
    assertThat(events.get(1).getSessionLog().getStatus()).isEqualTo(SessionLog.SessionStatus.START);
    assertThat(events.get(1).getStep()).isEqualTo(1);
    assertThat(events.subList(2, events.size()))
        .extracting(Event::getStep)
        .containsExactly(2L, 4L, 4L);
    assertThat(scalars(events.get(3)))
        .isEqualTo(
            Map.of(
                "train/loss", 4f,
                "train/perturbed_loss", 4.5f,
                "train/sharpness", 0.5f,
                "train/gradient_norm", 40f,
                "train/rho", 0.05f));
    assertThat(scalars(events.get(4)))
        .isEqualTo(
            Map.of(
                "validation/accuracy", 0.75f,
                "validation/loss", 1.5f,
                "test/accuracy", 0.5f,
                "test/loss", 2f));
    double now = System.currentTimeMillis() / 1000.0;
    assertThat(events).allMatch(event -> Math.abs(event.getWallTime() - now) < 600);
  }

  @Test
  void aResumedJobReplacesWhatCameAfterItsCheckpoint() throws IOException {
    write(6);

    Event second = parse(Files.readAllBytes(file())).get(1);

    assertThat(second.getSessionLog().getStatus()).isEqualTo(SessionLog.SessionStatus.START);
    assertThat(second.getStep()).isEqualTo(7);
  }

  /** TensorFlow's own reader checks the checksums. */
  @Test
  void tensorFlowReadsTheRecords() throws IOException {
    write(0);
    byte[] bytes = Files.readAllBytes(file());
    int records = parse(bytes).size();

    assertThat(readByTensorFlow(file(), records)).isEqualTo(records);

    bytes[bytes.length - 6] ^= 1;
    Files.write(file(), bytes);
    assertThatThrownBy(() -> readByTensorFlow(file(), records))
        .hasMessageContaining("corrupted record");
  }

  private static int readByTensorFlow(Path file, int records) {
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      Ops tf = Ops.create(graph);
      var queue = tf.io.fifoQueue(List.<Class<? extends TType>>of(TString.class));
      var name = tf.constant(file.toString());
      var enqueue = tf.io.queueEnqueue(queue.handle(), List.of(name));
      var reader = tf.io.tfRecordReader();
      var next = tf.io.readerRead(reader.readerHandle(), queue.handle());
      session.runner().addTarget(enqueue.op()).run().close();
      int read = 0;
      for (int i = 0; i < records; i++) {
        try (Result record = session.runner().fetch(next.value()).run()) {
          read += record.get(0).shape().numDimensions() == 0 ? 1 : 0;
        }
      }
      return read;
    }
  }

  private static Map<String, Float> scalars(Event event) {
    Map<String, Float> scalars = new TreeMap<>();
    for (Summary.Value value : event.getSummary().getValueList()) {
      scalars.put(value.getTag(), value.getSimpleValue());
    }
    return scalars;
  }
}
