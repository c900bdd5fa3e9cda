import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * Empties a shared library of the GPU code of other architectures, so that it compresses well.
 *
 * <p>{@code java KeepArchitecture.java ARCHITECTURE LIBRARY...}, where an architecture is 90 for
 * compute capability 9.0. The library is changed in place and stays as long as it was: the code of
 * other architectures, which the driver never looks at on this one, becomes zeros. A kernel that has
 * no machine code for the architecture keeps its PTX, which the driver compiles there.
 *
 * <p>The section {@code .nv_fatbin} is a row of containers (magic number, header size, size), each a
 * row of entries (kind: 1 is PTX, 2 is machine code; header size, size, architecture).
 */
final class KeepArchitecture {

  private static final String SECTION = ".nv_fatbin";
  private static final int MAGIC = 0xBA55ED50;
  private static final int MACHINE_CODE = 2;
  private static final int ALIGNMENT = 8;

  private final MappedByteBuffer file;
  private final int architecture;
  private long kept;
  private long emptied;

  private KeepArchitecture(MappedByteBuffer file, int architecture) {
    this.file = file;
    this.architecture = architecture;
  }

  public static void main(String[] arguments) throws IOException {
    if (arguments.length < 2 || !arguments[0].matches("[0-9]{2,3}")) {
      System.err.println("usage: java KeepArchitecture.java ARCHITECTURE LIBRARY..., as in 90 lib.so");
      System.exit(2);
    }
    for (int i = 1; i < arguments.length; i++) {
      Path library = Path.of(arguments[i]);
      try (FileChannel channel =
          FileChannel.open(library, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
        MappedByteBuffer file = channel.map(MapMode.READ_WRITE, 0, channel.size());
        file.order(LITTLE_ENDIAN);
        KeepArchitecture keep = new KeepArchitecture(file, Integer.parseInt(arguments[0]));
        keep.sections();
        file.force();
        System.out.printf(
            "%s: %d MB of GPU code kept, %d MB emptied%n",
            library.getFileName(), keep.kept / 1_000_000, keep.emptied / 1_000_000);
      }
    }
  }

  /** Goes through the sections of an ELF file of 64 bits. */
  private void sections() {
    int table = (int) file.getLong(0x28);
    int size = file.getShort(0x3A);
    int count = file.getShort(0x3C);
    int names = offset(table + file.getShort(0x3E) * size);
    for (int i = 0; i < count; i++) {
      int header = table + i * size;
      if (name(names + file.getInt(header)).equals(SECTION)) {
        containers(offset(header), (int) file.getLong(header + 0x20));
      }
    }
  }

  private int offset(int sectionHeader) {
    return (int) file.getLong(sectionHeader + 0x18);
  }

  private String name(int start) {
    byte[] bytes = new byte[SECTION.length() + 1];
    file.get(start, bytes);
    String text = new String(bytes, ISO_8859_1);
    int end = text.indexOf('\0');
    return end < 0 ? text : text.substring(0, end);
  }

  private void containers(int start, int size) {
    int at = start;
    while (at < start + size - 16) {
      if (file.getInt(at) != MAGIC) {
        at += ALIGNMENT;
        continue;
      }
      int first = at + file.getShort(at + 6);
      int end = first + (int) file.getLong(at + 8);
      entries(first, end);
      at = (end + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    }
  }

  private void entries(int first, int end) {
    boolean isCompiled = false;
    for (int at = first; at < end; at = next(at)) {
      isCompiled |= isForThis(at);
    }
    for (int at = first; at < end; at = next(at)) {
      int length = (int) file.getLong(at + 8);
      if (isForThis(at) || (!isCompiled && !isMachineCode(at))) {
        kept += length;
      } else {
        file.put(at + file.getInt(at + 4), new byte[length]);
        emptied += length;
      }
    }
  }

  private int next(int entry) {
    return entry + file.getInt(entry + 4) + (int) file.getLong(entry + 8);
  }

  private boolean isMachineCode(int entry) {
    return file.getShort(entry) == MACHINE_CODE;
  }

  /** Machine code runs on its own architecture and on later ones of the same generation. */
  private boolean isForThis(int entry) {
    int its = file.getInt(entry + 28);
    return isMachineCode(entry) && its / 10 == architecture / 10 && its <= architecture;
  }
}
