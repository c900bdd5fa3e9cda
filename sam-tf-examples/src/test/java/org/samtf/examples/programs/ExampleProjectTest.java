package org.samtf.examples.programs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.List;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import javax.xml.xpath.XPathExpressionException;
import javax.xml.xpath.XPathFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.w3c.dom.Document;
import org.xml.sax.SAXException;

/** The project to copy, which is not built with the others, fits them. */
class ExampleProjectTest {

  private static final Path PROJECT = Path.of("project");

  @TempDir Path classes;

  @Test
  void namesTheVersionsOfThisRepository() throws Exception {
    Document ours = parse(Path.of("..", "pom.xml"));
    Document theirs = parse(PROJECT.resolve("pom.xml"));

    String changelist = text(ours, "/project/properties/changelist");
    assertThat(text(theirs, "/project/properties/sam-tf.version"))
        .isNotEmpty()
        .isEqualTo(text(ours, "/project/version").replace("${changelist}", changelist));
    for (String property : List.of("tensorflow.version", "tensorflow.native.classifier")) {
      assertThat(text(theirs, "/project/properties/" + property))
          .as(property)
          .isNotEmpty()
          .isEqualTo(text(ours, "/project/properties/" + property));
    }
    assertThat(text(theirs, "/project/properties/maven.compiler.release"))
        .isEqualTo(text(ours, "/project/properties/maven.compiler.release"));
  }

  @Test
  void usesTheseVersionsForItsDependencies() throws Exception {
    Document theirs = parse(PROJECT.resolve("pom.xml"));

    String library = "//dependency[groupId='org.samtf' and artifactId='sam-tf']";
    assertThat(text(theirs, library + "/version")).isEqualTo("${sam-tf.version}");
    String nativeLibrary =
        "//dependency[groupId='org.tensorflow' and artifactId='%s']"
            .formatted(
                text(parse(Path.of("..", "pom.xml")), "//properties/tensorflow.native.artifactId"));
    assertThat(text(theirs, nativeLibrary + "/version")).isEqualTo("${tensorflow.version}");
    assertThat(text(theirs, nativeLibrary + "/classifier"))
        .isEqualTo("${tensorflow.native.classifier}");
  }

  @Test
  void compilesAgainstTheLibraryAsItIs() throws IOException {
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    StringWriter messages = new StringWriter();
    boolean compiled;
    try (StandardJavaFileManager files = compiler.getStandardFileManager(null, null, null)) {
      compiled =
          compiler
              .getTask(
                  messages,
                  files,
                  null,
                  List.of(
                      "-d",
                      classes.toString(),
                      "-cp",
                      System.getProperty("java.class.path"),
                      "--release",
                      "11",
                      "-proc:none"),
                  null,
                  files.getJavaFileObjects(PROJECT.resolve("src/main/java/example/Main.java")))
              .call();
    }

    assertThat(compiled).as(messages.toString()).isTrue();
    assertThat(classes.resolve("example/Main.class")).isNotEmptyFile();
  }

  private static Document parse(Path pom)
      throws ParserConfigurationException, IOException, SAXException {
    return DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(pom.toFile());
  }

  private static String text(Document document, String path) throws XPathExpressionException {
    return XPathFactory.newInstance().newXPath().evaluate(path, document);
  }
}
