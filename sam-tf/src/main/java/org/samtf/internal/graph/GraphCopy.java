package org.samtf.internal.graph;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.bytedeco.javacpp.PointerScope;
import org.tensorflow.Graph;
import org.tensorflow.GraphOperation;
import org.tensorflow.GraphOperationBuilder;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.internal.c_api.TF_Status;
import org.tensorflow.internal.c_api.global.tensorflow;

/**
 * A copy of ops of a graph, of some or of many, beside them.
 *
 * <p>A copy has the type, the attributes and, below a scope, the name of its original. What its
 * original reads and waits for, it reads and waits for too, with two changes: first what {@link
 * #reading} and {@link #waitingFor} put in its place, and then, of what has been copied, the copy.
 * So ops are to be added after those that they come from, as {@link #addAll} does.
 *
 * <p>An op cannot be changed once it is in a graph: this is how to write it again with another
 * input, a further control input or on another device.
 */
public final class GraphCopy {

  /** What copies read in place of what their originals do. */
  @FunctionalInterface
  public interface Inputs {

    /**
     * A tensor of the originals, whose copy is read if there is one; or any other.
     *
     * @param reader the op to be copied
     * @param index the position of the input among those of {@code reader}
     * @param input what {@code reader} reads there
     */
    Output<?> replacing(GraphOperation reader, int index, Output<?> input);
  }

  /** The attribute that says beside which ops an op is to stand. */
  public static final String COLOCATION = "_class";

  /** What the name of such an op follows in it. */
  public static final String COLOCATED_WITH = "loc:@";

  /** The attribute by which Python says that an op has a gradient that is Python code. */
  public static final String PYTHON_GRADIENT = "_gradient_op_type";

  /** The type of op that Python writes it on. */
  private static final String WITH_PYTHON_GRADIENT = "IdentityN";

  /** The second seed attribute of random ops; the first is usually the graph's. */
  private static final String SEED = "seed2";

  private final Graph graph;
  private final GraphScope scope;
  private final Map<GraphOperation, GraphOperation> copies = new HashMap<>();
  private final Map<String, GraphScope> scopesByDevice = new HashMap<>();
  private String device = "";
  private int draw;
  private Inputs inputs = (reader, index, input) -> input;
  private UnaryOperator<GraphOperation> controls = control -> control;

  private GraphCopy(GraphScope scope) {
    this.graph = scope.env();
    this.scope = scope;
  }

  /** Copies go below {@code scope}, each on the device of its original. */
  public static GraphCopy below(GraphScope scope) {
    return new GraphCopy(scope);
  }

  /**
   * Puts copies on a device, if they can be there; the others are left to TensorFlow.
   *
   * @param newDevice the device; if empty, each is on that of its original
   */
  public GraphCopy on(String newDevice) {
    this.device = newDevice;
    return this;
  }

  /**
   * Lets random ops draw other numbers than their originals do.
   *
   * @param number how many other copies of the same ops there are: an op with a seed would draw the
   *     same numbers in each
   */
  public GraphCopy drawing(int number) {
    this.draw = number;
    return this;
  }

  /** Lets copies read other tensors. */
  public GraphCopy reading(Inputs replacement) {
    this.inputs = replacement;
    return this;
  }

  /**
   * Lets copies wait for other ops.
   *
   * @param replacement an original, whose copy is waited for if there is one, or any other op; or
   *     null for none
   */
  public GraphCopy waitingFor(UnaryOperator<GraphOperation> replacement) {
    this.controls = replacement;
    return this;
  }

  /** Adds the copy of an op. */
  public GraphOperation add(GraphOperation op) {
    return add(op, List.of());
  }

  /**
   * Adds the copy of an op.
   *
   * @param after what the copy waits for besides; of what has been copied, for the copy
   */
  public GraphOperation add(GraphOperation op, Collection<GraphOperation> after) {
    return write(op, inputsOf(op), controlsOf(op, after));
  }

  /**
   * Adds the copy of an op if it would read or wait for anything else than the op itself does.
   *
   * @return the copy, or the op itself
   */
  public GraphOperation addIfChanged(GraphOperation op, Collection<GraphOperation> after) {
    List<Output<?>> newInputs = inputsOf(op);
    Set<GraphOperation> newControls = controlsOf(op, after);
    boolean isChanged = !newControls.equals(Edges.controlsInto(op)) || !newInputs.equals(read(op));
    return isChanged ? write(op, newInputs, newControls) : op;
  }

  /**
   * Adds copies of ops, in an order in which each comes after what it is computed from.
   *
   * @throws IllegalArgumentException if some of them are a loop
   */
  public void addAll(Collection<GraphOperation> ops) {
    Set<GraphOperation> wanted = new HashSet<>(ops);
    for (GraphOperation op : Edges.inputsFirst(ops, wanted::contains)) {
      for (GraphOperation source : Edges.into(op)) {
        if (wanted.contains(source) && !copies.containsKey(source)) {
          throw new IllegalArgumentException(
              "op \""
                  + op.name()
                  + "\" ("
                  + op.type()
                  + ") is part of a loop with a back edge, which cannot be copied");
        }
      }
      add(op);
    }
  }

  /** Has all copies that are added from now on use {@code instead} as the copy of {@code op}. */
  public void put(GraphOperation op, GraphOperation instead) {
    copies.put(op, instead);
  }

  /** The copy of an op, or the op itself if it has none. */
  public GraphOperation of(GraphOperation op) {
    return copies.getOrDefault(op, op);
  }

  /** The output of the copy, or the output itself if its op has no copy. */
  public Output<?> of(Output<?> output) {
    GraphOperation copy = copies.get(output.op());
    return copy == null ? output : copy.output(output.index());
  }

  /** What the copy of {@code op} reads. */
  public List<Output<?>> inputsOf(GraphOperation op) {
    List<Output<?>> originals = read(op);
    List<Output<?>> replaced = new ArrayList<>(originals.size());
    for (int i = 0; i < originals.size(); i++) {
      replaced.add(of(inputs.replacing(op, i, originals.get(i))));
    }
    return replaced;
  }

  /** What the copy of {@code op} waits for. */
  public Set<GraphOperation> controlsOf(GraphOperation op) {
    return controlsOf(op, List.of());
  }

  private Set<GraphOperation> controlsOf(GraphOperation op, Collection<GraphOperation> after) {
    Set<GraphOperation> replaced = new LinkedHashSet<>();
    for (GraphOperation control : Edges.controlsInto(op)) {
      GraphOperation replacement = controls.apply(control);
      if (replacement != null) {
        replaced.add(of(replacement));
      }
    }
    for (GraphOperation control : after) {
      replaced.add(of(control));
    }
    return replaced;
  }

  private static List<Output<?>> read(GraphOperation op) {
    List<Operand<?>> operands = op.inputs();
    List<Output<?>> outputs = new ArrayList<>(operands.size());
    for (Operand<?> operand : operands) {
      outputs.add(operand.asOutput());
    }
    return outputs;
  }

  private GraphOperation write(
      GraphOperation op, List<Output<?>> newInputs, Set<GraphOperation> newControls) {
    String type = op.type();
    GraphOperationBuilder builder =
        graph.opBuilder(
            type,
            scope.uniqueName(op.name()),
            scopesByDevice.computeIfAbsent(deviceFor(op), scope::withDeviceString));
    OpDefs.Definition definition = OpDefs.of(type);
    int next = 0;
    for (OpDefs.Argument argument : definition.arguments) {
      if (argument.isList) {
        int end = next + argument.length(op);
        builder.addInputList(newInputs.subList(next, end).toArray(new Output<?>[0]));
        next = end;
      } else {
        builder.addInput(newInputs.get(next++));
      }
    }
    for (String attribute : definition.ownAttributes) {
      if (draw > 0 && attribute.equals(SEED) && isSeeded(op)) {
        builder.setAttr(SEED, op.attributes().getAttrInt(SEED) + draw);
      } else {
        builder.setAttr(attribute, op.attributes().getAttrValueProto(attribute));
      }
    }
    if (device.isEmpty() && hasAttribute(op, COLOCATION)) {
      builder.setAttr(COLOCATION, colocations(op));
    }
    if (type.equals(WITH_PYTHON_GRADIENT) && hasAttribute(op, PYTHON_GRADIENT)) {
      builder.setAttr(PYTHON_GRADIENT, op.attributes().getAttrValueProto(PYTHON_GRADIENT));
    }
    newControls.forEach(builder::addControlInput);
    GraphOperation copy = builder.build();
    copies.put(op, copy);
    return copy;
  }

  private String deviceFor(GraphOperation op) {
    if (device.isEmpty()) {
      return op.device();
    }
    return Kernels.canRun(op, device) ? device : "";
  }

  /** Both seeds are 0 if an op is to be seeded by chance. */
  private static boolean isSeeded(GraphOperation op) {
    return op.attributes().getAttrInt("seed") != 0 || op.attributes().getAttrInt(SEED) != 0;
  }

  /** An op that stands beside a copied op is copied to stand beside the copy. */
  private String[] colocations(GraphOperation op) {
    String[] colocations = op.attributes().getAttrStringList(COLOCATION);
    for (int i = 0; i < colocations.length; i++) {
      if (colocations[i].startsWith(COLOCATED_WITH)) {
        String name = colocations[i].substring(COLOCATED_WITH.length());
        GraphOperation target = op.env().operation(name);
        colocations[i] = COLOCATED_WITH + (target == null ? name : of(target).name());
      }
    }
    return colocations;
  }

  /** Whether an op has an attribute, of its definition or beside it. */
  public static boolean hasAttribute(GraphOperation op, String name) {
    try (PointerScope pointers = new PointerScope()) {
      TF_Status status = TF_Status.newStatus();
      tensorflow.TF_OperationGetAttrMetadata(op.getUnsafeNativeHandle(), name, status);
      return tensorflow.TF_GetCode(status) == tensorflow.TF_OK;
    }
  }
}
