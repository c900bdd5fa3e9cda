package org.samtf;

import java.util.ArrayList;
import java.util.List;
import org.tensorflow.ndarray.Shape;

/** The variables that one tensor of an ascent is of: one, or small ones laid end to end. */
final class VariableGroup {

  /** The variables' names, for error messages. */
  final List<String> names = new ArrayList<>();

  /** Their shapes; all known if there are several. */
  final List<Shape> shapes = new ArrayList<>();

  private VariableGroup() {}

  static VariableGroup empty() {
    return new VariableGroup();
  }

  static VariableGroup of(String name, Shape shape) {
    VariableGroup group = new VariableGroup();
    group.add(name, shape);
    return group;
  }

  void add(String name, Shape shape) {
    names.add(name);
    shapes.add(shape);
  }

  boolean isSingle() {
    return names.size() == 1;
  }

  int count() {
    return names.size();
  }

  /** How many numbers each has. */
  long[] sizes() {
    return shapes.stream().mapToLong(Shape::size).toArray();
  }
}
