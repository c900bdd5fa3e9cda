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

  /** TensorFlow 2.10, of TensorFlow Java 0.5. */
  private static final CudaNeeds CUDA_11 =
      new CudaNeeds(
          "11.2",
          "8.1",
          "450.80.02",
          "cuda-libraries-11-2 libcudnn8",
          "11.2-8.1-1.5.5",
          List.of(
              new Library("CUDA runtime", "libcudart.so.11.0"),
              new Library("cuBLASLt", "libcublasLt.so.11"),
              new Library("cuBLAS", "libcublas.so.11"),
              new Library("cuFFT", "libcufft.so.10"),
              new Library("cuRAND", "libcurand.so.10"),
              new Library("cuSPARSE", "libcusparse.so.11"),
              new Library("cuSOLVER", "libcusolver.so.11"),
              new Library("cuDNN", "libcudnn.so.8")));

  /** TensorFlow 2.16, of TensorFlow Java 1.0. */
  private static final CudaNeeds CUDA_12_CUDNN_8 =
      new CudaNeeds(
          "12.3",
          "8.9",
          "525.60.13",
          "cuda-libraries-12-3 libcudnn8",
          "12.3-8.9-1.5.10",
          cuda12("libcudnn.so.8"));

  /** TensorFlow 2.18, of TensorFlow Java 1.1, and later ones until they are known better. */
  private static final CudaNeeds CUDA_12_CUDNN_9 =
      new CudaNeeds(
          "12.5",
          "9.3",
          "525.60.13",
          "cuda-libraries-12-5 libcudnn9-cuda-12",
          "12.6-9.5-1.5.11",
          cuda12("libcudnn.so.9"));

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
      String cuda,
      String cudnn,
      String leastDriver,
      String packages,
      String redistVersion,
      List<Library> libraries) {
    this.cuda = cuda;
    this.cudnn = cudnn;
    this.leastDriver = leastDriver;
    this.packages = packages;
    this.redistVersion = redistVersion;
    this.libraries = libraries;
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

  /** The needs of a version of TensorFlow, such as {@code 2.16.2}. */
  static CudaNeeds of(String tensorFlowVersion) {
    if (Versions.compare(tensorFlowVersion, "2.15") < 0) {
      return CUDA_11;
    }
    return Versions.compare(tensorFlowVersion, "2.18") < 0 ? CUDA_12_CUDNN_8 : CUDA_12_CUDNN_9;
  }
}
