package org.samtf;

import java.util.Optional;
import org.samtf.internal.graph.Arguments;

/** What a step does about gradients that are not finite, and against their becoming so. */
final class FiniteRule {

  final NotFinite notFinite;

  /** How the loss is scaled, if it is. */
  final Optional<LossScaling> lossScaling;

  /** What a builder has been told so far. */
  static final class Draft {
    private Optional<NotFinite> notFinite = Optional.empty();
    private Optional<LossScaling> lossScaling = Optional.empty();

    void notFinite(NotFinite rule) {
      notFinite = Optional.of(Arguments.given(rule, "notFinite"));
    }

    void lossScaling(LossScaling scaling) {
      if (lossScaling.isPresent() && lossScaling.get().isDynamic != scaling.isDynamic) {
        throw new IllegalArgumentException(
            "lossScale and dynamicLossScale are both given; use one of them");
      }
      lossScaling = Optional.of(scaling);
    }
  }

  /**
   * Takes the settings as they are now.
   *
   * @throws IllegalArgumentException if they do not go together
   */
  FiniteRule(Draft draft) {
    lossScaling = draft.lossScaling;
    notFinite = draft.notFinite.orElse(lossScaling.isEmpty() ? NotFinite.FAIL : NotFinite.SKIP);
    if (lossScaling.isPresent() && notFinite == NotFinite.FAIL) {
      throw new IllegalArgumentException(
          "notFinite is FAIL, but a step in which a scaled loss overflows has to be skipped; leave"
              + " notFinite or the loss scale out");
    }
  }

  boolean skips() {
    return notFinite == NotFinite.SKIP;
  }

  /** For what a setting's value says. */
  void appendTo(StringBuilder text) {
    if (skips()) {
      text.append(", notFinite=").append(notFinite);
    }
    lossScaling.ifPresent(scaling -> text.append(", lossScale=").append(scaling));
  }
}
