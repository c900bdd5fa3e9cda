package org.samtf.internal.graph;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.tensorflow.GraphOperation;
import org.tensorflow.Operand;

/** Which variables ops assign to: found by following references. */
public final class Assignments {

  private Assignments() {}

  /** The variables that an op assigns to, or any of which it may. */
  public static Set<GraphOperation> of(GraphOperation op) {
    return OpKinds.isAssignment(op.type()) ? variablesBehind(op) : Set.of();
  }

  /**
   * The variable that an op is; else those that it takes by reference, from other ops too that hand
   * a reference on. More than one if it chooses between them in the run.
   */
  public static Set<GraphOperation> variablesBehind(GraphOperation op) {
    Set<GraphOperation> variables = new LinkedHashSet<>();
    Set<GraphOperation> seen = new HashSet<>();
    Deque<GraphOperation> todo = new ArrayDeque<>();
    todo.add(op);
    while (!todo.isEmpty()) {
      GraphOperation source = todo.remove();
      if (!seen.add(source)) {
        continue;
      }
      OpDefs.Definition definition = OpDefs.of(source.type());
      if (definition.takesRef) {
        List<Operand<?>> inputs = source.inputs();
        for (int i = 0; i < inputs.size(); i++) {
          if (definition.isRefInput(source, i)) {
            todo.add((GraphOperation) inputs.get(i).op());
          }
        }
      } else if (definition.makesRef) {
        variables.add(source);
      }
    }
    return variables;
  }
}
