package org.samtf.examples.train;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.samtf.SamOptimizer;
import org.samtf.SamOptimizerBuilder;
import org.samtf.direction.AscentDirections;
import org.samtf.direction.DescentDirections;
import org.samtf.examples.failure.InputException;
import org.tensorflow.Operand;
import org.tensorflow.types.TFloat32;

/** The relatives of SAM by name, with settings that suit the examples. */
public enum Variant {
  /** The base optimizer alone. */
  BASE("no second pass", Variant.SAM_RHO),
  /** SAM. */
  SAM("in every step", Variant.SAM_RHO),
  /** SAM in a neighbourhood that scales with the weights. */
  ASAM("adaptive", 10 * Variant.SAM_RHO),
  /** SAM in the last tenth of the steps. */
  SAM_LATE("in the last tenth of the steps", Variant.SAM_RHO, Needs.LENGTH, Needs.GRADIENT),
  /** SAM in every second step. */
  EVERY_2("every 2 steps", Variant.SAM_RHO, Needs.GRADIENT),
  /** SAM in every fifth step. */
  EVERY_5("every 5 steps", Variant.SAM_RHO, Needs.GRADIENT),
  /** LookSAM. */
  LOOKSAM("every 5 steps, alpha 0.7", Variant.SAM_RHO, Needs.GRADIENT),
  /** AE-SAM. */
  AE_SAM(
      "where the gradient is large, c from 1 to -1",
      Variant.SAM_RHO,
      Needs.LENGTH,
      Needs.GRADIENT,
      Needs.GRADIENT_AT_ONCE),
  /** MSAM; its authors have larger radii than SAM's. */
  MSAM("along the momentum", 6 * Variant.SAM_RHO, Needs.NO_PASS_AT_WEIGHTS),
  /** Friendly SAM. */
  FRIENDLY("sigma 1, decay 0.9", Variant.SAM_RHO),
  /** Variance-suppressed SAM. */
  VASSO("theta 0.4", Variant.SAM_RHO),
  /** SANER. */
  SANER(
      "alpha 0.5, warm-up in the first quarter of the steps",
      Variant.SAM_RHO,
      Needs.LENGTH,
      Needs.GRADIENT),
  /** GSAM. */
  GSAM("alpha 0.4", Variant.SAM_RHO, Needs.GRADIENT),
  /** Weighted SAM. */
  WEIGHTED("gamma 0.8", Variant.SAM_RHO, Needs.GRADIENT),
  /** LE-SAM; rho is the largest radius. */
  LE_SAM("sigma rho/5", 5 * Variant.SAM_RHO),
  /** A random direction: the control. */
  RANDOM("along a random direction", Variant.SAM_RHO, Needs.NO_PASS_AT_WEIGHTS),
  /** Functional SAM. */
  FUNCTIONAL("of the logits", Variant.SAM_RHO, Needs.WHOLE_ASCENT),
  /** SAM with two ascent steps. */
  STEPS_2("2 ascent steps", Variant.SAM_RHO, Needs.WHOLE_ASCENT);

  private static final float SAM_RHO = SamOptimizer.RHO_DEFAULT;
  private static final double LATE_SHARE = 0.1;
  private static final double LOOK_ALPHA = 0.7;
  private static final double GSAM_ALPHA = 0.4;
  private static final double WEIGHTED_GAMMA = 0.8;
  private static final double SANER_ALPHA = 0.5;
  private static final double FRIENDLY_DECAY = 0.9;
  private static final double VASSO_THETA = 0.4;
  private static final float LE_SAM_RISE = 0.2f;

  /** What a variant needs, or can do without. */
  private enum Needs {
    /** How many steps the run has. */
    LENGTH,
    /** The gradient at w of the whole batch, in what is applied. */
    GRADIENT,
    /** The same before the second pass. */
    GRADIENT_AT_ONCE,
    /** All examples in the ascent. */
    WHOLE_ASCENT,
    /** Nothing at w. */
    NO_PASS_AT_WEIGHTS
  }

  /**
   * The run that a step is of.
   *
   * @param steps how many it has
   * @param seed of what is drawn
   */
  public record Run(long steps, long seed) {}

  private final String settings;
  private final float defaultRho;
  private final Set<Needs> needs;

  Variant(String settings, float defaultRho, Needs... needs) {
    this.settings = settings;
    this.defaultRho = defaultRho;
    this.needs = Set.of(needs);
  }

  /**
   * Finds a variant by name, in any case.
   *
   * @param name the name
   * @return the variant
   * @throws InputException if there is none
   */
  public static Variant of(String name) {
    String key = name.toLowerCase(Locale.ROOT);
    return Arrays.stream(values())
        .filter(variant -> variant.toString().equals(key))
        .findFirst()
        .orElseThrow(
            () ->
                new InputException(
                    "no variant '" + name + "'",
                    Arrays.stream(values()).map(Object::toString).collect(Collectors.joining(", ")),
                    "choose one of them"));
  }

  /**
   * Returns whether it is SAM or a relative.
   *
   * @return false for the base optimizer alone
   */
  public boolean hasSam() {
    return this != BASE;
  }

  /**
   * Returns the radius to use when none is given.
   *
   * @return the radius
   */
  public float defaultRho() {
    return defaultRho;
  }

  /**
   * Returns how much larger its radii are than those of SAM that do about as much.
   *
   * @return 1 for SAM
   */
  public float rhoScale() {
    return defaultRho / SAM_RHO;
  }

  /**
   * Returns whether a step depends on how many the run has.
   *
   * @return whether it does
   */
  public boolean dependsOnLength() {
    return needs.contains(Needs.LENGTH);
  }

  /**
   * Returns whether there are steps without a second pass.
   *
   * @return whether there are
   */
  public boolean skipsSteps() {
    return switch (this) {
      case SAM_LATE, EVERY_2, EVERY_5, LOOKSAM, AE_SAM -> true;
      default -> false;
    };
  }

  /**
   * Returns whether a step has a pass at w.
   *
   * @return whether it has
   */
  public boolean hasPassAtWeights() {
    return !needs.contains(Needs.NO_PASS_AT_WEIGHTS);
  }

  /**
   * Finds what a cut of the batch does not go together with.
   *
   * @param cut the cut
   * @return why, in a few words; empty if all is well
   */
  public Optional<String> refusal(BatchCut cut) {
    if (cut.ascentExamples() > 0) {
      if (!hasPassAtWeights()) {
        return Optional.of("ascent examples, and it reads no gradient at w");
      }
      if (needs.contains(Needs.GRADIENT) || needs.contains(Needs.WHOLE_ASCENT)) {
        return Optional.of("ascent examples, and it needs the gradient at w of the whole batch");
      }
    }
    if (cut.sequential() && needs.contains(Needs.GRADIENT_AT_ONCE)) {
      return Optional.of(
          "parts in sequence, and it looks at the gradient of all before the ascent");
    }
    return Optional.empty();
  }

  /**
   * Sets up an optimizer, all but the size of its neighbourhood and an adaptive one.
   *
   * @param builder of the optimizer
   * @param logits of the network, as they are trained
   * @param rho the size of the neighbourhood
   * @param run what the step is of
   * @return the builder
   */
  SamOptimizerBuilder applyTo(
      SamOptimizerBuilder builder, Operand<TFloat32> logits, float rho, Run run) {
    return switch (this) {
      case BASE -> throw new IllegalArgumentException("the base optimizer has no neighbourhood");
      case SAM, ASAM -> builder;
      case SAM_LATE -> builder.startAt(run.steps() - lateSteps(run.steps()));
      case EVERY_2 -> builder.every(2);
      case EVERY_5 -> builder.every(5);
      case LOOKSAM -> builder.every(5).descent(DescentDirections.looking(LOOK_ALPHA));
      case AE_SAM -> builder.whenGradientIsLarge(1, -1, run.steps());
      case MSAM -> builder.ascent(AscentDirections.momentum());
      case FRIENDLY -> builder.ascent(AscentDirections.friendly(1, FRIENDLY_DECAY));
      case VASSO -> builder.ascent(AscentDirections.varianceSuppressed(VASSO_THETA));
      case SANER -> builder.descent(DescentDirections.saner(SANER_ALPHA, run.steps() / 4));
      case GSAM -> builder.descent(DescentDirections.surrogateGap(GSAM_ALPHA));
      case WEIGHTED -> builder.descent(DescentDirections.weighted(WEIGHTED_GAMMA));
      case LE_SAM -> rho == 0 ? builder : builder.expectedRise(LE_SAM_RISE * rho);
      case RANDOM -> builder.ascent(AscentDirections.random(run.seed()));
      case FUNCTIONAL -> builder.logits(logits);
      case STEPS_2 -> builder.ascentSteps(2);
    };
  }

  private static long lateSteps(long steps) {
    return Math.max(1, Math.round(LATE_SHARE * steps));
  }

  /**
   * Describes the settings.
   *
   * @return name and settings
   */
  public String inWords() {
    return this + " (" + settings + ")";
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
