package org.samtf.internal.flat;

import com.google.protobuf.Message;
import java.util.Map;
import org.samtf.internal.graph.NamePatterns;
import org.samtf.internal.graph.Protos;
import org.tensorflow.ndarray.Shape;

/** Gives inputs of signatures sizes that the model leaves open, such as the length of sequences. */
public final class FixedShapes {

  private FixedShapes() {}

  /**
   * The same model with other shapes of inputs.
   *
   * @param shapes by the key of the signature and the name of the input
   * @throws IllegalArgumentException if there is no such input, or it is of another shape
   */
  public static Message in(Message metaGraph, Map<String, Map<String, Shape>> shapes) {
    Message changed = metaGraph;
    for (var signature : shapes.entrySet()) {
      for (var input : signature.getValue().entrySet()) {
        changed = in(changed, signature.getKey(), input.getKey(), input.getValue());
      }
    }
    return changed;
  }

  private static Message in(Message metaGraph, String key, String input, Shape shape) {
    var meta = Protos.metaGraph(metaGraph).toBuilder();
    var signature = meta.getSignatureDefMap().get(key);
    if (signature == null) {
      throw new IllegalArgumentException(
          "it has no signature \""
              + key
              + "\" whose input could be of a shape; it has "
              + NamePatterns.list(meta.getSignatureDefMap().keySet()));
    }
    var tensor = signature.getInputsMap().get(input);
    if (tensor == null) {
      throw new IllegalArgumentException(
          "signature \""
              + key
              + "\" has no input \""
              + input
              + "\"; it has "
              + NamePatterns.list(signature.getInputsMap().keySet()));
    }
    var wanted = Protos.attribute().getShapeBuilder();
    for (long size : shape.asArray()) {
      wanted.addDimBuilder().setSize(size);
    }
    var value = Protos.attribute().setShape(wanted).build();
    for (var node : meta.getGraphDefBuilder().getNodeBuilderList()) {
      if (node.getName().equals(FlatNode.op(tensor.getName()))
          && node.getOp().startsWith("Placeholder")) {
        var had = node.getAttrMap().get("shape");
        if (had != null && !isWithin(shape, had.getShape())) {
          throw new IllegalArgumentException(
              "input \""
                  + input
                  + "\" of signature \""
                  + key
                  + "\" cannot be of shape "
                  + shape
                  + "; it is of "
                  + describe(had.getShape()));
        }
        node.putAttr("shape", value).removeAttr("_output_shapes");
      }
    }
    meta.putSignatureDef(
        key,
        signature.toBuilder()
            .putInputs(input, tensor.toBuilder().setTensorShape(value.getShape()).build())
            .build());
    return meta.build();
  }

  private static boolean isWithin(Shape shape, Message tensorShape) {
    var had = Protos.shape(tensorShape);
    if (had.getUnknownRank()) {
      return true;
    }
    boolean fits = had.getDimCount() == shape.numDimensions();
    for (int i = 0; fits && i < had.getDimCount(); i++) {
      fits = had.getDim(i).getSize() < 0 || had.getDim(i).getSize() == shape.get(i);
    }
    return fits;
  }

  private static String describe(Message tensorShape) {
    var had = Protos.shape(tensorShape);
    long[] sizes = new long[had.getDimCount()];
    for (int i = 0; i < sizes.length; i++) {
      sizes[i] = had.getDim(i).getSize();
    }
    return Shape.of(sizes).toString();
  }
}
