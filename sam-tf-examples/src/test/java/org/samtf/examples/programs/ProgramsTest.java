package org.samtf.examples.programs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the programs print and leave. */
class ProgramsTest {

  private interface Program {
    void run() throws IOException;
  }

  @TempDir Path directory;

  @Test
  void oneLineMakesItFlatter() throws IOException {
    String printed = printedBy(() -> OneLineChange.main(new String[0]));

    double flat = number(printed, "SAM +loss \\S+ +sharpness (\\S+)");
    double sharp = number(printed, "Momentum +loss \\S+ +sharpness (\\S+)");
    assertThat(flat).isPositive().isLessThan(sharp);
    assertThat(number(printed, "SAM +loss (\\S+)")).isPositive().isLessThan(Math.log(2));
    assertThat(number(printed, "Momentum +loss (\\S+)")).isPositive().isLessThan(Math.log(2));
  }

  @Test
  void microBatchesRunOnBothDevicesAndLearn() throws IOException {
    String printed = printedBy(() -> MicroBatchesOnTwoDevices.main(new String[0]));

    assertThat(number(printed, "step 100 +loss (\\S+)"))
        .isPositive()
        .isLessThan(number(printed, "step +0 +loss (\\S+)") / 10);
    // A part is dozens of ops; copies of the weights alone would be few.
    assertThat(number(printed, "/device:CPU:0 ran (\\d+) ops")).isGreaterThan(100);
    assertThat(number(printed, "/device:CPU:1 ran (\\d+) ops")).isGreaterThan(100);
  }

  @Test
  void headLearnsTheNewTaskAndIsInTheExport() throws IOException {
    Path models = directory.resolve("models");
    String printed = printedBy(() -> FineTuneLoadedModel.main(new String[] {models.toString()}));

    assertThat(number(printed, "step 200 +loss (\\S+)"))
        .isPositive()
        .isLessThan(number(printed, "step +0 +loss (\\S+)") / 10);
    assertThat(printed)
        .contains("the frozen body is as it was: true")
        .contains("loaded again, it predicts the same: true")
        .contains(models.toString());
    assertThat(models.resolve("model/saved_model.pb")).isNotEmptyFile();
    assertThat(models.resolve("fine-tuned/saved_model.pb")).isNotEmptyFile();
    assertThat(models.resolve("fine-tuned/variables/variables.index")).isNotEmptyFile();
  }

  @Test
  void aModelOfPythonsLearnsAndIsHandedBack() throws IOException {
    Path python = Path.of("../sam-tf/src/test/resources/org/samtf/model/python");
    String original = python.resolve("keras3_flowers/model").toString();
    Path target = directory.resolve("2");
    String printed =
        printedBy(() -> HandBackToPython.main(new String[] {original, target.toString()}));

    assertThat(number(printed, "step 100 +loss (\\S+)"))
        .isPositive()
        .isLessThan(number(printed, "step +0 +loss (\\S+)") / 10);
    assertThat(printed).contains("written and loaded: true").contains("for Python: " + target);
    assertThat(target.resolve("fingerprint.pb")).isNotEmptyFile();
  }

  @Test
  void resumedRunEndsLikeTheUninterruptedOne() throws IOException {
    String printed = printedBy(() -> CheckpointAndResume.main(new String[] {directory.toString()}));

    assertThat(printed)
        .contains("uninterrupted: steps 0 to 60")
        .contains("cut-off: steps 0 to 35")
        .contains("cut-off: steps 30 to 60")
        .contains("weights-m, weights-v")
        .contains("the resumed run has the same bits: true");
    Path cutOff = directory.resolve("cut-off");
    assertThat(cutOff.resolve("newest")).hasContent("step-60");
    assertThat(cutOff.resolve("step-60.index")).isNotEmptyFile();
    // The same from outside: the values that both runs saved in the end.
    String values = "step-60.data-00000-of-00001";
    assertThat(Files.readAllBytes(cutOff.resolve(values)))
        .isEqualTo(Files.readAllBytes(directory.resolve("uninterrupted").resolve(values)))
        .isNotEqualTo(Files.readAllBytes(cutOff.resolve("step-30.data-00000-of-00001")));
  }

  @ParameterizedTest
  @ValueSource(
      classes = {
        OneLineChange.class,
        MicroBatchesOnTwoDevices.class,
        FineTuneLoadedModel.class,
        HandBackToPython.class,
        CheckpointAndResume.class
      })
  void needTheLibraryTensorFlowAndTheJdkOnly(Class<?> program) throws IOException {
    String source =
        Files.readString(
            Path.of("src/main/java", program.getName().replace('.', '/').concat(".java")));

    List<String> imports =
        Pattern.compile("^import (.+);$", Pattern.MULTILINE)
            .matcher(source)
            .results()
            .map(match -> match.group(1))
            .collect(Collectors.toList());
    assertThat(imports)
        .isNotEmpty()
        .allMatch(name -> name.matches("(java|org\\.tensorflow|org\\.samtf)\\..*"))
        .noneMatch(name -> name.matches("org\\.samtf\\.(examples|internal)\\..*"));
    assertThat(source.split(program.getPackageName(), -1)).as("its package only").hasSize(2);
  }

  private static String printedBy(Program program) throws IOException {
    PrintStream before = System.out;
    ByteArrayOutputStream printed = new ByteArrayOutputStream();
    try (PrintStream out = new PrintStream(printed, true, StandardCharsets.UTF_8)) {
      System.setOut(out);
      program.run();
    } finally {
      System.setOut(before);
    }
    return printed.toString(StandardCharsets.UTF_8);
  }

  private static double number(String text, String pattern) {
    Matcher matcher = Pattern.compile(pattern).matcher(text);
    assertThat(matcher.find()).as("%s in %s", pattern, text).isTrue();
    return Double.parseDouble(matcher.group(1));
  }
}
