package org.samtf;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.bytedeco.javacpp.PointerScope;
import org.tensorflow.TensorFlow;
import org.tensorflow.internal.c_api.TF_Buffer;
import org.tensorflow.internal.c_api.TF_Status;
import org.tensorflow.internal.c_api.global.tensorflow;

/** What the loaded build of TensorFlow can compute with. */
final class Kernels {

  /** Ops that run anywhere are registered for this device. */
  private static final String ANY_DEVICE = "DEFAULT";

  private static final String GPU = "GPU";

  /** One implementation of an op for GPUs. */
  static final class Kernel {
    /** The types that it takes, as numbers of TensorFlow's {@code DataType}, by attribute. */
    final Map<String, Set<Integer>> types;

    /** The arguments that it takes from, or puts in, the memory of the host. */
    final Set<String> hostArguments;

    private Kernel(Map<String, Set<Integer>> types, Set<String> hostArguments) {
      this.types = types;
      this.hostArguments = hostArguments;
    }
  }

  private static final class Build {
    private static final boolean HAS_GPU = !of("MatMul", Set.of(GPU)).isEmpty();
  }

  private Kernels() {}

  /** Whether this is a build for GPUs; the machine need not have one. */
  static boolean hasGpu() {
    return Build.HAS_GPU;
  }

  /** The implementations of an op that a GPU can use. */
  static List<Kernel> forGpu(String op) {
    return of(op, Set.of(GPU, ANY_DEVICE));
  }

  private static List<Kernel> of(String op, Set<String> devices) {
    TensorFlow.version(); // loads the native library
    List<Kernel> kernels = new ArrayList<>();
    try (PointerScope pointers = new PointerScope()) {
      TF_Status status = TF_Status.newStatus();
      TF_Buffer serialized = tensorflow.TF_GetRegisteredKernelsForOp(op, status);
      status.throwExceptionIfNotOK();
      try {
        for (var kernel : Protos.kernels(serialized.dataAsByteBuffer()).getKernelList()) {
          if (devices.contains(kernel.getDeviceType())) {
            Map<String, Set<Integer>> types = new HashMap<>();
            for (var constraint : kernel.getConstraintList()) {
              types.put(
                  constraint.getName(),
                  Set.copyOf(constraint.getAllowedValues().getList().getTypeValueList()));
            }
            kernels.add(new Kernel(types, Set.copyOf(kernel.getHostMemoryArgList())));
          }
        }
      } finally {
        tensorflow.TF_DeleteBuffer(serialized);
      }
    }
    return kernels;
  }
}
