package org.samtf.internal.flat;

import com.google.protobuf.Message;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.samtf.internal.graph.GraphCopy;
import org.samtf.internal.graph.Protos;

/** A node of a graph that is being made. Its inputs are {@code op:0}, or {@code ^op}. */
final class FlatNode {

  /** TensorFlow's numbers of types. */
  static final int FLOAT = 1;

  static final int INT32 = 3;

  private static final String OWN = "_";

  final String name;
  String type;
  String device = "";
  final List<String> inputs = new ArrayList<>();

  /** Attributes by name, each an {@code AttrValue}. */
  final Map<String, Message> attributes = new LinkedHashMap<>();

  FlatNode(String name, String type, String... inputs) {
    this.name = name;
    this.type = type;
    this.inputs.addAll(List.of(inputs));
  }

  /** Reads a node, with other inputs and a name of its own. */
  static FlatNode of(String name, Message nodeDef, List<String> inputs) {
    var source = Protos.node(nodeDef);
    FlatNode node = new FlatNode(name, source.getOp());
    node.device = source.getDevice();
    node.inputs.addAll(inputs);
    node.attributes.putAll(source.getAttrMap());
    return node;
  }

  /** An int32 scalar. */
  static FlatNode constant(String name, int value) {
    FlatNode node = new FlatNode(name, "Const").with("dtype", INT32);
    var attribute = Protos.attribute();
    attribute.getTensorBuilder().setDtypeValue(INT32).addIntVal(value).getTensorShapeBuilder();
    node.attributes.put("value", attribute.build());
    return node;
  }

  /** Sets an attribute that is a type, by its number. */
  FlatNode with(String attribute, int type) {
    attributes.put(attribute, Protos.attribute().setTypeValue(type).build());
    return this;
  }

  /** Sets an attribute. */
  FlatNode with(String attribute, Message value) {
    attributes.put(attribute, value);
    return this;
  }

  /** The number of the type that an attribute is. */
  int type(String attribute) {
    return Protos.attribute(attribute(attribute)).getTypeValue();
  }

  /** The text that an attribute is; empty if there is none. */
  String text(String attribute) {
    Message value = attributes.get(attribute);
    return value == null ? "" : Protos.attribute(value).getS().toStringUtf8();
  }

  /** The function that an attribute names; empty if it names none. */
  String function(String attribute) {
    Message value = attributes.get(attribute);
    return value == null ? "" : Protos.attribute(value).getFunc().getName();
  }

  /**
   * An attribute.
   *
   * @throws IllegalArgumentException if there is none
   */
  Message attribute(String attribute) {
    Message value = attributes.get(attribute);
    if (value == null) {
      throw new IllegalArgumentException(
          "op \"" + name + "\" (" + type + ") has no attribute " + attribute);
    }
    return value;
  }

  /**
   * An input that is a tensor.
   *
   * @throws IllegalArgumentException if there is none
   */
  String input(int index) {
    if (index >= inputs.size() || isControl(inputs.get(index))) {
      throw new IllegalArgumentException(
          "op \"" + name + "\" (" + type + ") has no input " + index);
    }
    return inputs.get(index);
  }

  /** The inputs that are tensors. */
  List<String> data() {
    List<String> data = new ArrayList<>(inputs);
    data.removeIf(FlatNode::isControl);
    return data;
  }

  /** The ops that this one waits for, as inputs. */
  List<String> controls() {
    List<String> controls = new ArrayList<>(inputs);
    controls.removeIf(input -> !isControl(input));
    return controls;
  }

  /** Becomes an op of another type, with other inputs; what it waits for stays. */
  void become(String newType, List<String> data) {
    List<String> controls = controls();
    type = newType;
    inputs.clear();
    inputs.addAll(data);
    inputs.addAll(controls);
  }

  /** The node, to import. What is only for Python's eyes is left out. */
  Message toNodeDef() {
    var node = Protos.node().setName(name).setOp(type).setDevice(device).addAllInput(inputs);
    attributes.forEach(
        (attribute, value) -> {
          if (!attribute.startsWith(OWN) || attribute.equals(GraphCopy.PYTHON_GRADIENT)) {
            node.putAttr(attribute, Protos.attribute(value));
          }
        });
    return node.build();
  }

  static boolean isControl(String input) {
    return input.startsWith("^");
  }

  /** The op that an input comes from. */
  static String op(String input) {
    if (isControl(input)) {
      return input.substring(1);
    }
    int colon = input.lastIndexOf(':');
    return colon < 0 ? input : input.substring(0, colon);
  }

  /** Which output of the op an input is. */
  static int output(String input) {
    int colon = input.lastIndexOf(':');
    try {
      return colon < 0 ? 0 : Integer.parseInt(input.substring(colon + 1));
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException("there is no tensor \"" + input + "\"", e);
    }
  }

  /** An input as {@code op:0}, or {@code ^op}. */
  static String canonical(String input) {
    return isControl(input) ? input : op(input) + ":" + output(input);
  }
}
