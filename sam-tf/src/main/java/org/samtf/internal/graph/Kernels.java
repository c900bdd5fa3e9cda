package org.samtf.internal.graph;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;
import org.bytedeco.javacpp.PointerScope;
import org.tensorflow.GraphOperation;
import org.tensorflow.TensorFlow;
import org.tensorflow.internal.c_api.TF_Buffer;
import org.tensorflow.internal.c_api.TF_Status;
import org.tensorflow.internal.c_api.global.tensorflow;

/** What the loaded build of TensorFlow can compute with. */
public final class Kernels {

  /** Ops that run anywhere are registered for this device. */
  private static final String ANY_DEVICE = "DEFAULT";

  private static final String GPU = "GPU";

  private static final Pattern REWRITTEN = Pattern.compile("^_(Mkl)?(Native)?(Fused)?");

  /** One implementation of an op for GPUs. */
  public static final class Kernel {
    /** The types that it takes, as numbers of TensorFlow's {@code DataType}, by attribute. */
    public final Map<String, Set<Integer>> types;

    /** The arguments that it takes from, or puts in, the memory of the host. */
    public final Set<String> hostArguments;

    private Kernel(Map<String, Set<Integer>> types, Set<String> hostArguments) {
      this.types = types;
      this.hostArguments = hostArguments;
    }

    /** Whether it is for the types that an op works in. */
    private boolean fits(GraphOperation op) {
      for (Map.Entry<String, Set<Integer>> constraint : types.entrySet()) {
        var value = op.attributes().getAttrValueProto(constraint.getKey());
        Set<Integer> given = new HashSet<>(value.getList().getTypeValueList());
        if (given.isEmpty()) {
          given.add(value.getTypeValue());
        }
        if (!constraint.getValue().containsAll(given)) {
          return false;
        }
      }
      return true;
    }
  }

  private static final class Build {
    private static final boolean HAS_GPU = !of("MatMul", Set.of(GPU)).isEmpty();
  }

  private static final Map<String, List<Kernel>> FOR_GPU = new ConcurrentHashMap<>();

  private Kernels() {}

  /** Whether this is a build for GPUs; the machine need not have one. */
  public static boolean hasGpu() {
    return Build.HAS_GPU;
  }

  /** The implementations of a type of op that a GPU can use. */
  public static List<Kernel> forGpu(String type) {
    return FOR_GPU.computeIfAbsent(type, t -> of(t, Set.of(GPU, ANY_DEVICE)));
  }

  /** The implementation that a GPU would use for an op, if there is one. */
  public static Optional<Kernel> forGpu(GraphOperation op) {
    return forGpu(op.type()).stream().filter(kernel -> kernel.fits(op)).findFirst();
  }

  /**
   * Whether an op can be on a device. Of a GPU only a build for GPUs knows it; another says yes.
   *
   * @param device a name as TensorFlow's ops have it
   */
  public static boolean canRun(GraphOperation op, String device) {
    boolean isKnown = device.toUpperCase(Locale.ROOT).contains(GPU + ":") && hasGpu();
    return !isKnown || forGpu(op).isPresent();
  }

  /** The op type in the graph that was written, of one that TensorFlow put in its place. */
  public static String unoptimized(String type) {
    return REWRITTEN.matcher(type).replaceFirst("");
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
          // One with a label is only for ops that ask for it.
          if (devices.contains(kernel.getDeviceType()) && kernel.getLabel().isEmpty()) {
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
