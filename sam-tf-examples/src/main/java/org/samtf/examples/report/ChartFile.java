package org.samtf.examples.report;

import java.awt.Graphics2D;
import java.awt.geom.Rectangle2D;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import javax.imageio.ImageIO;
import org.jfree.chart.JFreeChart;
import org.samtf.examples.files.DurableFiles;

/** Writes charts as PNG. */
final class ChartFile {

  private static final int WIDTH = 960;
  private static final int HEIGHT = 360;

  /** Pixels for each unit: text stays sharp on a dense screen. */
  private static final int SCALE = 2;

  private ChartFile() {}

  /** Writes rows of charts below each other; the charts of a row share its width. */
  static void write(Path file, List<List<JFreeChart>> rows) throws IOException {
    BufferedImage image = draw(rows);
    DurableFiles.write(
        file,
        beside -> {
          // To the file itself: to a stream, it would need a temporary one.
          if (!ImageIO.write(image, "png", beside.toFile())) {
            throw new IOException("this Java has no writer for PNG");
          }
        });
  }

  static BufferedImage draw(List<List<JFreeChart>> rows) {
    BufferedImage image =
        new BufferedImage(SCALE * WIDTH, SCALE * HEIGHT * rows.size(), BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = image.createGraphics();
    try {
      graphics.scale(SCALE, SCALE);
      for (int r = 0; r < rows.size(); r++) {
        double width = (double) WIDTH / rows.get(r).size();
        for (int c = 0; c < rows.get(r).size(); c++) {
          rows.get(r)
              .get(c)
              .draw(graphics, new Rectangle2D.Double(c * width, r * HEIGHT, width, HEIGHT));
        }
      }
    } finally {
      graphics.dispose();
    }
    return image;
  }
}
