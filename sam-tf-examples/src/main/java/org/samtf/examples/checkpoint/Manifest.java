package org.samtf.examples.checkpoint;

import com.fasterxml.jackson.databind.JsonMappingException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.samtf.examples.files.DurableFiles;
import org.samtf.examples.files.Sha256;

/**
 * What a checkpoint says of itself: {@code manifest.json}, and its own digest beside it.
 *
 * @param format of the checkpoint; {@link #FORMAT}
 * @param position how far the job was
 * @param savedAt when it was written, for people
 * @param parts the names of the parts of the state, in their order
 * @param origin what the job computes from
 * @param files size and digest of each file
 */
record Manifest(
    int format,
    Position position,
    String savedAt,
    List<String> parts,
    Origin origin,
    Map<String, Entry> files) {

  /** Changes when older checkpoints can no longer be read. */
  static final int FORMAT = 2;

  static final String NAME = "manifest.json";

  /** As the command sha256sum writes and checks it. */
  static final String DIGEST_NAME = "manifest.json.sha256";

  /** Far more than any has; a file that claims to be one may be of any size. */
  private static final long MAX_BYTES = 1L << 24;

  private static final Pattern FILE_NAME = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9._-]*");

  Manifest {
    for (String file : files.keySet()) {
      if (!FILE_NAME.matcher(file).matches()) {
        throw new IllegalArgumentException("no name of a file: " + file);
      }
    }
    parts = List.copyOf(parts);
    files = Map.copyOf(files);
  }

  /** One file. */
  record Entry(long size, String sha256) {

    static Entry of(Path file) throws IOException {
      return new Entry(Files.size(file), Sha256.of(file));
    }
  }

  void write(Path directory) throws IOException {
    byte[] bytes = Json.STRICT.writeValueAsBytes(this);
    DurableFiles.write(directory.resolve(NAME), bytes);
    String line = digestLine(bytes);
    DurableFiles.write(directory.resolve(DIGEST_NAME), line.getBytes(StandardCharsets.US_ASCII));
  }

  /**
   * Reads the manifest of a checkpoint.
   *
   * @throws DamagedCheckpointException if it is not as it was written
   * @throws IOException if it cannot be read, whole or not
   */
  static Manifest read(Path directory) throws IOException, DamagedCheckpointException {
    byte[] bytes = bytes(directory.resolve(NAME));
    byte[] digest = bytes(directory.resolve(DIGEST_NAME));
    if (!digestLine(bytes).equals(new String(digest, StandardCharsets.ISO_8859_1))) {
      throw new DamagedCheckpointException(NAME + " does not have its digest");
    }
    return parse(bytes);
  }

  static Manifest parse(byte[] bytes) throws DamagedCheckpointException {
    Manifest manifest;
    try {
      manifest = Json.STRICT.readValue(bytes, Manifest.class);
    } catch (JsonMappingException e) {
      String where = e.getPath().isEmpty() ? "" : ": " + Json.whatIsWrong(e);
      throw new DamagedCheckpointException(NAME + " is not a manifest" + where);
    } catch (IOException e) {
      throw new DamagedCheckpointException(NAME + " is not a manifest");
    }
    if (manifest == null || manifest.format != FORMAT) {
      throw new DamagedCheckpointException(NAME + " is not of format " + FORMAT);
    }
    return manifest;
  }

  private static String digestLine(byte[] manifest) {
    return Sha256.of(manifest) + "  " + NAME + "\n";
  }

  private static byte[] bytes(Path file) throws IOException, DamagedCheckpointException {
    BasicFileAttributes attributes = attributes(file);
    if (!attributes.isRegularFile()) {
      throw new DamagedCheckpointException("it has no " + file.getFileName());
    }
    if (attributes.size() > MAX_BYTES) {
      throw new DamagedCheckpointException(file.getFileName() + " is far too large");
    }
    return Files.readAllBytes(file);
  }

  /** Files.isRegularFile and the like take what cannot be looked at for what is not there. */
  private static BasicFileAttributes attributes(Path file)
      throws IOException, DamagedCheckpointException {
    if (Files.readAttributes(file.getParent(), BasicFileAttributes.class).isDirectory()) {
      try {
        return Files.readAttributes(file, BasicFileAttributes.class);
      } catch (NoSuchFileException e) {
        // As below.
      }
    }
    throw new DamagedCheckpointException("it has no " + file.getFileName());
  }
}
