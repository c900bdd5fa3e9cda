package org.samtf.examples.cli;

import org.samtf.examples.job.Interval;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads an interval. */
final class IntervalConverter implements ITypeConverter<Interval> {

  @Override
  public Interval convert(String text) {
    try {
      return Interval.parse(text);
    } catch (IllegalArgumentException e) {
      throw new TypeConversionException(e.getMessage() + "; expected " + Interval.ALLOWED);
    }
  }
}
