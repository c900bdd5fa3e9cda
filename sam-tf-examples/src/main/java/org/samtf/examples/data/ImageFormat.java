package org.samtf.examples.data;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.samtf.examples.failure.InputException;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.types.TFloat16;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TFloat64;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TInt64;
import org.tensorflow.types.TUint8;
import org.tensorflow.types.family.TType;

/**
 * How a network takes images.
 *
 * @param shape of one image: height, width, channels; height, width; or one axis with all of them
 * @param type of the pixels
 * @param range between which numbers they are
 */
public record ImageFormat(Shape shape, Class<? extends TType> type, PixelRange range) {

  /** Makes a tensor of numbers. */
  private interface Maker {
    TType of(Shape shape, float[] numbers);
  }

  private static final Map<Class<? extends TType>, Maker> FLOATING =
      Map.of(
          TFloat16.class, (shape, x) -> TFloat16.tensorOf(shape, DataBuffers.of(x)),
          TFloat32.class, (shape, x) -> TFloat32.tensorOf(shape, DataBuffers.of(x)),
          TFloat64.class, (shape, x) -> TFloat64.tensorOf(shape, DataBuffers.of(doubles(x))));

  private static final Map<Class<? extends TType>, Maker> WHOLE =
      Map.of(
          TUint8.class, (shape, x) -> TUint8.tensorOf(shape, DataBuffers.of(bytes(x))),
          TInt32.class, (shape, x) -> TInt32.tensorOf(shape, DataBuffers.of(ints(x))),
          TInt64.class, (shape, x) -> TInt64.tensorOf(shape, DataBuffers.of(longs(x))));

  /**
   * Returns the format of the networks that are made here: float32 in [0, 1], with all axes.
   *
   * @param image shape of an image
   * @return the format
   */
  public static ImageFormat of(ImageShape image) {
    return new ImageFormat(layouts(image).get(0), TFloat32.class, PixelRange.UNIT);
  }

  /**
   * Finds the format in which a network takes the images of a data set.
   *
   * @param network what to call the network in messages
   * @param input shape of its input, with an axis for the batch
   * @param type of its input
   * @param data what to call the data in messages
   * @param image shape of their images
   * @param range of the pixels; empty for 0..1 where they are floating-point numbers, and for
   *     0..255 where they are whole ones
   * @return the format
   * @throws InputException if it takes no such images
   */
  public static ImageFormat fitted(
      String network,
      Shape input,
      Class<? extends TType> type,
      String data,
      ImageShape image,
      Optional<PixelRange> range) {
    boolean whole = WHOLE.containsKey(type);
    if (!whole && !FLOATING.containsKey(type)) {
      throw new InputException(
          network + " takes " + nameOf(type), "images of " + types(), "give another model");
    }
    PixelRange chosen = range.orElse(whole ? PixelRange.BYTES : PixelRange.UNIT);
    if (whole && chosen != PixelRange.BYTES) {
      throw new InputException(
          network + " takes whole numbers (" + nameOf(type) + "), and --pixels is " + chosen,
          PixelRange.BYTES.toString(),
          "leave --pixels out");
    }
    for (Shape shape : layouts(image)) {
      if (!input.isUnknown() && input.isCompatibleWith(batchOf(shape))) {
        if (input.get(0) != Shape.UNKNOWN_SIZE) {
          throw new InputException(
              network + " takes batches of exactly " + input.get(0) + " images: " + input,
              "batches of any size",
              "export it with an open first axis");
        }
        return new ImageFormat(shape, type, chosen);
      }
    }
    throw new InputException(
        network
            + " takes "
            + (input.isUnknown() ? "an unknown shape" : input)
            + ", and "
            + data
            + " has images of "
            + image,
        layouts(image).stream()
            .map(shape -> batchOf(shape).toString())
            .collect(Collectors.joining(" or ")),
        "give a model for such images, or other --data");
  }

  private static Shape batchOf(Shape image) {
    return image.prepend(Shape.UNKNOWN_SIZE);
  }

  /** In which an image has all its pixels in their order. */
  private static List<Shape> layouts(ImageShape image) {
    List<Shape> layouts = new ArrayList<>();
    layouts.add(Shape.of(image.height(), image.width(), image.channels()));
    if (image.channels() == 1) {
      layouts.add(Shape.of(image.height(), image.width()));
    }
    layouts.add(Shape.of(image.size()));
    return layouts;
  }

  private static String types() {
    List<Class<? extends TType>> all = new ArrayList<>(FLOATING.keySet());
    all.addAll(WHOLE.keySet());
    return all.stream().map(ImageFormat::nameOf).sorted().collect(Collectors.joining(", "));
  }

  /** The name that TensorFlow has for a type, such as float32. */
  private static String nameOf(Class<? extends TType> type) {
    return type.getSimpleName().substring(1).toLowerCase(Locale.ROOT);
  }

  /**
   * Makes a tensor of images.
   *
   * @param count how many
   * @param pixels of all of them, in [0, 1]; they are read to their end
   * @return the tensor, to be closed
   */
  public TType tensor(int count, FloatBuffer pixels) {
    float[] numbers = new float[pixels.remaining()];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = range.of(pixels.get());
    }
    Maker maker = FLOATING.containsKey(type) ? FLOATING.get(type) : WHOLE.get(type);
    return maker.of(shape.prepend(count), numbers);
  }

  private static double[] doubles(float[] numbers) {
    double[] converted = new double[numbers.length];
    for (int i = 0; i < numbers.length; i++) {
      converted[i] = numbers[i];
    }
    return converted;
  }

  private static long[] longs(float[] numbers) {
    long[] rounded = new long[numbers.length];
    for (int i = 0; i < numbers.length; i++) {
      rounded[i] = Math.round(numbers[i]);
    }
    return rounded;
  }

  private static int[] ints(float[] numbers) {
    int[] rounded = new int[numbers.length];
    for (int i = 0; i < numbers.length; i++) {
      rounded[i] = Math.round(numbers[i]);
    }
    return rounded;
  }

  private static byte[] bytes(float[] numbers) {
    byte[] rounded = new byte[numbers.length];
    for (int i = 0; i < numbers.length; i++) {
      rounded[i] = (byte) Math.round(numbers[i]);
    }
    return rounded;
  }
}
