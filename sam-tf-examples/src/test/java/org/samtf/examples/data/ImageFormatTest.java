package org.samtf.examples.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.samtf.examples.failure.InputException;
import org.tensorflow.ndarray.NdArray;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.types.TFloat16;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TFloat64;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TInt64;
import org.tensorflow.types.TString;
import org.tensorflow.types.TUint8;
import org.tensorflow.types.family.TType;

class ImageFormatTest {

  private static final ImageShape GREY = new ImageShape(2, 1, 1);
  private static final ImageShape COLOURED = new ImageShape(1, 2, 3);

  private static ImageFormat fitted(
      Class<? extends TType> type, Shape input, ImageShape image, String range) {
    return ImageFormat.fitted(
        "the model", input, type, "data", image, Optional.ofNullable(range).map(PixelRange::of));
  }

  private static Class<? extends TType> type(String name) {
    return switch (name) {
      case "float16" -> TFloat16.class;
      case "float32" -> TFloat32.class;
      case "float64" -> TFloat64.class;
      case "uint8" -> TUint8.class;
      case "int32" -> TInt32.class;
      case "int64" -> TInt64.class;
      default -> TString.class;
    };
  }

  /** Two images of black, one of 51/255, one of white. */
  @ParameterizedTest
  @CsvSource({
    "float32, , 0, 0.2, 1",
    "float32, 0..1, 0, 0.2, 1",
    "float32, 0..255, 0, 51, 255",
    "float32, -1..1, -1, -0.6, 1",
    "float16, -1..1, -1, -0.6, 1",
    "float64, , 0, 0.2, 1",
    "uint8, , 0, 51, 255",
    "int32, 0..255, 0, 51, 255",
    "int64, , 0, 51, 255"
  })
  void pixelsAreInTheRangeOfTheModel(
      String type, String range, double black, double dark, double white) {
    ImageFormat format = fitted(type(type), Shape.of(-1, 2), GREY, range);
    float[] pixels = {0, 0, 51 / 255f, 1};
    try (TType images = format.tensor(2, FloatBuffer.wrap(pixels))) {
      assertThat(images.shape()).isEqualTo(Shape.of(2, 2));
      List<Double> numbers = new ArrayList<>();
      ((NdArray<?>) images)
          .scalars()
          .forEach(
              scalar -> {
                Number number = (Number) scalar.getObject();
                boolean isByte = number instanceof Byte;
                numbers.add(isByte ? number.intValue() & 0xff : number.doubleValue());
              });
      assertThat(numbers)
          .usingComparatorForType(ImageFormatTest::nearly, Double.class)
          .containsExactly(black, black, dark, white);
    }
  }

  private static int nearly(double one, double other) {
    return Math.abs(one - other) < 1e-3 ? 0 : Double.compare(one, other);
  }

  @Test
  void imagesHaveTheLayoutOfTheModel() {
    assertThat(fitted(TFloat32.class, Shape.of(-1, 2, 1, 1), GREY, null).shape())
        .isEqualTo(Shape.of(2, 1, 1));
    assertThat(fitted(TFloat32.class, Shape.of(-1, 2, 1), GREY, null).shape())
        .isEqualTo(Shape.of(2, 1));
    assertThat(fitted(TFloat32.class, Shape.of(-1, -1, -1, 3), COLOURED, null).shape())
        .isEqualTo(Shape.of(1, 2, 3));
    assertThat(fitted(TFloat32.class, Shape.of(-1, 6), COLOURED, null).shape())
        .isEqualTo(Shape.of(6));
  }

  @Test
  void whatDoesNotFitIsSaidInOneLine() {
    assertRefused(
        TFloat32.class,
        Shape.of(-1, 3, 3, 1),
        null,
        "the model takes [-1, 3, 3, 1], and data has images of 2x1x1; expected [-1, 2, 1, 1] or"
            + " [-1, 2, 1] or [-1, 2];");
    assertRefused(TFloat32.class, Shape.unknown(), null, "takes an unknown shape");
    assertRefused(TFloat32.class, Shape.of(8, 2), null, "batches of exactly 8 images");
    assertRefused(TString.class, Shape.of(-1, 2), null, "the model takes string; expected");
    assertRefused(TUint8.class, Shape.of(-1, 2), "0..1", "whole numbers (uint8), and --pixels is");
  }

  private static void assertRefused(
      Class<? extends TType> type, Shape input, String range, String message) {
    assertThatThrownBy(() -> fitted(type, input, GREY, range))
        .isInstanceOf(InputException.class)
        .hasMessageContaining(message)
        .message()
        .hasLineCount(1);
  }
}
