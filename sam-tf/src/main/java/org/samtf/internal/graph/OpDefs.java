package org.samtf.internal.graph;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
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
    public final List<Argument> arguments;

    /** The attributes that an op builder cannot work out from the inputs. */
    public final List<String> ownAttributes;

    private Definition(
        boolean isStateful,
        boolean takesRef,
        List<Argument> arguments,
        List<String> ownAttributes) {
      this.isStateful = isStateful;
      this.takesRef = takesRef;
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

  private static final class Registry {
    private static final Map<String, Definition> BY_TYPE = read();
  }

  private OpDefs() {}

  /**
   * The definition of an op type.
   *
   * @throws IllegalArgumentException if TensorFlow has no such op, as when a library of custom ops
   *     has not been loaded
   */
  public static Definition of(String type) {
    Definition definition = Registry.BY_TYPE.get(type);
    if (definition == null) {
      // An op library may have been loaded after the registry was read.
      definition = read().get(type);
    }
    if (definition == null) {
      throw new IllegalArgumentException("TensorFlow has no op of type " + type);
    }
    return definition;
  }

  private static Map<String, Definition> read() {
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
              op.getIsStateful(), takesRef, List.copyOf(arguments), List.copyOf(ownAttributes)));
    }
    return byType;
  }
}
