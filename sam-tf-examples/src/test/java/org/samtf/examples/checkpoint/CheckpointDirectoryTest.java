package org.samtf.examples.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assumptions.assumeThat;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.samtf.examples.failure.ExitCode;
import org.samtf.examples.failure.InputException;
import org.samtf.examples.failure.OutputException;
import org.samtf.examples.failure.UnreadableException;
import org.samtf.examples.files.DurableFiles;
import org.samtf.examples.files.Sha256;

class CheckpointDirectoryTest {

  private static final String FIRST = "step-000000000001-epochs-0";
  private static final String SECOND = "step-000000000002-epochs-0";
  private static final Origin ORIGIN = origin("rate", 0.5, "file", "abc");

  @TempDir private Path root;

  private final Text text = new Text();
  private final List<String> notices = new ArrayList<>();

  private static Origin origin(String setting, double value, String file, String digest) {
    return new Origin(
        JsonNodeFactory.instance.objectNode().put(setting, value),
        Map.of(file, digest),
        Map.of("processors", "2"));
  }

  /** A part with one file. */
  private static final class Text implements Checkpointed {
    String value = "";
    IOException failure;

    @Override
    public String name() {
      return "text";
    }

    @Override
    public void save(Path directory) throws IOException {
      Files.writeString(directory.resolve("text.txt"), value.repeat(100));
      if (failure != null) {
        throw failure;
      }
    }

    @Override
    public void restore(Path directory) throws IOException {
      value = Files.readString(directory.resolve("text.txt")).substring(0, 1);
    }
  }

  private CheckpointDirectory open() {
    return CheckpointDirectory.open(root, 3);
  }

  private void save(CheckpointDirectory checkpoints, long step, String value) {
    text.value = value;
    checkpoints.save(new Position(step, 0), ORIGIN, List.of(text));
  }

  private Optional<Position> restore(Origin origin) {
    try (CheckpointDirectory checkpoints = open()) {
      return checkpoints.restoreNewest(origin, List.of(text), notices::add);
    }
  }

  /** Two checkpoints, a and b. */
  private void saveTwo() {
    try (CheckpointDirectory checkpoints = open()) {
      assertThat(checkpoints.isEmpty()).isTrue();
      save(checkpoints, 1, "a");
      save(checkpoints, 2, "b");
      assertThat(checkpoints.isEmpty()).isFalse();
    }
    text.value = "?";
  }

  @Test
  void goesOnFromTheNewest() {
    saveTwo();

    assertThat(restore(ORIGIN)).contains(new Position(2, 0));
    assertThat(text.value).isEqualTo("b");
    assertThat(notices).isEmpty();
  }

  @Test
  void anEmptyDirectoryIsNoFailure() {
    assertThat(restore(ORIGIN)).isEmpty();
    assertThat(notices).isEmpty();
  }

  /** Ways to damage a checkpoint, and what is said of each. */
  enum Damage {
    BIT_FLIPPED("text.txt does not have its digest") {
      @Override
      void to(Path checkpoint) throws IOException {
        byte[] bytes = Files.readAllBytes(checkpoint.resolve("text.txt"));
        bytes[50] ^= 4;
        Files.write(checkpoint.resolve("text.txt"), bytes);
      }
    },
    CUT_OFF("text.txt does not have its 100 bytes") {
      @Override
      void to(Path checkpoint) throws IOException {
        byte[] bytes = Files.readAllBytes(checkpoint.resolve("text.txt"));
        Files.write(checkpoint.resolve("text.txt"), java.util.Arrays.copyOf(bytes, 60));
      }
    },
    EMPTIED("text.txt does not have its 100 bytes") {
      @Override
      void to(Path checkpoint) throws IOException {
        Files.write(checkpoint.resolve("text.txt"), new byte[0]);
      }
    },
    LENGTHENED("text.txt does not have its 100 bytes") {
      @Override
      void to(Path checkpoint) throws IOException {
        Files.writeString(checkpoint.resolve("text.txt"), "b".repeat(101));
      }
    },
    FILE_GONE("it has no text.txt") {
      @Override
      void to(Path checkpoint) throws IOException {
        Files.delete(checkpoint.resolve("text.txt"));
      }
    },
    FILE_TOO_MUCH("it has a file other.txt too much") {
      @Override
      void to(Path checkpoint) throws IOException {
        Files.writeString(checkpoint.resolve("other.txt"), "x");
      }
    },
    FILE_IS_A_DIRECTORY("text.txt does not have its 100 bytes") {
      @Override
      void to(Path checkpoint) throws IOException {
        Files.delete(checkpoint.resolve("text.txt"));
        Files.createDirectory(checkpoint.resolve("text.txt"));
      }
    },
    MANIFEST_GONE("it has no manifest.json") {
      @Override
      void to(Path checkpoint) throws IOException {
        Files.delete(checkpoint.resolve(Manifest.NAME));
      }
    },
    MANIFEST_DIGEST_GONE("it has no manifest.json.sha256") {
      @Override
      void to(Path checkpoint) throws IOException {
        Files.delete(checkpoint.resolve(Manifest.DIGEST_NAME));
      }
    },
    MANIFEST_CUT_OFF("manifest.json does not have its digest") {
      @Override
      void to(Path checkpoint) throws IOException {
        String json = Files.readString(checkpoint.resolve(Manifest.NAME));
        Files.writeString(checkpoint.resolve(Manifest.NAME), json.substring(0, 99));
      }
    },
    MANIFEST_CHANGED("manifest.json does not have its digest") {
      @Override
      void to(Path checkpoint) throws IOException {
        String json = Files.readString(checkpoint.resolve(Manifest.NAME));
        Files.writeString(checkpoint.resolve(Manifest.NAME), json.replace("0.5", "0.6"));
      }
    },
    MANIFEST_OF_ANOTHER_FORMAT("manifest.json is not of format 2") {
      @Override
      void to(Path checkpoint) throws IOException {
        String json = Files.readString(checkpoint.resolve(Manifest.NAME));
        withDigest(checkpoint, json.replace("\"format\" : 2", "\"format\" : 3"));
      }
    },
    MANIFEST_IS_NONE("manifest.json is not a manifest") {
      @Override
      void to(Path checkpoint) throws IOException {
        withDigest(checkpoint, "[1, 2]");
      }
    },
    OF_ANOTHER_STEP("it is in truth that of step 1") {
      @Override
      void to(Path checkpoint) throws IOException {
        DurableFiles.deleteDirectory(checkpoint);
        Files.createDirectory(checkpoint);
        Path other = checkpoint.resolveSibling(FIRST);
        for (String name : List.of("text.txt", Manifest.NAME, Manifest.DIGEST_NAME)) {
          Files.copy(other.resolve(name), checkpoint.resolve(name));
        }
      }
    },
    FILE_OF_ANOTHER_STEP("text.txt does not have its digest") {
      @Override
      void to(Path checkpoint) throws IOException {
        Path other = checkpoint.resolveSibling(FIRST).resolve("text.txt");
        Files.delete(checkpoint.resolve("text.txt"));
        Files.copy(other, checkpoint.resolve("text.txt"));
      }
    },
    EMPTY_DIRECTORY("it has no manifest.json") {
      @Override
      void to(Path checkpoint) throws IOException {
        DurableFiles.deleteDirectory(checkpoint);
        Files.createDirectory(checkpoint);
      }
    },
    NO_DIRECTORY("it has no manifest.json") {
      @Override
      void to(Path checkpoint) throws IOException {
        DurableFiles.deleteDirectory(checkpoint);
        Files.writeString(checkpoint, "x");
      }
    };

    final String said;

    Damage(String said) {
      this.said = said;
    }

    abstract void to(Path checkpoint) throws IOException;

    static void withDigest(Path checkpoint, String json) throws IOException {
      Files.writeString(checkpoint.resolve(Manifest.NAME), json);
      String digest = Sha256.of(json.getBytes(StandardCharsets.UTF_8));
      Files.writeString(
          checkpoint.resolve(Manifest.DIGEST_NAME), digest + "  " + Manifest.NAME + "\n");
    }
  }

  @ParameterizedTest
  @EnumSource
  void aDamagedOneIsFoundAndTheOneBeforeIsUsed(Damage damage) throws IOException {
    saveTwo();
    damage.to(root.resolve(SECOND));

    assertThat(restore(ORIGIN)).contains(new Position(1, 0));

    assertThat(text.value).isEqualTo("a");
    assertThat(notices)
        .containsExactly(
            "checkpoint "
                + root.resolve(SECOND)
                + " is damaged ("
                + damage.said
                + "); using the one before");
    assertThat(notices.get(0)).hasLineCount(1);
    // It keeps its bytes under another name and is never taken for a checkpoint again.
    assertThat(names()).containsExactlyInAnyOrder(".lock", FIRST, "damaged-" + SECOND);
    try (CheckpointDirectory checkpoints = open()) {
      save(checkpoints, 2, "c");
    }
    notices.clear();
    assertThat(restore(ORIGIN)).contains(new Position(2, 0));
    assertThat(text.value).isEqualTo("c");
    assertThat(notices).isEmpty();
  }

  @ParameterizedTest
  @EnumSource(names = {"BIT_FLIPPED", "MANIFEST_GONE", "EMPTY_DIRECTORY"})
  void withoutAGoodOneNothingStartsAnew(Damage damage) throws IOException {
    saveTwo();
    damage.to(root.resolve(SECOND));
    damage.to(root.resolve(FIRST));

    assertThatExceptionOfType(InputException.class)
        .isThrownBy(() -> restore(ORIGIN))
        .withMessageContaining("no checkpoint in " + root + " is good");
    assertThat(notices).hasSize(2);
    assertThat(notices.get(0)).contains(SECOND).endsWith("; using the one before");
    assertThat(notices.get(1)).contains(FIRST).endsWith("; there is none before");
    assertThat(names()).containsExactlyInAnyOrder(".lock", "damaged-" + FIRST, "damaged-" + SECOND);
    // Nor does it a second time, when only those are left that were set aside.
    notices.clear();
    assertThatExceptionOfType(InputException.class)
        .isThrownBy(() -> restore(ORIGIN))
        .withMessageContaining("no checkpoint in " + root + " is good");
    assertThat(notices).isEmpty();
  }

  @Test
  void theOnlyOneIsSetAside() throws IOException {
    try (CheckpointDirectory checkpoints = open()) {
      save(checkpoints, 1, "a");
    }
    Damage.BIT_FLIPPED.to(root.resolve(FIRST));

    assertThatExceptionOfType(InputException.class).isThrownBy(() -> restore(ORIGIN));

    assertThat(notices)
        .containsExactly(
            "checkpoint "
                + root.resolve(FIRST)
                + " is damaged (text.txt does not have its digest); there is none before");
    assertThat(names()).containsExactlyInAnyOrder(".lock", "damaged-" + FIRST);
  }

  @Test
  void leavesNothingWhereNothingWasWritten() throws IOException {
    open().close();

    assertThat(names()).isEmpty();
    saveTwo();
    assertThat(names()).containsExactlyInAnyOrder(".lock", FIRST, SECOND);
  }

  /** The digest is right, so whoever wrote it meant it. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "\"step\" : 2 | \"step\" : null | position.step: ",
        "\"step\" : 2 | \"step\" : \"2\" | position.step: ",
        "\"step\" : 2 | \"step\" : 1e999 | position.step: ",
        "\"step\" : 2 | \"steps\" : 2 | position.step: Missing",
        "\"format\" : 2, | \"format\" : 2, \"more\" : 1, | more: ",
        "\"processors\" : \"2\" | \"processors\" : null | origin: processors is null",
        "\"file\" : \"abc\" | \"file\" : null | origin: digest of file is null",
        "{\"rate\":0.5} | null | origin: settings is null",
      })
  void namesTheFieldOfTheManifestThatIsWrong(String from, String to, String said)
      throws IOException {
    saveTwo();
    Path checkpoint = root.resolve(SECOND);
    String json = Files.readString(checkpoint.resolve(Manifest.NAME));
    json = json.replaceAll("\\{\\s*\"rate\" : 0.5\\s*}", "{\"rate\":0.5}");
    assertThat(json).contains(from);
    Damage.withDigest(checkpoint, json.replace(from, to));

    assertThat(restore(ORIGIN)).contains(new Position(1, 0));
    assertThat(notices).hasSize(1);
    assertThat(notices.get(0)).contains("(manifest.json is not a manifest: " + said);
  }

  @Test
  void whatAKilledProcessLeftIsRemoved() throws IOException {
    saveTwo();
    Path half = Files.createDirectory(root.resolve(".writing-step-000000000003-epochs-0"));
    Files.writeString(half.resolve("text.txt"), "half");
    Path old = Files.createDirectory(root.resolve(".removing-step-000000000000-epochs-0"));
    Files.writeString(old.resolve("text.txt"), "half");
    Files.writeString(root.resolve("mine.txt"), "not a checkpoint");

    assertThat(restore(ORIGIN)).contains(new Position(2, 0));

    assertThat(notices).isEmpty();
    assertThat(names()).containsExactlyInAnyOrder(".lock", FIRST, SECOND, "mine.txt");
  }

  /** A link to itself cannot be read by anybody; no permission does not keep root from reading. */
  @ParameterizedTest
  @ValueSource(strings = {"text.txt", Manifest.NAME, Manifest.DIGEST_NAME, ""})
  void oneThatCannotBeReadIsNotTakenForDamaged(String file) throws IOException {
    saveTwo();
    Path unreadable = root.resolve(SECOND).resolve(file);
    if (file.isEmpty()) {
      DurableFiles.deleteDirectory(unreadable);
    } else {
      Files.delete(unreadable);
    }
    Files.createSymbolicLink(unreadable, unreadable.getFileName());

    assertNotReadable("Too many levels of symbolic links");
  }

  @ParameterizedTest
  @ValueSource(strings = {"text.txt", Manifest.NAME, ""})
  void oneWithoutPermissionIsNotTakenForDamaged(String file) throws IOException {
    saveTwo();
    Path unreadable = root.resolve(SECOND).resolve(file);
    var before = Files.getPosixFilePermissions(unreadable);
    Files.setPosixFilePermissions(unreadable, Set.of());
    try {
      assumeThat(Files.isReadable(unreadable)).as("permissions count (not for root)").isFalse();

      assertNotReadable("no permission");
    } finally {
      Files.setPosixFilePermissions(unreadable, before);
    }
    assertThat(restore(ORIGIN)).contains(new Position(2, 0));
  }

  private void assertNotReadable(String reason) throws IOException {
    assertThatExceptionOfType(UnreadableException.class)
        .isThrownBy(() -> restore(ORIGIN))
        .withMessageMatching(
            "checkpoint \\S+ cannot be read \\(.*"
                + reason
                + ".*\\); make it readable, then go on with --resume; nothing has been changed")
        .matches(e -> e.exitCode() == ExitCode.NOT_WRITTEN);
    assertThat(text.value).isEqualTo("?");
    assertThat(notices).isEmpty();
    assertThat(names()).containsExactlyInAnyOrder(".lock", FIRST, SECOND);
  }

  @Test
  void whatOnlyBeginsLikeALeftoverStays() throws IOException {
    saveTwo();
    List<String> users = List.of(".writing-a-novel", ".removing-wallpaper", "damaged-goods.txt");
    for (String name : users) {
      Files.writeString(root.resolve(name), name);
    }

    assertThat(restore(ORIGIN)).contains(new Position(2, 0));

    for (String name : users) {
      assertThat(root.resolve(name)).hasContent(name);
    }
  }

  @Test
  void keepsTheNewest() throws IOException {
    try (CheckpointDirectory checkpoints = open()) {
      for (int step = 1; step <= 5; step++) {
        save(checkpoints, step, "x");
      }
      checkpoints.save(new Position(5, 1), ORIGIN, List.of(text));
    }

    assertThat(names())
        .containsExactlyInAnyOrder(
            ".lock",
            "step-000000000004-epochs-0",
            "step-000000000005-epochs-0",
            "step-000000000005-epochs-1");
    assertThat(restore(ORIGIN)).contains(new Position(5, 1));
  }

  @Test
  void aFailureInTheMiddleLeavesTheOthersAlone() throws IOException {
    saveTwo();
    text.failure = new IOException("No space left on device");

    try (CheckpointDirectory checkpoints = open()) {
      assertThatExceptionOfType(OutputException.class)
          .isThrownBy(() -> save(checkpoints, 3, "c"))
          .withMessage(
              "checkpoint of step 3 in "
                  + root
                  + " cannot be written (No space left on device); free space or make it writable,"
                  + " then go on with --resume; the one of step 2 is whole");
    }

    assertThat(names()).containsExactlyInAnyOrder(".lock", FIRST, SECOND);
    assertThat(restore(ORIGIN)).contains(new Position(2, 0));
  }

  @Test
  void onlyOneProcessAtATime() {
    try (CheckpointDirectory checkpoints = open()) {
      assertThat(checkpoints.isEmpty()).isTrue();
      assertThatExceptionOfType(InputException.class)
          .isThrownBy(this::open)
          .withMessageContaining("is used by another process");
    }
    open().close();
  }

  @Test
  void namesTheSettingThatHasChanged() {
    saveTwo();

    assertThatExceptionOfType(InputException.class)
        .isThrownBy(() -> restore(origin("rate", 0.25, "file", "abc")))
        .withMessageContaining("setting rate was 0.5 and is 0.25 now");
    assertThatExceptionOfType(InputException.class)
        .isThrownBy(() -> restore(origin("other", 0.5, "file", "abc")))
        .withMessageContaining("setting rate was 0.5 and is not there now");
    assertThat(text.value).isEqualTo("?");
  }

  @Test
  void namesTheDataFileThatHasChanged() {
    saveTwo();

    assertThatExceptionOfType(InputException.class)
        .isThrownBy(() -> restore(origin("rate", 0.5, "file", "xyz")))
        .withMessageContaining("data file file has changed since the checkpoint");
    assertThatExceptionOfType(InputException.class)
        .isThrownBy(() -> restore(origin("rate", 0.5, "another", "abc")))
        .withMessageContaining("data file file is gone since the checkpoint");
    assertThat(text.value).isEqualTo("?");
  }

  @Test
  void saysWhereThePlatformIsAnother() {
    saveTwo();

    restore(new Origin(ORIGIN.settings(), ORIGIN.data(), Map.of("processors", "64")));

    assertThat(notices)
        .containsExactly(
            "note: processors was 2 and is 64; the job goes on, but its last bits may differ");
  }

  @Test
  void refusesACheckpointWithOtherParts() {
    saveTwo();
    Checkpointed more =
        new Checkpointed() {
          @Override
          public String name() {
            return "more";
          }

          @Override
          public void save(Path directory) {}

          @Override
          public void restore(Path directory) {}
        };

    try (CheckpointDirectory checkpoints = open()) {
      assertThatExceptionOfType(InputException.class)
          .isThrownBy(() -> checkpoints.restoreNewest(ORIGIN, List.of(text, more), notices::add))
          .withMessageContaining("has the state of [text]; expected that of [text, more]");
    }
  }

  private List<String> names() throws IOException {
    try (Stream<Path> entries = Files.list(root)) {
      return entries.map(entry -> entry.getFileName().toString()).toList();
    }
  }
}
