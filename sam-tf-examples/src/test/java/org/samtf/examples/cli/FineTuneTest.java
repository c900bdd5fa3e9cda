package org.samtf.examples.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.samtf.examples.data.IdxFiles;
import org.samtf.examples.failure.ExitCode;
import org.samtf.model.LoadedModel;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.SavedModelBundle;
import org.tensorflow.Signature;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.types.TFloat32;

/** Models from files, trained on from the command line. */
class FineTuneTest {

  private static final Path PYTHON = Path.of("../sam-tf/src/test/resources/org/samtf/model/python");

  /** Convolution, batch normalization, dense: images of 6x6 in, three logits out. */
  private static final Path FLOWERS = PYTHON.resolve("keras3_flowers/model");

  /** Convolutions, batch normalization in two places; images of 5x5 in, and two logits out. */
  private static final Path TRAINING = PYTHON.resolve("keras2_training/model");

  /** Four numbers in, a softmax of three out. */
  private static final Path SOFTMAX = PYTHON.resolve("keras2_dense/model");

  @TempDir private Path directory;
  private Path data;

  @BeforeEach
  void images() throws IOException {
    data = IdxFiles.writeRows(Files.createDirectory(directory.resolve("data")), 6, 3, 120, 60);
  }

  private CommandLineFixture.Run train(Path model, String... options) {
    List<String> all =
        new ArrayList<>(List.of("train", "--model=" + model, "--data=" + data, "--batch-size=12"));
    all.addAll(List.of(options));
    for (String usual : List.of("--learning-rate=0.02", "--epochs=3")) {
      if (all.stream().noneMatch(o -> o.startsWith(usual.replaceAll("=.*", "=")))) {
        all.add(usual);
      }
    }
    return CommandLineFixture.run(all.toArray(new String[0]));
  }

  private static String accuracy(String out) {
    Matcher matcher = Pattern.compile("test accuracy\\s+(\\S+)").matcher(out);
    assertThat(matcher.find()).as(out).isTrue();
    return matcher.group(1);
  }

  private static double number(String accuracy) {
    return Double.parseDouble(accuracy.replace("%", ""));
  }

  private static void assertOk(CommandLineFixture.Run run) {
    assertThat(run.err()).isEmpty();
    assertThat(run.exitCode()).isEqualTo(ExitCode.OK);
  }

  private static Map<String, String> files(Path root) throws IOException {
    Map<String, String> files = new TreeMap<>();
    try (Stream<Path> paths = Files.walk(root)) {
      for (Path path : (Iterable<Path>) paths.filter(Files::isRegularFile)::iterator) {
        files.put(
            root.relativize(path).toString(), HexFormat.of().formatHex(Files.readAllBytes(path)));
      }
    }
    return files;
  }

  private static float[] call(Path model, String signature, TFloat32 input) {
    try (SavedModelBundle bundle = SavedModelBundle.load(model.toString())) {
      Signature known = bundle.function(signature).signature();
      String name = known.inputNames().iterator().next();
      try (Result result = bundle.function(signature).call(Map.of(name, input))) {
        TFloat32 output = (TFloat32) result.get(0);
        float[] values = new float[(int) output.size()];
        output.copyTo(org.tensorflow.ndarray.buffer.DataBuffers.of(values, false, false));
        return values;
      }
    }
  }

  private static TFloat32 someImages(int size) {
    return TFloat32.tensorOf(
        Shape.of(2, size, size, 1),
        x -> x.scalars().forEachIndexed((at, v) -> v.setFloat(at[1] * at[2] / 9f)));
  }

  @Test
  void aModelOfPythonsIsTrainedExportedAndHandedBack() throws IOException {
    Path export = directory.resolve("export");
    Path back = directory.resolve("models").resolve("2");

    var run = train(FLOWERS, "--export=" + export, "--hand-back=" + back);
    var predicted = CommandLineFixture.run("predict", "--model=" + export, "--data=" + data);

    assertOk(run);
    assertThat(number(accuracy(run.out()))).isGreaterThan(90);
    assertThat(run.out()).contains("model " + FLOWERS).contains("new weights in " + back);
    assertOk(predicted);
    assertThat(accuracy(predicted.out())).isEqualTo(accuracy(run.out()));
    Map<String, String> original = files(FLOWERS);
    Map<String, String> written = files(back);
    assertThat(written.keySet())
        .containsAll(List.of("saved_model.pb", "variables/variables.index"));
    assertThat(written.get("saved_model.pb")).isEqualTo(original.get("saved_model.pb"));
    assertThat(written.get("variables/variables.data-00000-of-00001"))
        .isNotEqualTo(original.get("variables/variables.data-00000-of-00001"));
    try (TFloat32 images = someImages(6)) {
      assertThat(call(back, "serving_default", images))
          .isEqualTo(call(export, "serving_default", images))
          .isNotEqualTo(call(FLOWERS, "serving_default", images));
    }
  }

  /** Nothing but the frozen ones and what Python does not train stays as it was. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "--rho=0.05",
        "--no-sam",
        "--no-sam --base=adam --not-finite=skip",
        "--no-sam --precision=bfloat16",
        "--no-sam --average=ema:0.5"
      })
  void whatIsFrozenStays(String options) {
    Path back = directory.resolve("back");

    assertOk(
        train(FLOWERS, with(options.split(" "), "--freeze", "*conv2d*", "--hand-back=" + back)));

    try (LoadedModel before = LoadedModel.load(FLOWERS);
        LoadedModel after = LoadedModel.load(back)) {
      for (Operand<?> variable : before.variables()) {
        String name = variable.op().name();
        boolean stays = name.contains("conv2d") || name.contains("moving");
        assertThat(values(after, name).equals(values(before, name))).as(name).isEqualTo(stays);
      }
    }
  }

  private static List<Float> values(LoadedModel model, String variable) {
    List<Float> values = new ArrayList<>();
    try (Result result = model.session().runner().fetch(variable).run()) {
      ((TFloat32) result.get(0)).scalars().forEach(value -> values.add(value.getFloat()));
    }
    return values;
  }

  /** The loss is that of the logits before the softmax; images are fed as a vector. */
  @ParameterizedTest
  @ValueSource(strings = {"--output=dense_2", "--logits=sequential/dense_2/BiasAdd"})
  void aSoftmaxIsTrainedByItsLogits(String option) throws IOException {
    IdxFiles.writeRows(data, 2, 3, 60, 30);
    Path export = directory.resolve("export");

    var run = train(SOFTMAX, option, "--epochs=1", "--export=" + export);

    assertOk(run);
    try (TFloat32 flat = TFloat32.tensorOf(Shape.of(2, 4), FineTuneTest::fill)) {
      assertThat(call(export, "serving_default", flat)).isEqualTo(probabilities(export, flat));
    }
  }

  private static void fill(TFloat32 tensor) {
    tensor.scalars().forEachIndexed((at, value) -> value.setFloat(at[0] + at[1] / 4f));
  }

  private static float[] probabilities(Path export, TFloat32 images) {
    try (LoadedModel model = LoadedModel.load(export);
        Result result = model.function("predict").call(Map.of("images", images))) {
      TFloat32 output = (TFloat32) result.get("probabilities").orElseThrow();
      float[] values = new float[(int) output.size()];
      output.copyTo(org.tensorflow.ndarray.buffer.DataBuffers.of(values, false, false));
      return values;
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"--new-head", "--new-head=sequential_1/conv2d_1/convolution_1"})
  void aNewHeadIsForOtherClasses(String head) throws IOException {
    IdxFiles.writeRows(data, 6, 5, 150, 50);
    Path export = directory.resolve("export");

    var run = train(FLOWERS, head, "--export=" + export, "--epochs=6");
    var predicted = CommandLineFixture.run("predict", "--model=" + export, "--data=" + data);

    assertOk(run);
    assertOk(predicted);
    assertThat(accuracy(predicted.out())).isEqualTo(accuracy(run.out()));
    try (TFloat32 images = someImages(6)) {
      assertThat(call(export, "serving_default", images)).hasSize(2 * 5);
    }
    if (!head.contains("=")) {
      assertThat(number(accuracy(run.out()))).isGreaterThan(60);
    }
  }

  /** What Java writes is trained on again, and a frozen graph, too. */
  @Test
  void aFrozenGraphIsThawed() throws IOException {
    Path frozen = directory.resolve("frozen.pb");
    try (Graph graph = new Graph()) {
      Ops tf = Ops.create(graph);
      Placeholder<TFloat32> x =
          tf.withName("pixels").placeholder(TFloat32.class, Placeholder.shape(Shape.of(-1, 6, 6)));
      Operand<TFloat32> kernel =
          tf.withName("kernel")
              .constant(
                  TFloat32.tensorOf(
                      Shape.of(36, 3),
                      k ->
                          k.scalars()
                              .forEachIndexed(
                                  (at, v) -> v.setFloat((at[0] * at[1] % 7 - 3) / 10f))));
      Operand<TFloat32> flat = tf.reshape(x, tf.constant(new int[] {-1, 36}));
      tf.withName("scores")
          .math
          .add(tf.linalg.matMul(flat, kernel), tf.withName("bias").constant(new float[3]));
      Files.write(frozen, graph.toGraphDef().toByteArray());
    }
    Path export = directory.resolve("export");

    var run = train(frozen, "--export=" + export);
    var again =
        train(export, "--signature=serving_default", "--export=" + directory.resolve("again"));

    assertOk(run);
    assertThat(number(accuracy(run.out()))).isGreaterThan(90);
    assertOk(again);
    try (LoadedModel model = LoadedModel.load(directory.resolve("again"))) {
      assertThat(model.signatures().stream().map(Signature::key))
          .containsExactlyInAnyOrder(
              "serving_default", "predict", "evaluate", "train", "training_loss");
      assertThat(model.variables()).extracting(v -> v.op().name()).contains("kernel", "bias");
    }
  }

  /**
   * Only the range of the pixels differs. At 0..255 the first layer sees numbers that are 255 times
   * as large: a learning rate that suits 0..1 makes the weights grow without end.
   */
  @Test
  void pixelsComeAsTheModelWantsThem() throws IOException {
    JsonNode unit = figures("unit", "--pixels=0..1", "--learning-rate=0.001");
    assertThat(figures("default", "--learning-rate=0.001")).isEqualTo(unit);
    assertThat(figures("bytes", "--pixels=0..255", "--learning-rate=0.001")).isNotEqualTo(unit);
    assertThat(figures("symmetric", "--pixels=-1..1", "--learning-rate=0.001")).isNotEqualTo(unit);
    assertThat(train(FLOWERS, "--pixels=-1..1").exitCode()).isEqualTo(ExitCode.OK);
    var diverging = train(FLOWERS, "--pixels=0..255");
    assertThat(diverging.exitCode()).isEqualTo(ExitCode.FAILED);
    assertThat(diverging.err()).contains("training diverged").contains("lower the learning rate");
  }

  private JsonNode figures(String name, String... options) throws IOException {
    List<String> all = new ArrayList<>(List.of(options));
    all.add("--out=" + directory.resolve(name));
    all.add("--epochs=1");
    assertOk(train(FLOWERS, all.toArray(new String[0])));
    JsonNode json =
        new ObjectMapper().readTree(directory.resolve(name).resolve("train.json").toFile());
    ((ObjectNode) json.get("result")).remove("stepMillis");
    return json.get("result");
  }

  @Test
  void rhoZeroTrainsAsTheBaseOptimizerAlone() throws IOException {
    ObjectNode sam = (ObjectNode) figures("sam", "--rho=0");
    ObjectNode base = (ObjectNode) figures("base", "--no-sam");
    sam.remove("secondPassShare");
    base.remove("secondPassShare");
    assertThat(sam).isEqualTo(base);
  }

  /** All that train has goes with a model from a file. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "--base=adam --micro-batches=3 --adaptive --norm=inf --do-not-perturb=*bias*",
        "--variant=looksam --base=nadam --device=cpu --threads=1",
        "--variant=msam",
        "--variant=functional",
        "--average=ema:0.5",
        "--average=swa:2 --no-sam",
        "--precision=bfloat16",
        "--precision=float16 --average=ema:0.5",
        "--not-finite=skip --base=adam"
      })
  void trainsWithAllThatTrainHas(String options) {
    Path export = directory.resolve("export");
    Path back = directory.resolve("back");
    var run = train(FLOWERS, with(options.split(" "), "--export=" + export, "--hand-back=" + back));
    assertOk(run);
    var predicted = CommandLineFixture.run("predict", "--model=" + export, "--data=" + data);
    assertOk(predicted);
    assertThat(accuracy(predicted.out())).isEqualTo(accuracy(run.out()));
    try (TFloat32 images = someImages(6)) {
      assertThat(call(back, "serving_default", images))
          .isEqualTo(call(export, "serving_default", images));
    }
    assertThat(number(accuracy(run.out()))).isGreaterThan(60);
  }

  /** What is trained has the statistics of the batch; what is evaluated has moving averages. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "--rho=0.05",
        "--no-sam",
        "--training-mode=on --micro-batches=3",
        "--not-finite=skip",
        "--no-sam --not-finite=skip",
        "--precision=bfloat16",
        "--no-sam --precision=float16",
        "--variant=functional"
      })
  void whatPythonTracedForTrainingIsTrained(String options) throws IOException {
    IdxFiles.writeRows(data, 5, 2, 120, 60);
    Path export = directory.resolve("export");
    Path back = directory.resolve("back");

    var run =
        train(
            TRAINING,
            with(
                options.split(" "), "--output=score", "--export=" + export, "--hand-back=" + back));
    var predicted = CommandLineFixture.run("predict", "--model=" + export, "--data=" + data);

    assertOk(run);
    assertThat(run.out()).containsPattern("training mode +on, serving_default/training");
    // As it infers it does not get beyond 70 %.
    assertThat(number(accuracy(run.out()))).isGreaterThan(90);
    assertOk(predicted);
    assertThat(accuracy(predicted.out())).isEqualTo(accuracy(run.out()));
    try (LoadedModel before = LoadedModel.load(TRAINING);
        LoadedModel after = LoadedModel.load(back)) {
      for (String moving : List.of("norm/moving_mean", "norm/moving_variance")) {
        assertThat(values(after, moving)).as(moving).isNotEqualTo(values(before, moving));
        assertThat(values(after, moving)).allMatch(Float::isFinite);
      }
    }
  }

  @Test
  void theSignatureItselfIsTrainedIfThatIsWanted() throws IOException {
    var flowers = train(FLOWERS, "--epochs=1");
    IdxFiles.writeRows(data, 5, 2, 120, 60);
    Path back = directory.resolve("back");

    var run = train(TRAINING, "--output=score", "--training-mode=off", "--hand-back=" + back);

    assertOk(run);
    assertThat(run.out()).containsPattern("training mode +off, as asked for");
    try (LoadedModel before = LoadedModel.load(TRAINING);
        LoadedModel after = LoadedModel.load(back)) {
      assertThat(values(after, "norm/moving_mean")).isEqualTo(values(before, "norm/moving_mean"));
    }
    assertOk(flowers);
    assertThat(flowers.out())
        .containsPattern("training mode +off, the model holds no function that was traced with");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--training-mode=on --logits=model/score/BiasAdd|would be off, --logits names a tensor",
        "--training-mode=on --new-head=model/conv2/BiasAdd|would be off, --new-head names a tensor",
        "--average=ema:0.9|each step in training mode moves \"norm/moving_",
        "--average=swa:1 --training-mode=on|add --training-mode off, or leave --average out"
      })
  void whatDoesNotGoInTrainingModeIsRefusedInOneLine(String options, String message)
      throws IOException {
    IdxFiles.writeRows(data, 5, 2, 24, 12);
    assertRefused(train(TRAINING, with(options.split(" "), "--output=score")), message);
  }

  /** A new head is on both passes; a named tensor is on one of them only. */
  @Test
  void aNewHeadIsTrainedInTrainingMode() throws IOException {
    IdxFiles.writeRows(data, 5, 4, 120, 60);
    var both = train(TRAINING, "--output=score", "--new-head", "--epochs=6");
    var named = train(TRAINING, "--output=score", "--new-head=model/conv2/BiasAdd", "--epochs=1");
    assertOk(both);
    assertThat(both.out()).containsPattern("training mode +on, serving_default/training");
    assertThat(number(accuracy(both.out()))).isGreaterThan(60);
    assertThat(named.err()).isEmpty();
    assertThat(named.out()).containsPattern("training mode +off, --new-head names a tensor");
  }

  /** A job that stops and goes on writes the bytes of one that did not. */
  @Test
  void aResumedJobGoesOnExactly() throws IOException {
    Path whole = directory.resolve("whole");
    Path resumed = directory.resolve("resumed");
    Path moved = directory.resolve("moved");
    String checkpoints = "--checkpoints=" + directory.resolve("checkpoints");
    String[] options = {
      "--base=adam", "--new-head", "--ascent-examples=4", "--random-ascent-examples"
    };
    assertOk(train(FLOWERS, with(options, "--export=" + whole)));

    assertOk(train(FLOWERS, with(options, checkpoints, "--epochs=1")));
    copy(FLOWERS, moved);
    var second = train(moved, with(options, checkpoints, "--resume", "--export=" + resumed));

    assertThat(second.exitCode()).isEqualTo(ExitCode.OK);
    assertThat(second.err()).contains("resumed after").hasLineCount(1);
    assertThat(files(resumed)).isEqualTo(files(whole));
  }

  private static String[] with(String[] options, String... more) {
    List<String> all = new ArrayList<>(List.of(options));
    all.addAll(List.of(more));
    return all.toArray(new String[0]);
  }

  private static void copy(Path from, Path to) throws IOException {
    try (Stream<Path> paths = Files.walk(from)) {
      for (Path path : (Iterable<Path>) paths::iterator) {
        Files.copy(path, to.resolve(from.relativize(path).toString()));
      }
    }
  }

  @Test
  void aJobGoesOnWithTheSameModelOnly() throws IOException {
    Path model = directory.resolve("model");
    copy(FLOWERS, model);
    String checkpoints = "--checkpoints=" + directory.resolve("checkpoints");
    assertOk(train(model, checkpoints, "--epochs=1"));
    Files.writeString(model.resolve("fingerprint.pb"), "another");

    var run = train(model, checkpoints, "--resume");

    assertRefused(run, "data file model/fingerprint.pb has changed since the checkpoint");
  }

  /** What a killed job has left half written is removed, and what is anybody else's is not. */
  @Test
  void aHalfWrittenModelIsWrittenAnew() throws IOException {
    Path back = directory.resolve("back");
    String[] options = {
      "--epochs=1",
      "--checkpoints=" + directory.resolve("checkpoints"),
      "--resume",
      "--hand-back=" + back
    };
    assertThat(train(FLOWERS, options).exitCode()).isEqualTo(ExitCode.OK);
    Map<String, String> whole = files(back);
    whole.remove("fingerprint.pb");
    assertThat(train(FLOWERS, options).exitCode()).isEqualTo(ExitCode.OK);

    Path writing = Files.createDirectory(back.resolve(".writing"));
    Files.move(back.resolve("saved_model.pb"), writing.resolve("saved_model.pb"));
    assertThat(train(FLOWERS, options).exitCode()).isEqualTo(ExitCode.OK);

    Map<String, String> again = files(back);
    again.remove("fingerprint.pb");
    assertThat(again).isEqualTo(whole);
    Files.createDirectory(writing);
    Files.move(back.resolve("saved_model.pb"), writing.resolve("saved_model.pb"));
    Files.writeString(back.resolve("mine.txt"), "mine");
    assertRefused(train(FLOWERS, options), "mine.txt is there");
    assertThat(back.resolve("mine.txt")).exists();
  }

  private static void assertRefused(CommandLineFixture.Run run, String message) {
    assertThat(run.err()).contains(message);
    assertThat(run.err().lines().filter(line -> !line.startsWith("resumed"))).hasSize(1);
    assertThat(run.exitCode()).isEqualTo(ExitCode.BAD_INPUT);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "keras3_flowers/model|--signature=train|has no signature 'train'",
        "keras3_flowers/model|--output=score|has no output 'score'",
        "keras3_flowers/model|--input=x|has no input 'x'",
        "keras3_flowers/model|--logits=nowhere|there is no tensor \"nowhere\"",
        "keras3_flowers/model|--hidden=4|--hidden is given for model",
        "keras3_flowers/model|--pixels=0..7|no range of pixels '0..7'",
        "keras3_flowers/model|--training-mode=yes|no training mode 'yes'; expected auto, on or off",
        "keras3_flowers/model|--training-mode=on|holds no function that was traced with training=",
        "frozen/frozen.pb|--training-mode=on|--training-mode is given with a graph without functions",
        "keras3_flowers/model|--thaw=x|--thaw is given with a SavedModel",
        "keras3_flowers/model|--new-head --hand-back=x|--hand-back is given with --new-head",
        "keras3_flowers/model|--hand-back=../sam-tf/src/test/resources/org/samtf/model/python/keras3_flowers/model/2|is in the model itself",
        "keras3_flowers/model|--hand-back=x --export=x|are both x",
        "keras3_flowers/model|--base=adagradda|whose weights it forgets",
        "keras3_flowers/model|--freeze=nothing*|nothing*",
        "keras2_dense/model|--epochs=1|takes [-1, 4], and data has images of 6x6x1",
        "keras3_transformer/model|--epochs=1|takes [-1, 5], and data has images of 6x6x1",
        "keras2_two/model|--epochs=1|has 2 inputs",
        "keras2_two/model|--input=first --output=score|takes [-1, 3]",
        "keras3_lstm/model|--epochs=1|takes [-1, 4, 3], and data has images of 6x6x1",
        "frozen/frozen.pb|--signature=x|--signature is given with a graph without signatures",
        "frozen/frozen.pb|--hand-back=x|--hand-back is given with a frozen graph",
        "frozen/frozen.pb|--epochs=1|takes [-1, 8, 8, 2], and data has images of 6x6x1",
        "nowhere|--epochs=1|no model '"
      })
  void whatDoesNotGoIsRefusedInOneLine(String model, String options, String message) {
    assertRefused(train(PYTHON.resolve(model), options.split(" ")), message);
  }

  @Test
  void classesMustBeThoseOfTheModel() throws IOException {
    IdxFiles.writeRows(data, 6, 5, 50, 25);
    assertRefused(
        train(FLOWERS), "of model " + FLOWERS + " have shape [-1, 3], and data has 5 classes");
  }

  @Test
  void whatOnlyAModelFromAFileHasIsRefusedForANetwork() {
    assertRefused(
        CommandLineFixture.run("train", "--model=cnn", "--signature=serving_default"),
        "--signature is given with --model cnn");
  }

  /** A sigmoid is not a softmax; whether a product is one of probabilities cannot be known. */
  @Test
  void whatMayBeAnythingIsNotTakenForLogits() throws IOException {
    Path frozen = directory.resolve("frozen.pb");
    try (Graph graph = new Graph()) {
      Ops tf = Ops.create(graph);
      Placeholder<TFloat32> x =
          tf.withName("pixels").placeholder(TFloat32.class, Placeholder.shape(Shape.of(-1, 36)));
      Operand<TFloat32> scores =
          tf.withName("scores").linalg.matMul(x, tf.withName("kernel").constant(new float[36][3]));
      tf.withName("chances").math.sigmoid(scores);
      Files.write(frozen, graph.toGraphDef().toByteArray());
    }
    assertRefused(train(frozen), "comes from \"chances\" (Sigmoid)");
    assertOk(train(frozen, "--logits=scores"));
    assertOk(train(frozen, "--new-head"));
  }
}
