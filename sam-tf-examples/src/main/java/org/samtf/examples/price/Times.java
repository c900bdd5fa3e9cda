package org.samtf.examples.price;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.samtf.examples.benchmark.VariantPrice;
import org.samtf.examples.benchmark.VariantPrices;
import org.samtf.examples.failure.InputException;

/** How long the training of a contestant takes. */
final class Times {

  private static final String BENCHMARK = "a file of \"benchmark variants --json\"";

  private final Optional<VariantPrices> prices;
  private final PricePlan plan;

  private Times(Optional<VariantPrices> prices, PricePlan plan) {
    this.prices = prices;
    this.plan = plan;
  }

  /** As the runs took, with whatever else the machine did. */
  static Times ofRuns(PricePlan plan) {
    return new Times(Optional.empty(), plan);
  }

  /**
   * Steps times the price of one.
   *
   * @throws InputException if it is no file of prices of this network and batch size, or has one
   *     that is no positive number
   */
  static Times of(Path file, PricePlan plan) {
    VariantPrices prices;
    try {
      prices = new ObjectMapper().readValue(file.toFile(), VariantPrices.class);
    } catch (IOException e) {
      throw new InputException(
          "--prices " + file + " cannot be read", BENCHMARK, "measure again or leave it out");
    }
    String wanted = plan.architecture() + " on " + plan.shape();
    List<VariantPrice> ofNetwork =
        prices.prices() == null
            ? List.of()
            : prices.prices().stream()
                .filter(price -> (price.architecture() + " on " + price.shape()).equals(wanted))
                .toList();
    if (ofNetwork.isEmpty() || prices.batchSize() != plan.batchSize()) {
      throw new InputException(
          "--prices " + file + " has no price of " + wanted + " at batch " + plan.batchSize(),
          BENCHMARK + " with that network and --batch-size",
          "measure it or leave it out");
    }
    ofNetwork.forEach(price -> requireNumbers(file, price));
    VariantPrices kept =
        new VariantPrices(
            prices.machine(), prices.batchSize(), prices.steps(), prices.warmUp(), ofNetwork);
    return new Times(Optional.of(kept), plan);
  }

  private static void requireNumbers(Path file, VariantPrice price) {
    boolean areNumbers =
        Stream.of(price.baseMillis(), price.ratio(), price.skippedRatio())
            .filter(Objects::nonNull)
            .allMatch(x -> Double.isFinite(x) && x > 0);
    if (!areNumbers) {
      throw new InputException(
          "--prices " + file + " has a price of " + price.variant() + " that is no positive number",
          BENCHMARK,
          "measure again or leave it out");
    }
  }

  /** Whether they were measured step by step in turn, on a machine with nothing else to do. */
  boolean areMeasured() {
    return prices.isPresent();
  }

  String inWords() {
    return prices
        .map(
            all ->
                "steps times the price of a step, each measured in turn with the base optimizer: "
                    + all.machine())
        .orElse("the steps of the runs themselves, whatever else the machine did");
  }

  /** What a step costs on average, base = 1; NaN if it was not measured. */
  double ratio(Contestant contestant, Result result) {
    return prices
        .map(
            all ->
                contestant.variant().hasSam()
                    ? price(all, contestant).map(p -> p.ratioAt(share(contestant, result)))
                    : Optional.of(1.0))
        .flatMap(ratio -> ratio)
        .orElse(Double.NaN);
  }

  private static double share(Contestant contestant, Result result) {
    return contestant.variant().skipsSteps() ? result.secondPassShare() : 1;
  }

  private static Optional<VariantPrice> price(VariantPrices all, Contestant contestant) {
    return all.prices().stream()
        .filter(price -> price.variant().equals(contestant.variant().toString()))
        .findFirst();
  }

  /** The time of a whole training, in seconds. */
  double seconds(Contestant contestant, Result result) {
    if (prices.isEmpty()) {
      return result.stepSeconds();
    }
    double[] base =
        prices.get().prices().stream().mapToDouble(VariantPrice::baseMillis).sorted().toArray();
    int middle = base.length / 2;
    double baseMillis = base.length % 2 == 1 ? base[middle] : (base[middle - 1] + base[middle]) / 2;
    return result.runs().get(0).steps() * ratio(contestant, result) * baseMillis / 1000;
  }
}
