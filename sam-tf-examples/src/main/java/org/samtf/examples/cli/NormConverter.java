package org.samtf.examples.cli;

import java.util.Locale;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads the p of a norm; {@code inf} is the maximum norm. */
final class NormConverter implements ITypeConverter<Double> {

  @Override
  public Double convert(String value) {
    String text = value.toLowerCase(Locale.ROOT);
    if (text.equals("inf") || text.equals("infinity")) {
      return Double.POSITIVE_INFINITY;
    }
    try {
      return Double.valueOf(value);
    } catch (NumberFormatException e) {
      throw new TypeConversionException("'" + value + "' is not a number or inf");
    }
  }
}
