package org.samtf.model;

import com.google.protobuf.ByteString;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Supplier;
import org.samtf.internal.graph.Protos;

/** A SavedModel with one thing in it changed: each kind of field of each type of op, and bytes. */
final class DamagedModels {

  /** A damaged saved_model.pb. */
  interface Visitor {
    void visit(String what, Supplier<byte[]> bytes);
  }

  private static final long[] NUMBERS = {
    0, -1, 1 << 30, Integer.MAX_VALUE, 1L << 33, 1L << 62, Long.MAX_VALUE, Long.MIN_VALUE
  };
  private static final int[] TYPES = {0, 1, 7, 9, 20, 21, 64, 101, 999, -1, Integer.MAX_VALUE};

  private final byte[] model;
  private final Visitor visitor;

  private DamagedModels(byte[] model, Visitor visitor) {
    this.model = model;
    this.visitor = visitor;
  }

  /** Every field of one op of each type, and some hundred changes of bytes. */
  static void each(Path savedModel, Visitor visitor) throws IOException {
    DamagedModels models = new DamagedModels(Files.readAllBytes(savedModel), visitor);
    models.fields();
    models.bytes();
  }

  private void bytes() {
    Random random = new Random(1);
    for (int i = 0; i < 400; i++) {
      byte[] changed = model.clone();
      for (int n = 0; n <= i % 3; n++) {
        changed[random.nextInt(changed.length)] = (byte) random.nextInt(256);
      }
      visitor.visit("bytes " + i, () -> changed);
    }
    for (int i = 0; i < 20; i++) {
      int length = random.nextInt(model.length);
      visitor.visit("cut " + i, () -> Arrays.copyOf(model, length));
    }
  }

  private void fields() throws IOException {
    var whole = Protos.savedModel(model);
    var graph = whole.getMetaGraphs(0).getGraphDef();
    Set<String> seen = new HashSet<>();
    for (int n = 0; n < graph.getNodeCount(); n++) {
      var node = graph.getNode(n);
      if (!seen.add(node.getOp())) {
        continue;
      }
      for (String name : new TreeSet<>(node.getAttrMap().keySet())) {
        String what = node.getOp() + "." + name;
        var value = node.getAttrOrThrow(name);
        List<com.google.protobuf.Message> values = new ArrayList<>();
        for (long number : NUMBERS) {
          values.add(value.toBuilder().setI(number).build());
        }
        for (int type : TYPES) {
          values.add(value.toBuilder().setTypeValue(type).build());
        }
        for (long number : NUMBERS) {
          var shape = value.toBuilder();
          shape.getShapeBuilder().clearDim().addDimBuilder().setSize(number);
          values.add(shape.build());
          shape.getShapeBuilder().addDimBuilder().setSize(1L << 40);
          values.add(shape.build());
        }
        var rank = value.toBuilder();
        for (int i = 0; i < 300; i++) {
          rank.getShapeBuilder().addDimBuilder().setSize(2);
        }
        values.add(rank.build());
        values.add(rank.setB(true).build());
        values.add(rank.setF(Float.NaN).build());
        values.add(rank.setS(ByteString.copyFromUtf8("x")).build());
        values.add(rank.setPlaceholder("x").build());
        var function = value.toBuilder();
        function.getFuncBuilder().setName("nothing");
        values.add(function.build());
        if (value.hasTensor()) {
          for (int type : TYPES) {
            var tensor = value.toBuilder();
            tensor.getTensorBuilder().setDtypeValue(type);
            values.add(tensor.build());
            tensor = value.toBuilder();
            tensor.getTensorBuilder().setDtypeValue(type);
            tensor.getTensorBuilder().getTensorShapeBuilder().clearDim();
            tensor.getTensorBuilder().getTensorShapeBuilder().addDimBuilder().setSize(1L << 40);
            values.add(tensor.build());
          }
          for (long number : NUMBERS) {
            var tensor = value.toBuilder();
            tensor.getTensorBuilder().getTensorShapeBuilder().clearDim();
            tensor.getTensorBuilder().getTensorShapeBuilder().addDimBuilder().setSize(number);
            values.add(tensor.build());
            tensor.getTensorBuilder().getTensorShapeBuilder().addDimBuilder().setSize(1L << 40);
            values.add(tensor.build());
            tensor.getTensorBuilder().setTensorContent(ByteString.copyFromUtf8("abcd"));
            values.add(tensor.build());
          }
          var content = value.toBuilder();
          content.getTensorBuilder().setTensorContent(ByteString.copyFromUtf8("abc"));
          values.add(content.build());
        }
        var list = value.toBuilder();
        list.getListBuilder().addI(1L << 40).addI(-1).addI(0);
        values.add(list.build());
        list = value.toBuilder();
        list.getListBuilder().addTypeValue(999).addTypeValue(1);
        values.add(list.build());
        list = value.toBuilder();
        list.getListBuilder().addShapeBuilder().addDimBuilder().setSize(1L << 62);
        list.getListBuilder().addShapeBuilder().addDimBuilder().setSize(-7);
        values.add(list.build());
        if (value.hasList()) {
          for (int i = 0; i < value.getList().getICount(); i++) {
            for (long number : NUMBERS) {
              list = value.toBuilder();
              list.getListBuilder().setI(i, number);
              values.add(list.build());
            }
          }
          for (int i = 0; i < value.getList().getTypeCount(); i++) {
            for (int type : TYPES) {
              list = value.toBuilder();
              list.getListBuilder().setTypeValue(i, type);
              values.add(list.build());
            }
          }
        }
        int index = 0;
        for (var changed : values) {
          var copy = whole.toBuilder();
          byte[] bytes = changed.toByteArray();
          copy.getMetaGraphsBuilder(0)
              .getGraphDefBuilder()
              .getNodeBuilder(n)
              .putAttr(name, value.getParserForType().parseFrom(bytes));
          visitor.visit(
              what + " " + index++ + " " + brief(changed.toString()),
              () -> copy.build().toByteArray());
        }
        var removed = whole.toBuilder();
        removed.getMetaGraphsBuilder(0).getGraphDefBuilder().getNodeBuilder(n).removeAttr(name);
        visitor.visit(what + " removed", () -> removed.build().toByteArray());
      }
      String[] inputs = {"", "^", ":", "x:-1", node.getName(), "x:99999999999999999999"};
      for (int i = 0; i < node.getInputCount(); i++) {
        for (String input : inputs) {
          var copy = whole.toBuilder();
          copy.getMetaGraphsBuilder(0).getGraphDefBuilder().getNodeBuilder(n).setInput(i, input);
          visitor.visit(node.getOp() + " input " + input, () -> copy.build().toByteArray());
        }
        String source = node.getInput(i).replaceAll("[:^].*", "");
        var copy = whole.toBuilder();
        copy.getMetaGraphsBuilder(0)
            .getGraphDefBuilder()
            .getNodeBuilder(n)
            .setInput(i, source + ":2147483647");
        visitor.visit(node.getOp() + " input index", () -> copy.build().toByteArray());
      }
      for (String device : new String[] {"/device:GPU:99999999999", "x", "/job:"}) {
        var copy = whole.toBuilder();
        copy.getMetaGraphsBuilder(0).getGraphDefBuilder().getNodeBuilder(n).setDevice(device);
        visitor.visit(node.getOp() + " device " + device, () -> copy.build().toByteArray());
      }
      for (String name : new String[] {"", "_", graph.getNode(0).getName(), "a b"}) {
        var copy = whole.toBuilder();
        copy.getMetaGraphsBuilder(0).getGraphDefBuilder().getNodeBuilder(n).setName(name);
        visitor.visit(node.getOp() + " name " + name, () -> copy.build().toByteArray());
      }
      for (String op : new String[] {"", "NoOp", "Identity", "Split", "AddN", "While", "_Arg"}) {
        var copy = whole.toBuilder();
        copy.getMetaGraphsBuilder(0).getGraphDefBuilder().getNodeBuilder(n).setOp(op);
        visitor.visit(node.getOp() + " op " + op, () -> copy.build().toByteArray());
      }
    }
  }

  private static String brief(String text) {
    String line = text.replaceAll("\\s+", " ");
    return line.length() > 100 ? line.substring(0, 100) : line;
  }
}
