package org.samtf.examples.checkpoint;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.samtf.examples.failure.InputException;
import org.samtf.examples.failure.OneLine;
import org.samtf.examples.failure.OutputException;
import org.samtf.examples.failure.UnreadableException;
import org.samtf.examples.files.DurableFiles;

/**
 * The checkpoints of a job: a directory {@code step-000000000200-epochs-3} for each.
 *
 * <p>A checkpoint is written under another name, brought to the disk, and then renamed: under its
 * own name it is whole. Only one process can use the directory at a time.
 */
public final class CheckpointDirectory implements AutoCloseable {

  private static final String WRITING = ".writing-";
  private static final String REMOVING = ".removing-";
  private static final String DAMAGED = "damaged-";
  private static final String LOCK = ".lock";

  private final Path directory;
  private final int keep;
  private final FileChannel lockFile;

  private CheckpointDirectory(Path directory, int keep, FileChannel lockFile) {
    this.directory = directory;
    this.keep = keep;
    this.lockFile = lockFile;
  }

  /**
   * Opens a directory, which is made if it is not there.
   *
   * @param directory the directory
   * @param keep how many checkpoints to keep, the newest; at least 1
   * @return the directory, to be closed
   * @throws InputException if another process uses it
   * @throws OutputException if it cannot be written
   */
  public static CheckpointDirectory open(Path directory, int keep) {
    FileChannel lockFile = null;
    try {
      Files.createDirectories(directory);
      lockFile =
          FileChannel.open(
              directory.resolve(LOCK), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      FileLock lock = lockFile.tryLock();
      // Whoever had it before may have taken the file away with it.
      if (lock == null || !Files.exists(directory.resolve(LOCK))) {
        throw new OverlappingFileLockException();
      }
      CheckpointDirectory opened = new CheckpointDirectory(directory, keep, lockFile);
      opened.removeLeftovers();
      return opened;
    } catch (OverlappingFileLockException e) {
      closeQuietly(lockFile);
      throw new InputException(
          "--checkpoints " + directory + " is used by another process",
          "a directory for this job alone",
          "wait until that process has ended, or choose another path");
    } catch (IOException e) {
      closeQuietly(lockFile);
      throw unusable(directory, e);
    }
  }

  private static OutputException unusable(Path directory, IOException e) {
    return new OutputException(
        "--checkpoints " + directory, e, "make it writable or choose another path");
  }

  private static void closeQuietly(FileChannel channel) {
    try {
      if (channel != null) {
        channel.close();
      }
    } catch (IOException e) {
      // The lock is gone in any case when the process ends.
    }
  }

  /** What a process left behind that was killed while it wrote or removed a checkpoint. */
  private void removeLeftovers() throws IOException {
    for (Path entry : entries()) {
      if (isOurs(entry, WRITING) || isOurs(entry, REMOVING)) {
        DurableFiles.deleteDirectory(entry);
      }
    }
  }

  /**
   * Returns whether there are no checkpoints, good or damaged.
   *
   * @return whether there are none
   */
  public boolean isEmpty() {
    try {
      return checkpoints().isEmpty();
    } catch (IOException e) {
      throw unusable(directory, e);
    }
  }

  /**
   * Writes a checkpoint, and removes the oldest if there are now too many.
   *
   * @param position how far the job is; there is no checkpoint from there
   * @param origin what the job computes from
   * @param parts the state
   * @throws OutputException if it cannot be written; the others are untouched then
   */
  public void save(Position position, Origin origin, List<? extends Checkpointed> parts) {
    String name = position.directoryName();
    Path writing = directory.resolve(WRITING + name);
    try {
      DurableFiles.deleteDirectory(writing);
      Files.createDirectory(writing);
      Checkpoint.write(writing, position, origin, parts);
      DurableFiles.move(writing, directory.resolve(name));
    } catch (IOException e) {
      throw failed(position, writing, e);
    }
    try {
      List<Path> all = checkpoints();
      for (Path old : all.subList(Math.min(keep, all.size()), all.size())) {
        remove(old);
      }
    } catch (IOException e) {
      throw new OutputException("change of " + directory, e, "see whether it is still there");
    }
  }

  private OutputException failed(Position position, Path writing, IOException e) {
    Optional<Position> last = Optional.empty();
    try {
      DurableFiles.deleteDirectory(writing);
      last = checkpoints().stream().map(CheckpointDirectory::position).findFirst();
    } catch (IOException suppressed) {
      e.addSuppressed(suppressed);
    }
    return new OutputException(
        "checkpoint of " + position + " in " + directory,
        e,
        "free space or make it writable, then go on with --resume"
            + last.map(untouched -> "; the one of " + untouched + " is whole").orElse(""));
  }

  /** Under its name a checkpoint is whole; so it loses the name before its files. */
  private void remove(Path checkpoint) throws IOException {
    Path removing = directory.resolve(REMOVING + checkpoint.getFileName());
    DurableFiles.deleteDirectory(removing);
    Files.move(checkpoint, removing);
    DurableFiles.deleteDirectory(removing);
  }

  /**
   * Restores the newest checkpoint that is good. Damaged ones that are newer get another name, and
   * a line is said of each.
   *
   * @param origin what the job computes from
   * @param parts the state
   * @param notices told one line of whatever is odd
   * @return where it was from; empty if there are no checkpoints at all
   * @throws InputException if settings or data have changed, or no checkpoint is good
   * @throws UnreadableException if one cannot be read, which says nothing of whether it is good;
   *     then nothing is renamed
   */
  public Optional<Position> restoreNewest(
      Origin origin, List<? extends Checkpointed> parts, Consumer<String> notices) {
    try {
      List<Path> checkpoints = checkpoints();
      for (int i = 0; i < checkpoints.size(); i++) {
        Path candidate = checkpoints.get(i);
        try {
          restore(open(candidate), origin, parts, notices);
          for (Path damaged : checkpoints.subList(0, i)) {
            setAside(damaged);
          }
          return Optional.of(position(candidate));
        } catch (DamagedCheckpointException e) {
          boolean last = i == checkpoints.size() - 1;
          notices.accept(
              OneLine.of(
                  "checkpoint "
                      + candidate
                      + " is damaged ("
                      + e.getMessage()
                      + "); "
                      + (last ? "there is none before" : "using the one before")));
        }
      }
      for (Path damaged : checkpoints) {
        setAside(damaged);
      }
      if (hasDamaged()) {
        throw new InputException(
            "no checkpoint in " + directory + " is good",
            "at least one as it was written",
            "bring one back from a copy, or give another --checkpoints to start anew; those that"
                + " are damaged are named "
                + DAMAGED
                + "... there");
      }
      return Optional.empty();
    } catch (IOException e) {
      throw unusable(directory, e);
    }
  }

  private static Checkpoint open(Path candidate) throws DamagedCheckpointException {
    try {
      return Checkpoint.open(candidate, position(candidate));
    } catch (IOException e) {
      throw unreadable(candidate, e);
    }
  }

  private static UnreadableException unreadable(Path checkpoint, IOException e) {
    return new UnreadableException(
        "checkpoint " + checkpoint,
        e,
        "make it readable, then go on with --resume; nothing has been changed");
  }

  private void restore(
      Checkpoint checkpoint,
      Origin origin,
      List<? extends Checkpointed> parts,
      Consumer<String> notices)
      throws DamagedCheckpointException {
    List<String> names = parts.stream().map(Checkpointed::name).toList();
    if (!checkpoint.manifest().parts().equals(names)) {
      throw new InputException(
          checkpoint.directory() + " has the state of " + checkpoint.manifest().parts(),
          "that of " + names,
          "resume with the version that wrote it, or give another --checkpoints to start anew");
    }
    origin.requireSame(checkpoint.manifest().origin());
    origin
        .platformChange(checkpoint.manifest().origin())
        .ifPresent(
            change ->
                notices.accept(
                    "note: " + change + "; the job goes on, but its last bits may differ"));
    for (Checkpointed part : parts) {
      try {
        part.restore(checkpoint.directory());
        part.checkRestored(checkpoint.manifest().position());
      } catch (FileSystemException | FileNotFoundException e) {
        // Its bytes were right a moment ago.
        throw unreadable(checkpoint.directory(), e);
      } catch (IOException e) {
        throw new DamagedCheckpointException(
            "its " + part.name() + " cannot be restored: " + OneLine.of(e.getMessage()));
      }
    }
  }

  /** Whether the job had checkpoints once, which is no reason to start from the beginning. */
  private boolean hasDamaged() throws IOException {
    return entries().stream().anyMatch(entry -> isOurs(entry, DAMAGED));
  }

  /** Whether it has the name of a checkpoint behind a prefix; other names may be the user's. */
  private static boolean isOurs(Path entry, String prefix) {
    String name = entry.getFileName().toString();
    return name.startsWith(prefix)
        && Position.of(Path.of(name.substring(prefix.length()))).isPresent();
  }

  /** So that they are neither taken for the newest nor counted among those to keep. */
  private void setAside(Path damaged) throws IOException {
    Path aside = directory.resolve(DAMAGED + damaged.getFileName());
    DurableFiles.deleteDirectory(aside);
    Files.move(damaged, aside);
  }

  /** Newest first. */
  private List<Path> checkpoints() throws IOException {
    return entries().stream()
        .filter(entry -> Position.of(entry).isPresent())
        .sorted(Comparator.comparing(CheckpointDirectory::position).reversed())
        .toList();
  }

  private static Position position(Path checkpoint) {
    return Position.of(checkpoint).orElseThrow();
  }

  private List<Path> entries() throws IOException {
    try (Stream<Path> entries = Files.list(directory)) {
      return entries.toList();
    }
  }

  @Override
  public void close() {
    try {
      // Nothing was written: then nothing is left, as long as the lock is held.
      if (entries().size() == 1) {
        Files.deleteIfExists(directory.resolve(LOCK));
      }
    } catch (IOException e) {
      // It is in nobody's way.
    }
    closeQuietly(lockFile);
  }
}
