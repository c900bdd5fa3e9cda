package org.samtf.gpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
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
