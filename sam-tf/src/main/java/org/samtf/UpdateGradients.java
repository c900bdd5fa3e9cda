package org.samtf;

import java.util.List;
import org.tensorflow.Output;

/** What an optimizer is to apply: there once all of it is finite, and the step is over with w. */
final class UpdateGradients {

  final List<Output<?>> variables;

  /** The gradient in each of {@link #variables}. */
  final List<Output<?>> gradients;

  UpdateGradients(List<Output<?>> variables, Barrier barrier) {
    this.variables = variables;
    this.gradients = barrier.gradients();
  }
}
