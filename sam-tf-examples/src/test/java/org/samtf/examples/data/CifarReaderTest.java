package org.samtf.examples.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.samtf.examples.failure.InputException;

class CifarReaderTest {

  @TempDir private Path directory;

  @Test
  void readsCifar10() {
    DataSet data = DataSets.open(CifarFiles.write10(directory).toString());

    assertThat(data.classes()).isEqualTo(10);
    assertThat(data.shape()).isEqualTo(new ImageShape(32, 32, 3));
    assertThat(data.train().labels()).contains(1, 2, 3, 4, 5, 9);
    assertThat(data.test().labels()).containsExactly(3, 4);
  }

  @Test
  void takesTheColoursOfAPixelTogether() {
    DataSet data = DataSets.open(CifarFiles.write10(directory).toString());

    FloatBuffer image = FloatBuffer.allocate(3072);
    data.test().copyImage(1, image);

    // The second pixel of row 7.
    int start = (7 * 32 + 1) * 3;
    assertThat(Arrays.copyOfRange(image.array(), start, start + 3))
        .containsExactly(17 / 255f, 27 / 255f, 37 / 255f);
  }

  @Test
  void readsTheFineLabelsOfCifar100() {
    DataSet data = DataSets.open(CifarFiles.write100(directory).toString());

    assertThat(data.classes()).isEqualTo(100);
    assertThat(data.test().labels()).containsExactly(42, 7);
    assertThat(data.train().labels()).containsExactlyInAnyOrder(99, 0);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 3072, 3074, 6145})
  void refusesAFileThatIsNotWholeRecords(int length) {
    CifarFiles.write10(directory);
    IdxFiles.write(
        directory.resolve("data_batch_3.bin"),
        Arrays.copyOf(CifarFiles.records(1, 0, 1, 2), length));

    assertThatThrownBy(() -> DataSets.open(directory.toString()))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("data_batch_3.bin has " + length + " bytes")
        .hasMessageContaining("3073");
  }

  @Test
  void refusesALabelOutOfRange() {
    CifarFiles.write10(directory);
    IdxFiles.write(directory.resolve("test_batch.bin"), CifarFiles.records(1, 1, 10));

    assertThatThrownBy(() -> DataSets.open(directory.toString()))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("label 10 in record 1");
  }

  @Test
  void refusesAMissingFile() throws IOException {
    CifarFiles.write10(directory);
    Files.delete(directory.resolve("data_batch_5.bin"));

    assertThatThrownBy(() -> DataSets.open(directory.toString()))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("no file")
        .hasMessageContaining("data_batch_5.bin");
  }
}
