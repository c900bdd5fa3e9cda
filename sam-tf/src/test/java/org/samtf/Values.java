package org.samtf;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.RawTensor;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.Tensor;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TBfloat16;
import org.tensorflow.types.TFloat16;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TFloat64;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TInt64;
import org.tensorflow.types.family.TNumber;

/** Numbers in and out of tensors and variables. */
public final class Values {

  private Values() {}

  /** All entries of a tensor of floating-point or whole numbers. */
  public static double[] of(Tensor tensor) {
    List<Double> values = new ArrayList<>();
    if (tensor instanceof TFloat64) {
      ((TFloat64) tensor).scalars().forEach(x -> values.add(x.getDouble()));
    } else if (tensor instanceof TFloat32) {
      ((TFloat32) tensor).scalars().forEach(x -> values.add((double) x.getFloat()));
    } else if (tensor instanceof TFloat16) {
      ((TFloat16) tensor).scalars().forEach(x -> values.add((double) x.getFloat()));
    } else if (tensor instanceof TInt32) {
      ((TInt32) tensor).scalars().forEach(x -> values.add((double) x.getInt()));
    } else if (tensor instanceof TInt64) {
      ((TInt64) tensor).scalars().forEach(x -> values.add((double) x.getLong()));
    } else {
      ((TBfloat16) tensor).scalars().forEach(x -> values.add((double) x.getFloat()));
    }
    return values.stream().mapToDouble(Double::doubleValue).toArray();
  }

  /** What an operand is now. */
  public static double[] of(Session session, Operand<?> operand) {
    return of(session, List.of(operand)).get(0);
  }

  /** What operands are now, in one run. */
  public static List<double[]> of(Session session, List<? extends Operand<?>> operands) {
    Session.Runner runner = session.runner();
    operands.forEach(runner::fetch);
    List<double[]> values = new ArrayList<>();
    try (Result result = runner.run()) {
      for (int i = 0; i < operands.size(); i++) {
        values.add(of(result.get(i)));
      }
    }
    return values;
  }

  public static double scalar(Session session, Operand<?> operand) {
    return of(session, operand)[0];
  }

  /**
   * The bytes of every variable of the graph, by name. In one run, since TensorFlow goes through
   * the whole graph for each new fetch.
   */
  public static Map<String, byte[]> variables(Graph graph, Session session) {
    List<String> names = new ArrayList<>();
    Session.Runner runner = session.runner();
    graph
        .operations()
        .forEachRemaining(
            op -> {
              if (op.type().equals("VariableV2")) {
                names.add(op.name());
                runner.fetch(op.output(0));
              }
            });
    Map<String, byte[]> values = new LinkedHashMap<>();
    if (names.isEmpty()) {
      return values;
    }
    try (Result result = runner.run()) {
      for (int i = 0; i < names.size(); i++) {
        values.put(names.get(i), bytes(result.get(i)));
      }
    }
    return values;
  }

  /** The names of the variables that differ between two readings. */
  public static List<String> changed(Map<String, byte[]> before, Map<String, byte[]> after) {
    List<String> changed = new ArrayList<>();
    before.forEach(
        (name, bytes) -> {
          if (!Arrays.equals(bytes, after.get(name))) {
            changed.add(name);
          }
        });
    return changed;
  }

  public static byte[] bytes(Tensor tensor) {
    byte[] bytes = new byte[(int) tensor.numBytes()];
    RawTensor raw = tensor.asRawTensor();
    raw.data().read(bytes);
    return bytes;
  }

  public static TFloat64 tensor(Shape shape, double... values) {
    return TFloat64.tensorOf(shape, DataBuffers.of(values));
  }

  /** A constant of any floating-point type. */
  public static <T extends TNumber> Operand<T> constant(
      Ops tf, Class<T> type, Shape shape, double... values) {
    Operand<TFloat64> constant = tf.constant(shape, DataBuffers.of(values));
    return tf.dtypes.cast(constant, type);
  }
}
