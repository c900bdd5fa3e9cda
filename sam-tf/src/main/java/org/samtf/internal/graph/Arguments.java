package org.samtf.internal.graph;

import java.util.Collection;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.op.Op;

/** Checks of arguments: what was given, what is allowed. */
public final class Arguments {

  private Arguments() {}

  /** {@code value}, if it is there. */
  public static <T> T given(T value, String name) {
    if (value == null) {
      throw new IllegalArgumentException(name + " is null; it must be given");
    }
    return value;
  }

  /** {@code values}, if they are there, each of them. */
  public static <T> T[] noneNull(T[] values, String name) {
    for (T value : given(values, name)) {
      given(value, "one of " + name);
    }
    return values;
  }

  /** {@code values}, if there is at least one and none is null. */
  public static <C extends Collection<?>> C notEmpty(C values, String name, String instead) {
    if (given(values, name).isEmpty()) {
      throw new IllegalArgumentException(name + " is empty; " + instead);
    }
    values.forEach(value -> given(value, "one of " + name));
    return values;
  }

  /** {@code value}, if it is finite and not negative. */
  public static float notNegative(float value, String name) {
    if (!(value >= 0) || Float.isInfinite(value)) {
      throw new IllegalArgumentException(
          name + " is " + value + "; it must be finite and at least 0");
    }
    return value;
  }

  /** {@code value}, if it is at least {@code least}. */
  public static int atLeast(int value, int least, String name) {
    if (value < least) {
      throw new IllegalArgumentException(name + " is " + value + "; it must be at least " + least);
    }
    return value;
  }

  /** {@code operand}, if it is of the graph. */
  public static <T extends Operand<?>> T ofGraph(Graph graph, T operand, String name) {
    if (given(operand, name).asOutput().isClosed()) {
      throw new IllegalArgumentException(name + " is closed; give a tensor that is there");
    }
    requireOf(graph, operand, name);
    return operand;
  }

  /** {@code op}, if it is of the graph. */
  public static <T extends Op> T opOfGraph(Graph graph, T op, String name) {
    requireOf(graph, given(op, name), name);
    return op;
  }

  private static void requireOf(Graph graph, Op op, String name) {
    if (op.env() != graph) {
      throw new IllegalArgumentException(
          name + " \"" + op.op().name() + "\" is of another graph; give one of this graph");
    }
  }
}
