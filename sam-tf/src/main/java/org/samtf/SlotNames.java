package org.samtf;

import java.util.HashMap;
import java.util.Map;
import org.samtf.internal.graph.GraphScope;
import org.samtf.internal.graph.OpKinds;
import org.samtf.internal.graph.Reals;
import org.tensorflow.Graph;
import org.tensorflow.GraphOperation;
import org.tensorflow.Output;
import org.tensorflow.types.family.TType;

/**
 * Lets optimizers train variables whose names have slashes.
 *
 * <p>TF-Java names the slots of a variable after it, and takes no slash in that name. Such a
 * variable is handed to the optimizer through an op that passes its reference on and has a name
 * with dots in their place.
 */
final class SlotNames {

  private final Map<Output<?>, Output<?>> aliases = new HashMap<>();

  /** What to give the optimizer for a variable of the scope's graph. */
  Output<?> alias(GraphScope scope, Output<?> variable) {
    String name = variable.op().name();
    return name.indexOf('/') < 0
        ? variable
        : aliases.computeIfAbsent(variable, v -> write(scope, v, name.replace('/', '.')));
  }

  /** What the optimizer was given for a variable. */
  <T extends TType> Output<T> known(Output<T> variable) {
    return Reals.unchecked(aliases.getOrDefault(variable, variable));
  }

  private static Output<?> write(GraphScope scope, Output<?> variable, String name) {
    Graph graph = scope.env();
    String free = name;
    for (int i = 1; graph.operation(free) != null; i++) {
      free = name + "_" + i;
    }
    GraphOperation alias =
        graph.opBuilder(OpKinds.REFERENCE, free, scope).addInput(variable).build();
    return alias.output(0);
  }
}
