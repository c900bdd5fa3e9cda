package org.samtf.examples.data;

/**
 * Height, width and channels of the images of a data set.
 *
 * @param height rows of pixels
 * @param width columns of pixels
 * @param channels values a pixel: 1 for grey, 3 for red, green and blue
 */
public record ImageShape(int height, int width, int channels) {

  /**
   * Returns how many values an image has.
   *
   * @return height times width times channels
   */
  public int size() {
    return height * width * channels;
  }

  @Override
  public String toString() {
    return height + "x" + width + "x" + channels;
  }
}
