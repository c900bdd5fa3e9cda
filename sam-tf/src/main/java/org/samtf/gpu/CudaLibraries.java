package org.samtf.gpu;

import java.io.IOException;
import java.net.JarURLConnection;
import java.net.URL;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import org.bytedeco.javacpp.Loader;

/**
 * CUDA and cuDNN from the class path, for machines that have the NVIDIA driver and nothing else.
 *
 * <p>With {@code org.bytedeco:cuda} and its classifier {@code linux-x86_64-redist} among the
 * dependencies,
 *
 * <pre>{@code
 * public static void main(String[] args) {
 *   CudaLibraries.load(); // before anything else of TensorFlow
 *   ...
 * }
 * }</pre>
 *
 * <p>loads the libraries that TensorFlow will ask for. TensorFlow opens them by name, and what is
 * loaded already is found by its name, wherever it came from.
 */
public final class CudaLibraries {

  private static final String FOLDER = "org/bytedeco/cuda/linux-x86_64/";

  /** What TensorFlow opens, and what those libraries open in turn. */
  private static final Pattern NEEDED =
      Pattern.compile(
          "lib(cudart|nvJitLink|nvrtc|nvrtc-builtins|cublasLt|cublas|cufft|curand|cusparse"
              + "|cusolver|cudnn\\w*)\\.so\\.[\\d.]+");

  private CudaLibraries() {}

  /**
   * Loads the libraries, if they are on the class path. The first time, it extracts them into
   * JavaCPP's cache, by default {@code ~/.javacpp/cache}: some 2.5 GB.
   *
   * <p>Call it before TensorFlow is used: TensorFlow looks for the CUDA runtime once, when it is
   * loaded. A second call does nothing more.
   *
   * @return the folder that the libraries are in; empty if they are not on the class path
   * @throws UnsatisfiedLinkError if one cannot be loaded; the message names it
   * @throws IllegalStateException if they cannot be extracted, as when the disk is full
   */
  public static synchronized Optional<Path> load() {
    URL folder = CudaLibraries.class.getClassLoader().getResource(FOLDER);
    if (folder == null) {
      return Optional.empty();
    }
    List<Path> files = extracted(folder, library -> Loader.cacheResource(library).toPath());
    loadAll(files, file -> System.load(file.toString()));
    return files.stream().findFirst().map(Path::getParent);
  }

  /** Puts a library of the class path where it can be loaded. */
  interface Extraction {
    Path apply(URL library) throws IOException;
  }

  static List<Path> extracted(URL folder, Extraction extraction) {
    List<Path> files = new ArrayList<>();
    try {
      for (URL library : librariesIn(folder)) {
        files.add(extraction.apply(library));
      }
    } catch (IOException e) {
      throw new IllegalStateException(
          "the CUDA libraries cannot be extracted into JavaCPP's cache: "
              + (e.getMessage() == null ? e.toString() : e.getMessage())
              + "; free space there, or name another folder with the system property"
              + " org.bytedeco.javacpp.cachedir",
          e);
    }
    return files;
  }

  private static List<URL> librariesIn(URL folder) throws IOException {
    List<URL> libraries = new ArrayList<>();
    if (folder.openConnection() instanceof JarURLConnection) {
      JarURLConnection connection = (JarURLConnection) folder.openConnection();
      for (var entries = connection.getJarFile().entries(); entries.hasMoreElements(); ) {
        String name = entries.nextElement().getName();
        if (name.startsWith(FOLDER) && isNeeded(name.substring(FOLDER.length()))) {
          libraries.add(new URL(folder, name.substring(FOLDER.length())));
        }
      }
    }
    return libraries;
  }

  static boolean isNeeded(String fileName) {
    return NEEDED.matcher(fileName).matches();
  }

  /**
   * Loads files that may need each other, in whatever order works.
   *
   * @throws UnsatisfiedLinkError if one cannot be loaded when all that can be are
   */
  static void loadAll(List<Path> files, Consumer<Path> loader) {
    List<Path> waiting = new ArrayList<>(files);
    UnsatisfiedLinkError failure = null;
    int before;
    do {
      before = waiting.size();
      for (Path file : List.copyOf(waiting)) {
        try {
          loader.accept(file);
          waiting.remove(file);
        } catch (UnsatisfiedLinkError e) {
          failure = e;
        }
      }
    } while (!waiting.isEmpty() && waiting.size() < before);
    if (!waiting.isEmpty()) {
      throw failure;
    }
  }
}
