package org.samtf.internal.graph;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.tensorflow.GraphOperation;
import org.tensorflow.Operand;

/** Ops that assign to variables, and which. */
public final class Assignments {

  /** Take a variable itself, and only read it. */
  private static final Set<String> READERS =
      Set.of("RefIdentity", "RefSwitch", "RefMerge", "RefSelect", "IsVariableInitialized");

  private Assignments() {}

  /** Whether ops of a type assign to what they take by reference. */
  public static boolean areMadeBy(String type) {
    return OpDefs.of(type).takesRef && !READERS.contains(type);
  }

  /** The variables that an op assigns to. */
  public static Set<GraphOperation> of(GraphOperation op) {
    Set<GraphOperation> variables = new HashSet<>();
    if (areMadeBy(op.type())) {
      OpDefs.Definition definition = OpDefs.of(op.type());
      List<Operand<?>> inputs = op.inputs();
      for (int i = 0; i < inputs.size(); i++) {
        if (definition.isRefInput(op, i)) {
          variables.add(variableBehind((GraphOperation) inputs.get(i).op()));
        }
      }
    }
    return variables;
  }

  /** A reference comes from a variable, through ops that take it as their first input. */
  private static GraphOperation variableBehind(GraphOperation op) {
    GraphOperation source = op;
    while (OpDefs.of(source.type()).takesRef) {
      source = (GraphOperation) source.inputs().get(0).op();
    }
    return source;
  }
}
