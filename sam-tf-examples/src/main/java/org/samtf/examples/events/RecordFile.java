package org.samtf.examples.events;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.zip.CRC32C;

/**
 * A file of records in the format TFRecord: length, checksum of the length, bytes, checksum of the
 * bytes.
 *
 * <p>Each record is written at once, so a process that is killed leaves whole records.
 */
final class RecordFile implements Closeable {

  /** TensorFlow stores checksums rotated and shifted by this, for data that hold checksums. */
  private static final int MASK_DELTA = 0xa282ead8;

  private static final int FRAME = Long.BYTES + 2 * Integer.BYTES;

  private final FileChannel channel;

  private RecordFile(FileChannel channel) {
    this.channel = channel;
  }

  /** Creates a file; it is a failure if it is there. */
  static RecordFile create(Path file) throws IOException {
    return new RecordFile(
        FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE));
  }

  void append(byte[] record) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(FRAME + record.length).order(ByteOrder.LITTLE_ENDIAN);
    buffer.putLong(record.length);
    buffer.putInt(maskedChecksum(buffer.array(), Long.BYTES));
    buffer.put(record);
    buffer.putInt(maskedChecksum(record, record.length));
    buffer.flip();
    while (buffer.hasRemaining()) {
      channel.write(buffer);
    }
  }

  private static int maskedChecksum(byte[] bytes, int length) {
    CRC32C checksum = new CRC32C();
    checksum.update(bytes, 0, length);
    return Integer.rotateRight((int) checksum.getValue(), 15) + MASK_DELTA;
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
