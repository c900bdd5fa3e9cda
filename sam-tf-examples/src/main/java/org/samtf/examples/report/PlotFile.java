package org.samtf.examples.report;

import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import javax.imageio.ImageIO;
import org.samtf.examples.files.DurableFiles;

/** Writes charts as PNG. */
final class PlotFile {

  private static final int WIDTH = 960;
  private static final int HEIGHT = 360;

  /** Pixels for each unit: text stays sharp on a dense screen. */
  private static final int SCALE = 2;

  private PlotFile() {}

  /** Writes rows of charts below each other; the charts of a row share its width. */
  static void write(Path file, List<List<Plot>> rows) throws IOException {
    BufferedImage image =
        new BufferedImage(SCALE * WIDTH, SCALE * HEIGHT * rows.size(), BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = image.createGraphics();
    try {
      graphics.scale(SCALE, SCALE);
      for (int r = 0; r < rows.size(); r++) {
        int width = WIDTH / rows.get(r).size();
        for (int c = 0; c < rows.get(r).size(); c++) {
          Graphics2D part = (Graphics2D) graphics.create(c * width, r * HEIGHT, width, HEIGHT);
          rows.get(r).get(c).paint(part, width, HEIGHT);
          part.dispose();
        }
      }
    } finally {
      graphics.dispose();
    }
    DurableFiles.write(
        file,
        beside -> {
          if (!ImageIO.write(image, "png", beside.toFile())) {
            throw new IOException("this Java has no writer for PNG");
          }
        });
  }
}
