package org.samtf.examples.cli;

import java.util.Locale;
import java.util.Optional;
import org.samtf.NotFinite;
import org.samtf.examples.failure.InputException;
import org.samtf.examples.train.Numerics;
import org.samtf.examples.train.Precision;
import picocli.CommandLine.Option;

/** Options that say in what numbers a run computes. */
final class NumericsOptions {

  private static final String LOSS_SCALE = "--loss-scale";
  private static final String NOT_FINITE = "--not-finite";

  @Option(
      names = "--precision",
      paramLabel = "TYPE",
      defaultValue = "float32",
      description = {
        "float32, float16 or bfloat16: the type of products and convolutions; weights are float32,",
        "and so is the evaluation (default: ${DEFAULT-VALUE}). float16 is for GPUs, and far slower on CPUs; bfloat16 is faster where the processor has it."
      })
  private String precision;

  @Option(
      names = LOSS_SCALE,
      paramLabel = "S",
      description = {
        "none, dynamic, or a power of two that gradients are multiplied by on their way; implies",
        "--not-finite skip (default: dynamic with --precision float16, else none)."
      })
  private String lossScale;

  @Option(
      names = NOT_FINITE,
      paramLabel = "fail|skip",
      description = {
        "What a step does if a gradient is not finite: fail, or change nothing and be counted",
        "(default: skip with a loss scale, else fail)."
      })
  private String notFinite;

  Numerics numerics() {
    Precision type = Precision.of(precision);
    Numerics.Scaling scaling = scaling(type);
    Optional<Float> scale =
        scaling == Numerics.Scaling.FIXED ? Optional.of(powerOfTwo()) : Optional.empty();
    NotFinite rule = rule(scaling);
    return new Numerics(type, scaling, scale, rule);
  }

  private Numerics.Scaling scaling(Precision type) {
    if (lossScale == null) {
      return type == Precision.FLOAT16 && !"fail".equals(notFinite)
          ? Numerics.Scaling.DYNAMIC
          : Numerics.Scaling.NONE;
    }
    return switch (lossScale) {
      case "none" -> Numerics.Scaling.NONE;
      case "dynamic" -> Numerics.Scaling.DYNAMIC;
      default -> Numerics.Scaling.FIXED;
    };
  }

  private float powerOfTwo() {
    float scale;
    try {
      scale = Float.parseFloat(lossScale);
    } catch (NumberFormatException e) {
      scale = Float.NaN;
    }
    boolean valid =
        scale >= 1 && scale <= 0x1p126f && Math.scalb(1f, Math.getExponent(scale)) == scale;
    Check.that(valid, LOSS_SCALE, lossScale, "none, dynamic, or a power of two from 1 to 2^126");
    return scale;
  }

  private NotFinite rule(Numerics.Scaling scaling) {
    boolean scaled = scaling != Numerics.Scaling.NONE;
    if (notFinite == null) {
      return scaled ? NotFinite.SKIP : NotFinite.FAIL;
    }
    Check.that(
        notFinite.equals("fail") || notFinite.equals("skip"),
        NOT_FINITE,
        notFinite,
        "fail or skip");
    if (notFinite.equals("fail") && scaled) {
      throw new InputException(
          NOT_FINITE + " fail is given with " + LOSS_SCALE + " " + lossScale,
          "skip, since a step that overflows is no failure",
          "leave one of them out");
    }
    return NotFinite.valueOf(notFinite.toUpperCase(Locale.ROOT));
  }
}
