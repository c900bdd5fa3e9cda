package org.samtf.gpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.tensorflow.TensorFlow;

class CudaLibrariesTest {

  private static final Path RUNTIME = Path.of("libcudart.so.12");
  private static final Path BLAS = Path.of("libcublas.so.12");
  private static final Path SOLVER = Path.of("libcusolver.so.11");

  @Test
  void aLibraryComesAfterThoseThatItNeeds() {
    List<Path> loaded = new ArrayList<>();

    CudaLibraries.loadAll(
        List.of(SOLVER, BLAS, RUNTIME),
        file -> {
          if (file == SOLVER && !loaded.contains(BLAS)
              || file == BLAS && !loaded.contains(RUNTIME)) {
            throw new UnsatisfiedLinkError(file + " needs another");
          }
          loaded.add(file);
        });

    assertThat(loaded).containsExactly(RUNTIME, BLAS, SOLVER);
  }

  @Test
  void oneThatCannotBeLoadedIsNamed() {
    List<Path> loaded = new ArrayList<>();

    assertThatThrownBy(
            () ->
                CudaLibraries.loadAll(
                    List.of(BLAS, RUNTIME),
                    file -> {
                      if (file == BLAS) {
                        throw new UnsatisfiedLinkError(file + ": libmissing.so");
                      }
                      loaded.add(file);
                    }))
        .isInstanceOf(UnsatisfiedLinkError.class)
        .hasMessage("libcublas.so.12: libmissing.so");
    assertThat(loaded).containsExactly(RUNTIME);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"libcudart.so.11.0", "libcudnn.so.9", "libcudnn_cnn_infer.so.8", "libnvrtc.so.12"})
  void takesWhatTensorFlowNeeds(String name) {
    assertThat(CudaLibraries.isNeeded(name)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"libnppc.so.12", "libcusolverMg.so.11", "libnvjpeg.so.12", "libjnicudnn.so"})
  void leavesTheRest(String name) {
    assertThat(CudaLibraries.isNeeded(name)).isFalse();
  }

  /** A full disk has a message, some of Java's exceptions of files have none. */
  @ParameterizedTest
  @CsvSource({"No space left on device,No space left on device", ",java.io.IOException"})
  void whatCannotBeExtractedIsOneLine(String message, String named, @TempDir Path folder)
      throws IOException {
    URL libraries = jarWith(folder, "libcudart.so.12");

    assertThatThrownBy(
            () ->
                CudaLibraries.extracted(
                    libraries,
                    library -> {
                      throw new IOException(message);
                    }))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining(named)
        .hasMessageContaining("org.bytedeco.javacpp.cachedir")
        .hasMessageNotContaining("null");
  }

  @Test
  void onlyWhatIsNeededIsExtracted(@TempDir Path folder) throws IOException {
    URL libraries = jarWith(folder, "libcudart.so.12", "libnppc.so.12", "LICENSE");

    List<Path> extracted =
        CudaLibraries.extracted(libraries, library -> Path.of(library.getPath()).getFileName());

    assertThat(extracted).containsExactly(RUNTIME);
  }

  /** The folder in a Jar that has these files there. */
  private static URL jarWith(Path folder, String... names) throws IOException {
    Path jar = folder.resolve("cuda.jar");
    String inJar = "org/bytedeco/cuda/linux-x86_64/";
    try (JarOutputStream out = new JarOutputStream(Files.newOutputStream(jar))) {
      out.putNextEntry(new JarEntry(inJar));
      for (String name : names) {
        out.putNextEntry(new JarEntry(inJar + name));
      }
    }
    return new URL("jar:" + jar.toUri() + "!/" + inJar);
  }

  /** TensorFlow opens each by its name, as it does on its own where there is a GPU. */
  @Test
  void tensorFlowFindsThemByName() {
    Optional<Path> folder = CudaLibraries.load();
    assumeTrue(folder.isPresent(), "no CUDA on the class path; run it with -Pcuda-redist");

    for (CudaNeeds.Library library : CudaNeeds.of(TensorFlow.version()).libraries) {
      GpuMachine.Opened opened = new ThisMachine().open(library.soname);

      assertThat(opened.error).isNull();
      assertThat(opened.path).isEqualTo(folder.get().resolve(library.soname).toString());
    }
  }
}
