package org.samtf.internal.graph;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.tensorflow.GraphOperation;
import org.tensorflow.TensorFlow;

/** What TensorFlow's op registry says of the op types: arguments, attributes, state. */
public final class OpDefs {

  /** One input argument: a single tensor, or a list of them. */
  public static final class Argument {
    public final String name;
    public final boolean isList;
    public final boolean isRef;

    private Argument(String name, boolean isList, boolean isRef) {
      this.name = name;
      this.isList = isList;
      this.isRef = isRef;
    }

    /** How many tensors this argument of {@code op} has. */
    public int length(GraphOperation op) {
      return isList ? op.inputListLength(name) : 1;
    }
  }

  /** One op type. */
  public static final class Definition {
    public final boolean isStateful;
    public final boolean takesRef;

    /** Whether an output is a reference: to a variable, or a queue or table of old. */
    public final boolean makesRef;

    public final List<Argument> arguments;

    /** The attributes that an op builder cannot work out from the inputs. */
    public final List<String> ownAttributes;

    private Definition(
        boolean isStateful,
        boolean takesRef,
        boolean makesRef,
        List<Argument> arguments,
        List<String> ownAttributes) {
      this.isStateful = isStateful;
      this.takesRef = takesRef;
      this.makesRef = makesRef;
      this.arguments = arguments;
      this.ownAttributes = ownAttributes;
    }

    /** Whether the input at {@code index} of {@code op} is taken by reference. */
    public boolean isRefInput(GraphOperation op, int index) {
      if (!takesRef) {
        return false;
      }
      int first = 0;
      for (Argument argument : arguments) {
        first += argument.length(op);
        if (index < first) {
          return argument.isRef;
        }
      }
      return false;
    }
  }

  /** Remembers what was registered, and looks again when asked for what was not. */
  static final class Registry {
    private final Supplier<Map<String, Definition>> source;
    private volatile Map<String, Definition> byType = Map.of();

    Registry(Supplier<Map<String, Definition>> source) {
      this.source = source;
    }

    boolean has(String type) {
      if (!byType.containsKey(type)) {
        // Nothing was read so far, or an op library has been loaded since.
        byType = source.get();
      }
      return byType.containsKey(type);
    }

    Definition find(String type) {
      Definition definition = has(type) ? byType.get(type) : null;
      if (definition == null) {
        throw new IllegalArgumentException("TensorFlow has no op of type " + type);
      }
      return definition;
    }
  }

  private static final Registry REGISTRY = new Registry(OpDefs::read);

  private OpDefs() {}

  /**
   * The definition of an op type.
   *
   * @throws IllegalArgumentException if TensorFlow has no such op, as when a library of custom ops
   *     has not been loaded
   */
  public static Definition of(String type) {
    return REGISTRY.find(type);
  }

  /** Whether TensorFlow has such an op. */
  public static boolean isKnown(String type) {
    return REGISTRY.has(type);
  }

  /** Whether an input of an op is taken by reference: a variable itself and not its value. */
  public static boolean isRefInput(GraphOperation op, int index) {
    return of(op.type()).isRefInput(op, index);
  }

  /** All that TensorFlow has registered now. */
  static Map<String, Definition> read() {
    Map<String, Definition> byType = new HashMap<>();
    for (var op : TensorFlow.registeredOpList().getOpList()) {
      List<Argument> arguments = new ArrayList<>();
      List<String> inferred = new ArrayList<>();
      boolean takesRef = false;
      for (var input : op.getInputArgList()) {
        boolean isList = !input.getNumberAttr().isEmpty() || !input.getTypeListAttr().isEmpty();
        arguments.add(new Argument(input.getName(), isList, input.getIsRef()));
        takesRef |= input.getIsRef();
        inferred.add(input.getTypeAttr());
        inferred.add(input.getNumberAttr());
        inferred.add(input.getTypeListAttr());
      }
      List<String> ownAttributes = new ArrayList<>();
      for (var attribute : op.getAttrList()) {
        if (!inferred.contains(attribute.getName())) {
          ownAttributes.add(attribute.getName());
        }
      }
      byType.put(
          op.getName(),
          new Definition(
              op.getIsStateful(),
              takesRef,
              op.getOutputArgList().stream().anyMatch(output -> output.getIsRef()),
              List.copyOf(arguments),
              List.copyOf(ownAttributes)));
    }
    return byType;
  }
}
