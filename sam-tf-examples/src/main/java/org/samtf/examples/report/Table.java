package org.samtf.examples.report;

import java.util.ArrayList;
import java.util.List;

/** Text in columns. */
public final class Table {

  private static final String GAP = "  ";

  private final boolean numbers;
  private final List<String[]> rows = new ArrayList<>();

  private Table(boolean numbers) {
    this.numbers = numbers;
  }

  /**
   * Starts a table of numbers: the first column to the left, the others to the right.
   *
   * @return the table
   */
  public static Table ofNumbers() {
    return new Table(true);
  }

  /**
   * Starts a table of text: all columns to the left.
   *
   * @return the table
   */
  public static Table ofText() {
    return new Table(false);
  }

  /**
   * Adds a row.
   *
   * @param cells its text, column by column
   * @return this table
   */
  public Table row(String... cells) {
    rows.add(cells);
    return this;
  }

  /**
   * Writes the table.
   *
   * @return a line a row
   */
  @Override
  public String toString() {
    int columns = rows.stream().mapToInt(row -> row.length).max().orElse(0);
    int[] widths = new int[columns];
    for (String[] row : rows) {
      for (int c = 0; c < row.length; c++) {
        widths[c] = Math.max(widths[c], row[c].length());
      }
    }
    StringBuilder text = new StringBuilder();
    for (String[] row : rows) {
      StringBuilder line = new StringBuilder();
      for (int c = 0; c < row.length; c++) {
        String padding = " ".repeat(widths[c] - row[c].length());
        line.append(c == 0 ? "" : GAP);
        line.append(c > 0 && numbers ? padding + row[c] : row[c] + padding);
      }
      text.append(line.toString().stripTrailing()).append(System.lineSeparator());
    }
    return text.toString();
  }
}
