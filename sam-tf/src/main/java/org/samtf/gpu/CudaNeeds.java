package org.samtf.gpu;

import java.util.List;

/** What a CUDA build of TensorFlow looks for on the machine. */
final class CudaNeeds {

  /** A shared library that TensorFlow opens by its soname. */
  static final class Library {
    final String title;
    final String soname;

    private Library(String title, String soname) {
      this.title = title;
      this.soname = soname;
    }
  }

  /** Of each version of TensorFlow and those after it, the last first. */
  private static final List<CudaNeeds> TABLE =
      List.of(
          // TensorFlow Java 1.2. As far as known: from the build information of TensorFlow's
          // package
          // for Python, which the native library is taken from.
          new CudaNeeds(
              "2.21",
              "12.5",
              "9.3",
              "525.60.13",
              "cuda-libraries-12-5 libcudnn9-cuda-12",
              "12.6-9.5-1.5.11",
              cuda12("libcudnn.so.9")),
          // TensorFlow Java 1.1
          new CudaNeeds(
              "2.18",
              "12.5",
              "9.3",
              "525.60.13",
              "cuda-libraries-12-5 libcudnn9-cuda-12",
              "12.6-9.5-1.5.11",
              cuda12("libcudnn.so.9")),
          // TensorFlow Java 1.0
          new CudaNeeds(
              "2.15",
              "12.3",
              "8.9",
              "525.60.13",
              "cuda-libraries-12-3 libcudnn8",
              "12.3-8.9-1.5.10",
              cuda12("libcudnn.so.8")),
          // TensorFlow Java 0.5
          new CudaNeeds(
              "0",
              "11.2",
              "8.1",
              "450.80.02",
              "cuda-libraries-11-2 libcudnn8",
              "11.2-8.1-1.5.5",
              cuda11("libcudnn.so.8")));

  /** The first version of TensorFlow that needs this. */
  private final String since;

  /** The CUDA that TensorFlow was built with. */
  final String cuda;

  /** The cuDNN that TensorFlow was built with. */
  final String cudnn;

  /** The first NVIDIA driver for Linux that runs this major version of CUDA. */
  final String leastDriver;

  /** The packages of NVIDIA's repository for Debian and Ubuntu that have all libraries. */
  final String packages;

  /** The version of {@code org.bytedeco:cuda} whose Jar has all libraries. */
  final String redistVersion;

  /** Those that are needed by others come first. */
  final List<Library> libraries;

  private CudaNeeds(
      String since,
      String cuda,
      String cudnn,
      String leastDriver,
      String packages,
      String redistVersion,
      List<Library> libraries) {
    this.since = since;
    this.cuda = cuda;
    this.cudnn = cudnn;
    this.leastDriver = leastDriver;
    this.packages = packages;
    this.redistVersion = redistVersion;
    this.libraries = libraries;
  }

  private static List<Library> cuda11(String cudnn) {
    return List.of(
        new Library("CUDA runtime", "libcudart.so.11.0"),
        new Library("cuBLASLt", "libcublasLt.so.11"),
        new Library("cuBLAS", "libcublas.so.11"),
        new Library("cuFFT", "libcufft.so.10"),
        new Library("cuRAND", "libcurand.so.10"),
        new Library("cuSPARSE", "libcusparse.so.11"),
        new Library("cuSOLVER", "libcusolver.so.11"),
        new Library("cuDNN", cudnn));
  }

  private static List<Library> cuda12(String cudnn) {
    return List.of(
        new Library("CUDA runtime", "libcudart.so.12"),
        new Library("cuBLASLt", "libcublasLt.so.12"),
        new Library("cuBLAS", "libcublas.so.12"),
        new Library("cuFFT", "libcufft.so.11"),
        new Library("cuSPARSE", "libcusparse.so.12"),
        new Library("cuSOLVER", "libcusolver.so.11"),
        new Library("cuDNN", cudnn));
  }

  /**
   * The needs of a version of TensorFlow.
   *
   * @param tensorFlowVersion such as {@code 2.18.0}; one that is later than all that are known
   *     needs what the last of them needs
   */
  static CudaNeeds of(String tensorFlowVersion) {
    return TABLE.stream()
        .filter(needs -> Versions.compare(tensorFlowVersion, needs.since) >= 0)
        .findFirst()
        .orElseThrow();
  }
}
