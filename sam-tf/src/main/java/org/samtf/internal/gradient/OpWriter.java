package org.samtf.internal.gradient;

import java.util.List;
import org.samtf.internal.graph.Reals;
import org.tensorflow.Graph;
import org.tensorflow.GraphOperation;
import org.tensorflow.GraphOperationBuilder;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.op.Scope;

/** Writes one op of the gradient of another, from which it can take attributes. */
final class OpWriter {

  private final GraphOperationBuilder builder;
  private final GraphOperation forward;

  OpWriter(Scope scope, String type, GraphOperation forward) {
    this.builder = ((Graph) scope.env()).opBuilder(type, scope.makeOpName(type), scope);
    this.forward = forward;
  }

  OpWriter read(Operand<?>... inputs) {
    for (Operand<?> input : inputs) {
      builder.addInput(input.asOutput());
    }
    return this;
  }

  OpWriter readList(List<? extends Operand<?>> inputs) {
    builder.addInputList(inputs.stream().map(Operand::asOutput).toArray(Output<?>[]::new));
    return this;
  }

  /** Gives the new op attributes that the forward op has, with their values. */
  OpWriter keep(String... attributes) {
    for (String attribute : attributes) {
      builder.setAttr(attribute, forward.attributes().getAttrValueProto(attribute));
    }
    return this;
  }

  OpWriter set(String attribute, boolean value) {
    builder.setAttr(attribute, value);
    return this;
  }

  OpWriter set(String attribute, String value) {
    builder.setAttr(attribute, value);
    return this;
  }

  /** Writes the op. */
  GraphOperation build() {
    return builder.build();
  }

  /** Writes the op and hands out one output. */
  <T> T output(int index) {
    return Reals.unchecked(build().output(index));
  }
}
