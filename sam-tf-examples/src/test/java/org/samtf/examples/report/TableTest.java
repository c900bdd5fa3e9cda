package org.samtf.examples.report;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class TableTest {

  @Test
  void alignsNumbersToTheRight() {
    assertThat(Table.ofNumbers().row("", "a").row("long", "12.5"))
        .asString()
        .isEqualToNormalizingNewlines("         a\nlong  12.5\n");
  }

  @Test
  void alignsTextToTheLeft() {
    assertThat(Table.ofText().row("a", "x").row("long", "yz"))
        .asString()
        .isEqualToNormalizingNewlines("a     x\nlong  yz\n");
  }
}
