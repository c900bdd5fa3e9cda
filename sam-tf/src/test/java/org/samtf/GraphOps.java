package org.samtf;

import java.util.HashSet;
import java.util.Set;
import org.tensorflow.GraphOperation;

/** Walks through a graph. */
public final class GraphOps {

  private GraphOps() {}

  /** {@code last} and all ops that it needs, by data or by control. */
  public static Set<GraphOperation> behind(GraphOperation last) {
    Set<GraphOperation> behind = new HashSet<>(last.env().subgraphToOps(Set.of(last)));
    behind.add(last);
    return behind;
  }
}
