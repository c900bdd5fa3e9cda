package org.samtf.internal.graph;

import com.google.protobuf.ByteString;
import java.lang.reflect.Field;
import java.lang.reflect.InaccessibleObjectException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.PointerScope;
import org.tensorflow.Graph;
import org.tensorflow.GraphOperation;
import org.tensorflow.Output;
import org.tensorflow.internal.c_api.TF_Buffer;
import org.tensorflow.internal.c_api.TF_Graph;
import org.tensorflow.internal.c_api.TF_ImportGraphDefOptions;
import org.tensorflow.internal.c_api.TF_Output;
import org.tensorflow.internal.c_api.TF_Status;
import org.tensorflow.internal.c_api.global.tensorflow;

/**
 * Copies ops among which are loops of ops with back edges.
 *
 * <p>An op is built after its inputs, so a loop cannot be built op by op: it comes into a graph as
 * a GraphDef. Its inputs that are not in there are named in the import, which TensorFlow Java has
 * no method for; TensorFlow has.
 *
 * <p>A frame has one loop: the copies get frames of their own. Where a loop reads a resource
 * variable and another tensor is to be read in its place, that is carried into it and not the
 * handle.
 */
public final class LoopCopy {

  /** What stands in the GraphDef for an input that is not copied. */
  private static final String OUTSIDE = "samtf_outside";

  private static final String ENTER = "Enter";
  private static final String TYPE = "T";
  private static final String FRAME = "frame_name";
  private static final String COLOCATION = "_class";
  private static final String SHAPES = "_output_shapes";

  private final Graph graph;
  private final GraphScope scope;
  private final GraphCopy.Inputs inputs;
  private final Map<GraphOperation, String> names = new LinkedHashMap<>();

  /**
   * The ops that carry a value into a loop which the originals carry the handle of a variable in.
   */
  private final Map<GraphOperation, Output<?>> values = new HashMap<>();

  private final Map<Output<?>, Integer> outside = new LinkedHashMap<>();
  private final Map<GraphOperation, Integer> outsideControls = new LinkedHashMap<>();

  private LoopCopy(GraphScope scope, GraphCopy.Inputs inputs) {
    this.graph = scope.env();
    this.scope = scope;
    this.inputs = inputs;
  }

  /**
   * Copies ops.
   *
   * @param scope where the copies go, under their original names
   * @param ops all that are copied
   * @param inputs what the copies read instead
   * @return the copies, by original
   * @throws IllegalStateException if this TensorFlow Java cannot do it
   */
  public static Map<GraphOperation, GraphOperation> of(
      GraphScope scope, Collection<GraphOperation> ops, GraphCopy.Inputs inputs) {
    LoopCopy copy = new LoopCopy(scope, inputs);
    ops.forEach(op -> copy.names.put(op, scope.uniqueName(op.name())));
    ops.forEach(copy::findValue);
    copy.write();
    Map<GraphOperation, GraphOperation> copies = new HashMap<>();
    copy.names.forEach((op, name) -> copies.put(op, copy.graph.operation(name)));
    return copies;
  }

  private void findValue(GraphOperation op) {
    if (op.type().equals(ENTER)) {
      Output<?> original = op.input(0);
      Output<?> instead = inputs.replacing(op, 0, original);
      if (values.containsKey(original.op())) {
        values.put(op, values.get(original.op()));
      } else if (OpKinds.isResourceVariable(original.op().type()) && !instead.equals(original)) {
        values.put(op, instead);
      }
    }
  }

  private void write() {
    var definition = graph.toGraphDef();
    var copies = definition.toBuilder().clearNode().clearLibrary();
    for (var node : definition.getNodeList()) {
      GraphOperation op = graph.operation(node.getName());
      if (!names.containsKey(op)) {
        continue;
      }
      var copy =
          node.toBuilder()
              .setName(names.get(op))
              .clearInput()
              .removeAttr(COLOCATION)
              .removeAttr(SHAPES);
      List<Output<?>> read = new ArrayList<>();
      op.inputs().forEach(input -> read.add(input.asOutput()));
      for (int i = 0; i < read.size(); i++) {
        copy.addInput(reference(inputs.replacing(op, i, read.get(i))));
      }
      for (GraphOperation control : Edges.controlsInto(op)) {
        copy.addInput("^" + reference(control));
      }
      if (node.containsAttr(FRAME)) {
        var frame = node.getAttrOrThrow(FRAME);
        ByteString own = ByteString.copyFromUtf8(scope.path() + "/").concat(frame.getS());
        copy.putAttr(FRAME, frame.toBuilder().setS(own).build());
      }
      if (values.containsKey(op)) {
        var type = node.getAttrOrThrow(TYPE).toBuilder().setType(values.get(op).dataType());
        copy.putAttr(TYPE, type.build());
      } else if (op.type().equals("ReadVariableOp") && values.containsKey(op.input(0).op())) {
        copy.setOp("Identity").clearAttr().putAttr(TYPE, node.getAttrOrThrow("dtype"));
      }
      copies.addNode(copy);
    }
    importAll(copies.build().toByteArray());
  }

  private String reference(Output<?> output) {
    String name = names.get(output.op());
    if (name != null) {
      return name + ":" + output.index();
    }
    return OUTSIDE + ":" + outside.computeIfAbsent(output, o -> outside.size());
  }

  private String reference(GraphOperation control) {
    String name = names.get(control);
    return name != null
        ? name
        : OUTSIDE
            + "_control_"
            + outsideControls.computeIfAbsent(control, o -> outsideControls.size());
  }

  private void importAll(byte[] definition) {
    try (PointerScope pointers = new PointerScope()) {
      TF_ImportGraphDefOptions options = TF_ImportGraphDefOptions.newImportGraphDefOptions();
      outside.forEach(
          (output, index) -> {
            TF_Output target = new TF_Output();
            target.oper(((GraphOperation) output.op()).getUnsafeNativeHandle());
            target.index(output.index());
            tensorflow.TF_ImportGraphDefOptionsAddInputMapping(options, OUTSIDE, index, target);
          });
      outsideControls.forEach(
          (op, index) ->
              tensorflow.TF_ImportGraphDefOptionsRemapControlDependency(
                  options, OUTSIDE + "_control_" + index, op.getUnsafeNativeHandle()));
      TF_Buffer buffer = TF_Buffer.newBufferFromString(new BytePointer(definition));
      TF_Status status = TF_Status.newStatus();
      tensorflow.TF_GraphImportGraphDef(handle(), buffer, options, status);
      status.throwExceptionIfNotOK();
    }
  }

  private TF_Graph handle() {
    try {
      Field handle = Graph.class.getDeclaredField("nativeHandle");
      handle.setAccessible(true);
      return (TF_Graph) handle.get(graph);
    } catch (ReflectiveOperationException | InaccessibleObjectException e) {
      throw new IllegalStateException(
          "this TensorFlow Java does not let a loop be copied ("
              + e
              + "); put it on the class path and not on the module path",
          e);
    }
  }
}
