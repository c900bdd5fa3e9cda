package foreign;

import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.tensorflow.RawTensor;
import org.tensorflow.Result;
import org.tensorflow.SavedModelBundle;
import org.tensorflow.Tensor;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.types.TFloat32;

/**
 * A program that knows a SavedModel, TensorFlow and nothing else: it is run without sam-tf on its
 * class path. It runs predict, one step of train, and predict, and prints all bits.
 */
public final class TrainsOneStep {

  private TrainsOneStep() {}

  /** Arguments: the directory of the model, and then name, shape and bytes of each input. */
  public static void main(String[] args) {
    for (String type :
        List.of("org.samtf.SamOptimizer", "org.tensorflow.framework.optimizers.Adam")) {
      try {
        System.out.println(Class.forName(type));
      } catch (ClassNotFoundException e) {
        System.out.println("no " + type);
      }
    }
    Map<String, Tensor> inputs = new LinkedHashMap<>();
    for (int i = 1; i < args.length; i += 3) {
      inputs.put(args[i], tensor(args[i + 1], args[i + 2]));
    }
    try (SavedModelBundle bundle = SavedModelBundle.load(args[0])) {
      call(bundle, "predict", inputs);
      call(bundle, "train", inputs);
      call(bundle, "predict", inputs);
    }
    inputs.values().forEach(Tensor::close);
  }

  private static void call(SavedModelBundle bundle, String key, Map<String, Tensor> inputs) {
    try (Result result = bundle.function(key).call(inputs)) {
      result.forEach(
          entry -> System.out.println(key + " " + entry.getKey() + " " + hex(entry.getValue())));
    }
  }

  /** The bytes of a tensor. */
  public static String hex(Tensor tensor) {
    byte[] bytes = new byte[(int) tensor.numBytes()];
    RawTensor raw = tensor.asRawTensor();
    raw.data().read(bytes);
    return HexFormat.of().formatHex(bytes);
  }

  private static Tensor tensor(String shape, String hex) {
    List<Long> sizes = new ArrayList<>();
    for (String size : shape.split("x")) {
      sizes.add(Long.parseLong(size));
    }
    TFloat32 tensor =
        TFloat32.tensorOf(Shape.of(sizes.stream().mapToLong(Long::longValue).toArray()));
    byte[] bytes = HexFormat.of().parseHex(hex);
    tensor.asRawTensor().data().write(bytes);
    return tensor;
  }
}
