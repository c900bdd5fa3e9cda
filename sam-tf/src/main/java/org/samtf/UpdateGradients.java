package org.samtf;

import java.util.List;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.types.TBool;

/** What an optimizer is to apply, once the step is over with w. */
final class UpdateGradients {

  final List<Output<?>> variables;

  /** The gradient in each of {@link #variables}. */
  final List<Output<?>> gradients;

  /** Whether all of it is finite; if not, it is not to be applied. */
  final Operand<TBool> finite;

  UpdateGradients(List<Output<?>> variables, Barrier barrier) {
    this.variables = variables;
    this.gradients = barrier.gradients();
    this.finite = barrier.finite();
  }
}
