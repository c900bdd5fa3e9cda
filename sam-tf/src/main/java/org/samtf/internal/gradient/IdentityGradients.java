package org.samtf.internal.gradient;

import org.samtf.internal.graph.GraphCopy;

/** Ops whose outputs are their inputs. */
final class IdentityGradients {

  private IdentityGradients() {}

  static void ofEach(AtOp at) {
    if (GraphCopy.hasAttribute(at.op, GraphCopy.PYTHON_GRADIENT)) {
      throw new IllegalArgumentException(
          "has a gradient that was written in Python (tf.custom_gradient), which is not in the"
              + " graph");
    }
    for (int i = 0; i < at.op.numOutputs(); i++) {
      int index = i;
      if (at.flows(i)) {
        at.give(i, () -> at.dy(index));
      }
    }
  }

  /** What else the op reads is for a side effect or a check. */
  static void ofFirst(AtOp at) {
    at.give(0, at::dy);
  }
}
