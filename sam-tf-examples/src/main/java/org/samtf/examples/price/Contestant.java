package org.samtf.examples.price;

import java.math.BigDecimal;
import java.math.MathContext;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import org.samtf.examples.failure.InputException;
import org.samtf.examples.train.SamSettings;
import org.samtf.examples.train.Variant;

/**
 * A way to train that is compared with others.
 *
 * @param name what to call it
 * @param variant the relative of SAM
 * @param epochFactor how many times as many epochs it has as the others
 */
public record Contestant(String name, Variant variant, int epochFactor) {

  static final String BASE = Variant.BASE.toString();
  static final String SAM = Variant.SAM.toString();

  static final String TWICE = "base-twice";

  private static final Contestant BASE_TWICE = new Contestant(TWICE, Variant.BASE, 2);

  /** What all have in common: momentum for the relatives of SAM, whose radius is tuned. */
  private static final float SAM_MOMENTUM = 0.9f;

  /**
   * What is chosen by the validation images.
   *
   * @param learningRate of the base optimizer
   * @param momentum of the base optimizer
   * @param rho radius of the neighbourhood; 0 without one
   */
  record Setting(float learningRate, float momentum, float rho) {

    @Override
    public String toString() {
      return String.format(
          Locale.ROOT,
          "rate %s, momentum %s%s",
          learningRate,
          momentum,
          rho == 0 ? "" : ", rho " + sixDigits(rho));
    }

    /** 0.01f times ten is 0.099999994f. */
    private static float sixDigits(float x) {
      return new BigDecimal(x).round(new MathContext(6)).floatValue();
    }
  }

  /**
   * The settings to choose from: each contestant has as many.
   *
   * @param learningRates for all
   * @param momenta for the base optimizer alone
   * @param rhos for SAM; for a relative with larger radii they are scaled
   */
  public record Grid(List<Float> learningRates, List<Float> momenta, List<Float> rhos) {

    /** Those that the command {@code compare} has, too: 25 settings. */
    public static final Grid STANDARD =
        new Grid(
            List.of(0.0125f, 0.025f, 0.05f, 0.1f, 0.2f),
            List.of(0f, 0.5f, 0.8f, 0.9f, 0.95f),
            List.of(0.05f, 0.1f, 0.2f, 0.5f, 1f));

    List<Setting> settings(Contestant contestant) {
      Variant variant = contestant.variant();
      List<Setting> settings = new ArrayList<>();
      for (float rate : learningRates) {
        for (float second : variant.hasSam() ? rhos : momenta) {
          settings.add(
              variant.hasSam()
                  ? new Setting(rate, SAM_MOMENTUM, second * variant.rhoScale())
                  : new Setting(rate, second, 0));
        }
      }
      return settings;
    }

    int size() {
      return learningRates.size() * momenta.size();
    }
  }

  /**
   * Returns those that are compared by default.
   *
   * @return the contestants, the base optimizer first
   */
  public static List<Contestant> standard() {
    List<Contestant> all = new ArrayList<>();
    for (Variant variant : Variant.values()) {
      switch (variant) {
        case WEIGHTED, FUNCTIONAL, STEPS_2 -> {}
        default -> all.add(new Contestant(variant.toString(), variant, 1));
      }
    }
    all.add(1, BASE_TWICE);
    return all;
  }

  /**
   * Finds a contestant by name.
   *
   * @param name of a variant, or {@code base-twice}
   * @return the contestant
   * @throws InputException if there is none
   */
  public static Contestant of(String name) {
    String key = name.toLowerCase(Locale.ROOT);
    if (key.equals(BASE_TWICE.name)) {
      return BASE_TWICE;
    }
    if (Arrays.stream(Variant.values()).noneMatch(variant -> variant.toString().equals(key))) {
      throw new InputException(
          "no contestant '" + name + "'",
          Arrays.stream(Variant.values()).map(Object::toString).collect(Collectors.joining(", "))
              + " or "
              + BASE_TWICE.name,
          "choose some of them");
    }
    return new Contestant(key, Variant.of(key), 1);
  }

  Optional<SamSettings> sam(Setting setting) {
    return variant.hasSam()
        ? Optional.of(SamSettings.of(variant, setting.rho()))
        : Optional.empty();
  }

  boolean isBase() {
    return name.equals(BASE);
  }
}
