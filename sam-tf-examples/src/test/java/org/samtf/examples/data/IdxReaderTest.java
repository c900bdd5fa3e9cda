package org.samtf.examples.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.samtf.examples.failure.InputException;

class IdxReaderTest {

  @TempDir private Path directory;

  @BeforeEach
  void writeFiles() {
    IdxFiles.write(directory, 3, 2);
  }

  @Test
  void readsImagesAndLabels() {
    DataSet data = DataSets.open(directory.toString());

    assertThat(data.shape()).isEqualTo(new ImageShape(3, 2, 1));
    assertThat(data.train().size() + data.validation().size()).isEqualTo(30);
    assertThat(data.test().size()).isEqualTo(20);
    assertThat(data.test().label(13)).isEqualTo(3);
    FloatBuffer image = FloatBuffer.allocate(6);
    data.test().copyImage(13, image);
    assertThat(image.array())
        .containsExactly(78 / 255f, 79 / 255f, 80 / 255f, 81 / 255f, 82 / 255f, 83 / 255f);
  }

  @Test
  void readsCompressedFilesToo() throws IOException {
    DataSet plain = DataSets.open(directory.toString());
    for (String name :
        new String[] {
          IdxReader.TRAIN_IMAGES,
          IdxReader.TRAIN_LABELS,
          IdxReader.TEST_IMAGES,
          IdxReader.TEST_LABELS
        }) {
      Path file = directory.resolve(name);
      IdxFiles.write(directory.resolve(name + ".gz"), IdxFiles.gzip(Files.readAllBytes(file)));
      Files.delete(file);
    }

    DataSet compressed = DataSets.open(directory.toString());

    assertThat(compressed.train().labels()).isEqualTo(plain.train().labels());
    assertThat(compressed.test().labels()).isEqualTo(plain.test().labels());
  }

  static Stream<Arguments> badFiles() {
    byte[] images = IdxFiles.images(30, 3, 2);
    byte[] labels = IdxFiles.labels(30);
    String imagesName = IdxReader.TRAIN_IMAGES;
    String labelsName = IdxReader.TRAIN_LABELS;
    return Stream.of(
        Arguments.of(imagesName, new byte[0], "ends after 0 of 4 bytes of magic number"),
        Arguments.of(imagesName, Arrays.copyOf(images, 10), "ends after 6 of 12 bytes of header"),
        Arguments.of(imagesName, Arrays.copyOf(images, 100), "ends after 84 of 180 bytes"),
        Arguments.of(imagesName, Arrays.copyOf(images, 197), "has more bytes after 30 images"),
        Arguments.of(imagesName, labels, "starts with 0x00000801; expected 0x00000803"),
        Arguments.of(imagesName, IdxFiles.gzip(images), "add .gz to its name"),
        Arguments.of(imagesName, IdxFiles.images(29, 3, 2), "has 29 images and"),
        Arguments.of(imagesName, IdxFiles.images(30, 2, 2), "one size"),
        Arguments.of(imagesName, with(images, 4, 0x7fffffff), "claims 2147483647 examples"),
        Arguments.of(imagesName, with(images, 4, -1), "claims 4294967295 examples"),
        Arguments.of(imagesName, with(images, 4, 0), "claims 0 examples"),
        Arguments.of(imagesName, with(images, 8, 1 << 20), "claims 1048576 rows"),
        Arguments.of(imagesName, with(images, 12, 0), "claims 0 columns"),
        Arguments.of(labelsName, Arrays.copyOf(labels, 20), "ends after 12 of 30 bytes of labels"),
        Arguments.of(labelsName, Arrays.copyOf(labels, 39), "has more bytes after 30 labels"),
        Arguments.of(
            labelsName, with(labels, 8, 10 << 24), "has label 10 at place 0, and at no other"),
        Arguments.of(labelsName, with(labels, 8, 12 << 24 | 12 << 16), "12, and no label 10"),
        Arguments.of(
            IdxReader.TEST_LABELS,
            with(IdxFiles.labels(20), 8, 10 << 24),
            "has label 10 at place 0; expected labels of the training images, from 0 to 9"),
        Arguments.of(labelsName, with(labels, 4, 0x7fffffff), "claims 2147483647 examples"));
  }

  private static byte[] with(byte[] file, int offset, int value) {
    byte[] changed = file.clone();
    java.nio.ByteBuffer.wrap(changed).putInt(offset, value);
    return changed;
  }

  @ParameterizedTest
  @MethodSource("badFiles")
  void saysWhatIsWrongWithAFile(String name, byte[] bytes, String message) {
    IdxFiles.write(directory.resolve(name), bytes);

    assertThatThrownBy(() -> DataSets.open(directory.toString()))
        .isInstanceOf(InputException.class)
        .hasMessageContaining(name)
        .hasMessageContaining(message)
        .message()
        .hasLineCount(1);
  }

  @Test
  void saysWhichFileIsMissing() throws IOException {
    Files.delete(directory.resolve(IdxReader.TEST_LABELS));

    assertThatThrownBy(() -> DataSets.open(directory.toString()))
        .isInstanceOf(InputException.class)
        .hasMessageContaining(IdxReader.TEST_LABELS + " or " + IdxReader.TEST_LABELS + ".gz");
  }

  @Test
  void saysThatAFileIsNotGzip() throws IOException {
    Path plain = directory.resolve(IdxReader.TRAIN_IMAGES);
    Files.move(plain, directory.resolve(IdxReader.TRAIN_IMAGES + ".gz"));

    assertThatThrownBy(() -> DataSets.open(directory.toString()))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("is not gzip");
  }

  @Test
  void saysThatAGzipFileIsCutOff() throws IOException {
    byte[] packed = IdxFiles.gzip(IdxFiles.labels(30));
    IdxFiles.write(
        directory.resolve(IdxReader.TRAIN_LABELS + ".gz"),
        Arrays.copyOf(packed, packed.length - 12));
    Files.delete(directory.resolve(IdxReader.TRAIN_LABELS));

    assertThatThrownBy(() -> DataSets.open(directory.toString()))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("cannot be read");
  }

  @Test
  void saysThatAFileIsADirectory() throws IOException {
    Files.delete(directory.resolve(IdxReader.TRAIN_IMAGES));
    Files.createDirectory(directory.resolve(IdxReader.TRAIN_IMAGES));

    assertThatThrownBy(() -> DataSets.open(directory.toString()))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("not a regular file");
  }

  @Test
  void saysThatADirectoryIsMissingOrHasNoData() throws IOException {
    Path none = directory.resolve("none");
    assertThatThrownBy(() -> DataSets.open(none.toString()))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("is not a directory");
    Files.createDirectory(none);
    assertThatThrownBy(() -> DataSets.open(none.toString()))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("has no data set");
    assertThatThrownBy(() -> DataSets.open(""))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("is not a directory");
    assertThatThrownBy(() -> DataSets.open("a\0b"))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("is not a directory");
  }
}
