package org.samtf.internal.flat;

import com.google.protobuf.Message;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.samtf.internal.graph.OpDefs;

/**
 * The ops that optimizers of Python update resource variables with ({@code ResourceApplyAdam},
 * {@code ResourceSparseApplyMomentum}, {@code ResourceScatterAdd} …), as those for reference
 * variables: they are of the same name without {@code Resource}, take the same inputs in the same
 * order, and compute the same.
 */
final class ResourceUpdates {

  private static final String RESOURCE = "Resource";

  private ResourceUpdates() {}

  /** The op for reference variables; empty if there is none, or it takes other inputs. */
  static Optional<String> counterpart(String type) {
    if (!type.startsWith("ResourceApply")
        && !type.startsWith("ResourceSparseApply")
        && !type.startsWith("ResourceScatter")) {
      return Optional.empty();
    }
    String reference = type.substring(RESOURCE.length());
    try {
      return names(type).equals(names(reference)) ? Optional.of(reference) : Optional.empty();
    } catch (IllegalArgumentException e) {
      return Optional.empty(); // such as that of ResourceApplyKerasMomentum
    }
  }

  /** What an op calls its inputs; scatters call the variable otherwise if it is a resource. */
  private static List<String> names(String type) {
    return OpDefs.of(type).arguments.stream()
        .map(argument -> argument.name)
        .map(name -> name.equals("resource") ? "ref" : name)
        .collect(Collectors.toList());
  }

  /** Makes an op its counterpart, which takes these inputs. */
  static void write(FlatNode node, String counterpart, List<String> inputs, Message type) {
    Map<String, Message> before = new LinkedHashMap<>(node.attributes);
    node.become(counterpart, inputs);
    node.attributes.clear();
    node.with("T", type);
    for (String attribute : OpDefs.of(counterpart).ownAttributes) {
      if (before.containsKey(attribute)) {
        node.with(attribute, before.get(attribute));
      }
    }
    if (OpDefs.of(counterpart).arguments.stream().anyMatch(a -> a.name.equals("indices"))) {
      node.with("Tindices", before.get("Tindices"));
    }
  }
}
