package org.samtf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import java.io.IOException;
import java.io.StringWriter;
import java.lang.reflect.InvocationTargetException;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/**
 * Compiles and runs the Java code of the README and of the documents, with the names of {@link
 * DocumentedNames} and with {@link #IMPORTS}. The blocks of one document share a directory and run
 * in its order; each has a graph of its own.
 */
class DocumentedCodeTest {

  private static final Path ROOT = Path.of("..");

  /** Headings whose code is compiled, but cannot run here. */
  private static final Set<String> NOT_RUN =
      Set.of(
          "usage.md, Several devices",
          "cluster.md, A program",
          // Is to come before TensorFlow is loaded.
          "gpu.md, CUDA without installing CUDA");

  private static final List<String> IMPORTS =
      List.of(
          "java.nio.file.Path",
          "java.util.*",
          "org.samtf.*",
          "org.samtf.cluster.*",
          "org.samtf.direction.*",
          "org.samtf.gpu.*",
          "org.samtf.model.*",
          "org.samtf.train.*",
          "org.tensorflow.*",
          "org.tensorflow.framework.initializers.*",
          "org.tensorflow.framework.initializers.VarianceScaling.Distribution",
          "org.tensorflow.framework.optimizers.*",
          "org.tensorflow.framework.optimizers.Optimizer.GradAndVar",
          "org.tensorflow.ndarray.Shape",
          "org.tensorflow.op.*",
          "org.tensorflow.op.core.Placeholder",
          "org.tensorflow.op.core.Variable",
          "org.tensorflow.types.*",
          "org.tensorflow.types.family.*");

  private static final Pattern CLASS = Pattern.compile("^(?:public )?(?:final )?class (\\w+)");

  @TempDir static Path temporary;

  /** A block of Java code in a document. */
  private record Block(String document, String heading, int line, int number, String code) {

    String title() {
      return document + ", " + heading;
    }

    /** The class that it declares, if it is a whole program. */
    Optional<String> program() {
      return code.lines()
          .map(CLASS::matcher)
          .filter(Matcher::find)
          .map(match -> match.group(1))
          .findFirst();
    }

    String className() {
      return program()
          .orElseGet(() -> "Block" + number + "Of" + document.replaceAll("[^A-Za-z0-9]", "_"));
    }

    String source() {
      if (program().isPresent()) {
        return code;
      }
      String imports =
          IMPORTS.stream().map(name -> "import " + name + ";\n").collect(Collectors.joining());
      String body =
          code.replace("Path.of(\"", "directory.resolve(\"")
              .replaceAll(
                  "SavedModelBundle.load\\((\"\\w+\")\\)",
                  "SavedModelBundle.load(directory.resolve($1).toString())");
      boolean makesStep = Pattern.compile("^Op train\\b", Pattern.MULTILINE).matcher(code).find();
      return String.join(
          "\n",
          imports,
          "public final class " + className() + " extends DocumentedNames {",
          "  public "
              + className()
              + "(Path directory) { super(directory, "
              + code.contains("base.minimize(")
              + "); }",
          "  @Override public void run() throws Exception {",
          body,
          makesStep ? "takeStep(train);" : "",
          "  }",
          "}");
    }
  }

  @BeforeAll
  static void writesWhatIsLoaded() throws IOException {
    Path directory = Files.createDirectories(temporary.resolve("saved-models.md"));
    DocumentedNames.writeGraph(directory);
    copy(
        Path.of("src/test/resources/org/samtf/model/python/keras3_flowers/model"),
        directory.resolve("flowers-keras/1"));
    copy(
        Path.of("src/test/resources/org/samtf/model/python/keras2_convolutional/model"),
        directory.resolve("flowers-keras2/1"));
  }

  private static void copy(Path from, Path to) throws IOException {
    try (Stream<Path> paths = Files.walk(from)) {
      for (Path path : (Iterable<Path>) paths::iterator) {
        Path copy = to.resolve(from.relativize(path).toString());
        if (Files.isDirectory(path)) {
          Files.createDirectories(copy);
        } else {
          Files.copy(path, copy);
        }
      }
    }
  }

  @TestFactory
  Stream<DynamicTest> compilesAndRuns() throws IOException {
    return blocks().stream()
        .map(
            block ->
                dynamicTest(
                    block.title() + ", line " + block.line,
                    () -> {
                      Path classes = compile(block);
                      if (!NOT_RUN.contains(block.title())) {
                        run(block, classes);
                      }
                    }));
  }

  @Test
  void exceptionsAreHeadingsWithCode() throws IOException {
    Set<String> titles =
        blocks().stream().map(Block::title).collect(Collectors.toCollection(TreeSet::new));
    assertThat(titles).containsAll(NOT_RUN);
  }

  private static List<Block> blocks() throws IOException {
    List<Path> documents = new ArrayList<>(List.of(ROOT.resolve("README.md")));
    try (Stream<Path> files = Files.list(ROOT.resolve("docs"))) {
      files.filter(file -> file.toString().endsWith(".md")).sorted().forEach(documents::add);
    }
    List<Block> blocks = new ArrayList<>();
    for (Path document : documents) {
      blocks.addAll(blocks(document));
    }
    return blocks;
  }

  private static List<Block> blocks(Path document) throws IOException {
    List<Block> blocks = new ArrayList<>();
    String heading = "";
    List<String> lines = Files.readAllLines(document);
    for (int i = 0; i < lines.size(); i++) {
      String line = lines.get(i);
      if (line.startsWith("#")) {
        heading = line.replaceFirst("^#+ ", "");
      } else if (line.startsWith("```java")) {
        int end = i + 1 + lines.subList(i + 1, lines.size()).indexOf("```");
        assertThat(end)
            .as("the end of the block at line %d of %s", i + 1, document)
            .isGreaterThan(i);
        String code = String.join("\n", lines.subList(i + 1, end));
        blocks.add(
            new Block(document.getFileName().toString(), heading, i + 1, blocks.size() + 1, code));
        i = end;
      } else if (line.startsWith("```")) {
        i += 1 + lines.subList(i + 1, lines.size()).indexOf("```");
      }
    }
    return blocks;
  }

  private static Path compile(Block block) throws IOException {
    Path sources = Files.createDirectories(temporary.resolve("sources/" + block.className()));
    Path classes = Files.createDirectories(temporary.resolve("classes/" + block.className()));
    Path source = sources.resolve(block.className() + ".java");
    Files.writeString(source, block.source());
    StringWriter messages = new StringWriter();
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    List<String> options = List.of("-d", classes.toString(), "-proc:none", "-cp", classPath());
    try (var files = compiler.getStandardFileManager(null, null, null)) {
      boolean compiled =
          compiler
              .getTask(messages, files, null, options, null, files.getJavaFileObjects(source))
              .call();
      assertThat(compiled).as("%s", messages).isTrue();
    }
    return classes;
  }

  /** The class path of the tests: the property's, should the Jar of the launcher stand for it. */
  private static String classPath() {
    return System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
  }

  private static void run(Block block, Path classes) throws Exception {
    ClassLoader tests = DocumentedCodeTest.class.getClassLoader();
    try (URLClassLoader loader = new URLClassLoader(new URL[] {url(classes)}, tests)) {
      Class<?> type = loader.loadClass(block.className());
      if (block.program().isPresent()) {
        type.getMethod("main", String[].class).invoke(null, (Object) new String[0]);
        return;
      }
      Path directory = Files.createDirectories(temporary.resolve(block.document));
      try (var code = (DocumentedNames) type.getConstructor(Path.class).newInstance(directory)) {
        code.run();
      }
    } catch (InvocationTargetException e) {
      throw new AssertionError(block.title() + ": " + e.getCause(), e.getCause());
    }
  }

  private static URL url(Path directory) throws MalformedURLException {
    return directory.toUri().toURL();
  }
}
