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

  /** Neighbours of one shape, which one op can take apart or put together. */
  List<Run> runs() {
    List<Run> runs = new ArrayList<>();
    for (int start = 0; start < shapes.size(); ) {
      int end = start + 1;
      while (end < shapes.size() && shapes.get(end).equals(shapes.get(start))) {
        end++;
      }
      runs.add(new Run(shapes.get(start), start, end));
      start = end;
    }
    return runs;
  }

  /** Some variables of a group that follow one another and have the same shape. */
  static final class Run {
    final Shape shape;
    final int start;
    final int end;

    private Run(Shape shape, int start, int end) {
      this.shape = shape;
      this.start = start;
      this.end = end;
    }

    int count() {
      return end - start;
    }

    /** How many numbers they have together. */
    long size() {
      return count() * shape.size();
    }
  }
}
