package org.samtf;

import java.nio.charset.StandardCharsets;
import org.bytedeco.javacpp.PointerScope;
import org.tensorflow.TensorFlow;
import org.tensorflow.internal.c_api.TF_Buffer;
import org.tensorflow.internal.c_api.TF_Status;
import org.tensorflow.internal.c_api.global.tensorflow;

/** What the loaded build of TensorFlow can compute with. */
final class Kernels {

  private static final class Build {
    private static final boolean HAS_GPU = registered("MatMul").contains("GPU");
  }

  private Kernels() {}

  /** Whether this is a build for GPUs; the machine need not have one. */
  static boolean hasGpu() {
    return Build.HAS_GPU;
  }

  /** The kernels of an op as TensorFlow describes them: a binary message with readable names. */
  private static String registered(String op) {
    TensorFlow.version(); // loads the native library
    try (PointerScope pointers = new PointerScope()) {
      TF_Status status = TF_Status.newStatus();
      TF_Buffer kernels = tensorflow.TF_GetRegisteredKernelsForOp(op, status);
      status.throwExceptionIfNotOK();
      try {
        return StandardCharsets.ISO_8859_1.decode(kernels.dataAsByteBuffer()).toString();
      } finally {
        tensorflow.TF_DeleteBuffer(kernels);
      }
    }
  }
}
