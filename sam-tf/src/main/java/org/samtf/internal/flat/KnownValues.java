package org.samtf.internal.flat;

import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.function.LongBinaryOperator;
import java.util.function.LongUnaryOperator;
import org.samtf.internal.graph.Protos;

/**
 * What integers and truth values of a graph are, as far as that is certain before it is run:
 * constants, sizes that are known, and what is computed from them.
 */
final class KnownValues {

  /** A scalar or a vector. */
  static final class Value {
    final boolean isScalar;

    /** The entries; null for one that is not known. */
    final List<Long> entries;

    private Value(boolean isScalar, List<Long> entries) {
      this.isScalar = isScalar;
      this.entries = entries;
    }

    static Value scalar(Long entry) {
      return new Value(true, Collections.singletonList(entry));
    }

    static Value vector(List<Long> entries) {
      return new Value(false, entries);
    }

    /** The only entry; null if it is not known or there are others. */
    Long only() {
      return entries.size() == 1 ? entries.get(0) : null;
    }
  }

  private static final int INT32 = 3;
  private static final int INT64 = 9;
  private static final int BOOL = 10;

  private static final int LONGEST = 1 << 16;
  private static final int DEEPEST = 1000;

  private final FunctionInliner inliner;
  private final StaticShapes shapes;

  /** The length of the list that a tensor is; null if it is not known. */
  private Function<String, Long> lengths = list -> null;

  /** By tensor. What is known once stays known. */
  private final Map<String, Value> known = new HashMap<>();

  private final Set<String> unknown = new HashSet<>();
  private int depth;

  KnownValues(FunctionInliner inliner, StaticShapes shapes) {
    this.inliner = inliner;
    this.shapes = shapes;
    shapes.valuesOf(tensor -> depth == 0 ? of(tensor) : find(tensor));
  }

  /** Lets the lengths of lists be known, too. */
  void lengthsOf(Function<String, Long> lists) {
    lengths = lists;
  }

  /** The value of a tensor, or null. */
  Value of(String tensor) {
    unknown.clear();
    depth = 0;
    return find(tensor);
  }

  /** The value of a tensor that is a single number; null if it is not known. */
  Long number(String tensor) {
    Value value = of(tensor);
    return value == null ? null : value.only();
  }

  private Value find(String input) {
    String tensor = inliner.resolved(input);
    Value value = known.get(tensor);
    if (value != null || unknown.contains(tensor) || depth > DEEPEST) {
      return value;
    }
    FlatNode node = inliner.unresolved().get(FlatNode.op(tensor));
    depth++;
    value = node == null ? null : compute(node, FlatNode.output(tensor));
    depth--;
    if (value == null || value.entries.size() > LONGEST) {
      unknown.add(tensor);
      return null;
    }
    known.put(tensor, value);
    return value;
  }

  private Value compute(FlatNode node, int output) {
    switch (node.type) {
      case "Const":
        return constant(node);
      case "Identity":
      case "StopGradient":
      case "PreventGradient":
      case "Snapshot":
        return find(node.input(0));
      case "IdentityN":
        return find(node.input(output));
      case "Cast":
        return isWhole(node.type("SrcT")) && isWhole(node.type("DstT"))
            ? cast(find(node.input(0)), node.type("DstT"))
            : null;
      case "TensorListLength":
        Long length = lengths.apply(node.input(0));
        return length == null ? null : Value.scalar(length);
      case "Shape":
        return shape(node.input(0));
      case "ShapeN":
        return shape(node.input(output));
      case "Rank":
        long[] ranked = shapes.of(node.input(0));
        return ranked == null ? null : Value.scalar((long) ranked.length);
      case "Size":
        return reduced(shape(node.input(0)), 1, (a, b) -> a * b);
      case "Add":
      case "AddV2":
        return each(node, Long::sum);
      case "Sub":
        return each(node, (a, b) -> a - b);
      case "Mul":
        return each(node, (a, b) -> a * b);
      case "FloorDiv":
        return each(node, (a, b) -> Math.floorDiv(a, b));
      case "FloorMod":
        return each(node, (a, b) -> Math.floorMod(a, b));
      case "Minimum":
        return each(node, Math::min);
      case "Maximum":
        return each(node, Math::max);
      case "Less":
        return each(node, (a, b) -> a < b ? 1 : 0);
      case "LessEqual":
        return each(node, (a, b) -> a <= b ? 1 : 0);
      case "Greater":
        return each(node, (a, b) -> a > b ? 1 : 0);
      case "GreaterEqual":
        return each(node, (a, b) -> a >= b ? 1 : 0);
      case "Equal":
        return each(node, (a, b) -> a == b ? 1 : 0);
      case "NotEqual":
        return each(node, (a, b) -> a != b ? 1 : 0);
      case "LogicalAnd":
        return logical(node, 0);
      case "LogicalOr":
        return logical(node, 1);
      case "LogicalNot":
        return each(find(node.input(0)), a -> 1 - a);
      case "Neg":
        return each(find(node.input(0)), a -> -a);
      case "Select":
      case "SelectV2":
        return selected(node);
      case "Pack":
        return packed(node);
      case "ConcatV2":
        return joined(node);
      case "StridedSlice":
        return sliced(node);
      case "GatherV2":
        return gathered(node);
      case "Reshape":
        return reshaped(node);
      case "Squeeze":
        Value squeezed = find(node.input(0));
        return squeezed != null && squeezed.entries.size() == 1
            ? Value.scalar(squeezed.entries.get(0))
            : null;
      case "ExpandDims":
        Value single = find(node.input(0));
        return single != null && single.isScalar ? Value.vector(single.entries) : null;
      case "Range":
        return range(node);
      case "Prod":
        return total(node, 1, (a, b) -> a * b);
      case "Sum":
        return total(node, 0, Long::sum);
      case "Max":
        return total(node, Long.MIN_VALUE, Math::max);
      case "Min":
        return total(node, Long.MAX_VALUE, Math::min);
      case "All":
        return total(node, 1, Math::min);
      case "Any":
        return total(node, 0, Math::max);
      default:
        return null;
    }
  }

  private static boolean isWhole(int type) {
    return type == INT32 || type == INT64 || type == BOOL;
  }

  /** Entries of a type are no more than it can hold. */
  private static Value cast(Value value, int type) {
    return each(value, a -> type == BOOL ? (a == 0 ? 0 : 1) : type == INT32 ? (int) a : a);
  }

  private static Value constant(FlatNode node) {
    var tensor = Protos.attribute(node.attribute("value")).getTensor();
    int type = tensor.getDtypeValue();
    int rank = tensor.getTensorShape().getDimCount();
    long size = rank == 0 ? 1 : tensor.getTensorShape().getDim(0).getSize();
    if (!isWhole(type) || rank > 1 || size < 0 || size > LONGEST) {
      return null;
    }
    List<Long> entries = new ArrayList<>();
    if (!tensor.getTensorContent().isEmpty()) {
      var bytes = tensor.getTensorContent().asReadOnlyByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
      int width = type == INT32 ? 4 : type == INT64 ? 8 : 1;
      while (bytes.remaining() >= width) {
        entries.add(
            width == 4 ? bytes.getInt() : width == 8 ? bytes.getLong() : (long) bytes.get());
      }
      return entries.size() == size ? new Value(rank == 0, entries) : null;
    }
    tensor.getIntValList().forEach(entry -> entries.add((long) entry));
    entries.addAll(tensor.getInt64ValList());
    tensor.getBoolValList().forEach(entry -> entries.add(entry ? 1L : 0L));
    if (entries.size() > size) {
      return null;
    }
    // TensorFlow leaves out repetitions of the last one, and zeros if there is nothing else.
    while (entries.size() < size) {
      entries.add(entries.isEmpty() ? 0L : entries.get(entries.size() - 1));
    }
    return new Value(rank == 0, entries);
  }

  private Value shape(String tensor) {
    long[] sizes = shapes.of(tensor);
    if (sizes == null) {
      return null;
    }
    List<Long> entries = new ArrayList<>();
    for (long size : sizes) {
      entries.add(size < 0 ? null : size);
    }
    return Value.vector(entries);
  }

  private static Value each(Value a, LongUnaryOperator operator) {
    if (a == null) {
      return null;
    }
    List<Long> entries = new ArrayList<>();
    a.entries.forEach(x -> entries.add(x == null ? null : (Long) operator.applyAsLong(x)));
    return new Value(a.isScalar, entries);
  }

  private Value each(FlatNode node, LongBinaryOperator operator) {
    Value a = find(node.input(0));
    Value b = find(node.input(1));
    if (a == null || b == null) {
      return null;
    }
    int size = Math.max(a.entries.size(), b.entries.size());
    if (!fits(a, size) || !fits(b, size)) {
      return null;
    }
    List<Long> entries = new ArrayList<>();
    for (int i = 0; i < size; i++) {
      Long x = entry(a, i);
      Long y = entry(b, i);
      try {
        entries.add(x == null || y == null ? null : (Long) operator.applyAsLong(x, y));
      } catch (ArithmeticException e) {
        return null; // a division by zero
      }
    }
    return new Value(a.isScalar && b.isScalar, entries);
  }

  private static boolean fits(Value value, int size) {
    return value.entries.size() == size || value.entries.size() == 1;
  }

  private static Long entry(Value value, int index) {
    return value.entries.get(value.entries.size() == 1 ? 0 : index);
  }

  /** One side may decide alone. */
  private Value logical(FlatNode node, long decisive) {
    Value a = find(node.input(0));
    Value b = find(node.input(1));
    for (Value side : Arrays.asList(a, b)) {
      if (side != null && side.isScalar && Long.valueOf(decisive).equals(side.only())) {
        Value other = side == a ? b : a;
        if (other == null || other.isScalar) {
          return side;
        }
      }
    }
    return each(node, decisive == 0 ? Math::min : Math::max);
  }

  private Value selected(FlatNode node) {
    Value condition = find(node.input(0));
    if (condition == null || !condition.isScalar || condition.only() == null) {
      return null;
    }
    return find(node.input(condition.only() != 0 ? 1 : 2));
  }

  private Value packed(FlatNode node) {
    List<Long> entries = new ArrayList<>();
    for (String input : node.data()) {
      Value value = find(input);
      if (value != null && !value.isScalar) {
        return null;
      }
      entries.add(value == null ? null : value.only());
    }
    // What is no vector of numbers may look like one whose entries are not known.
    return entries.stream().allMatch(entry -> entry == null) ? null : Value.vector(entries);
  }

  private Value joined(FlatNode node) {
    List<String> data = node.data();
    List<Long> entries = new ArrayList<>();
    for (String input : data.subList(0, data.size() - 1)) {
      Value value = find(input);
      if (value == null || value.isScalar) {
        return null;
      }
      entries.addAll(value.entries);
    }
    return Value.vector(entries);
  }

  private Value sliced(FlatNode node) {
    Value value = find(node.input(0));
    Long begin = number(find(node.input(1)));
    Long end = number(find(node.input(2)));
    Long stride = number(find(node.input(3)));
    if (value == null || value.isScalar || begin == null || end == null || stride == null) {
      return null;
    }
    long size = value.entries.size();
    if (flag(node, "ellipsis_mask") || flag(node, "new_axis_mask") || stride == 0) {
      return null;
    }
    if (flag(node, "shrink_axis_mask")) {
      long index = begin < 0 ? begin + size : begin;
      return index < 0 || index >= size ? null : Value.scalar(value.entries.get((int) index));
    }
    long low = stride > 0 ? 0 : -1;
    long high = stride > 0 ? size : size - 1;
    long from =
        flag(node, "begin_mask") ? (stride > 0 ? low : high) : within(begin, size, low, high);
    long to = flag(node, "end_mask") ? (stride > 0 ? high : low) : within(end, size, low, high);
    List<Long> entries = new ArrayList<>();
    for (long i = from; stride > 0 ? i < to : i > to; i += stride) {
      entries.add(value.entries.get((int) i));
    }
    return Value.vector(entries);
  }

  private static long within(long index, long size, long low, long high) {
    return Math.min(Math.max(index < 0 ? index + size : index, low), high);
  }

  private static boolean flag(FlatNode node, String attribute) {
    return node.attributes.containsKey(attribute)
        && (Protos.attribute(node.attribute(attribute)).getI() & 1) != 0;
  }

  private static Long number(Value value) {
    return value == null ? null : value.only();
  }

  private Value gathered(FlatNode node) {
    Value value = find(node.input(0));
    Value indices = find(node.input(1));
    if (value == null || value.isScalar || indices == null) {
      return null;
    }
    List<Long> entries = new ArrayList<>();
    for (Long index : indices.entries) {
      if (index == null || index < 0 || index >= value.entries.size()) {
        return null;
      }
      entries.add(value.entries.get(index.intValue()));
    }
    return new Value(indices.isScalar, entries);
  }

  private Value reshaped(FlatNode node) {
    Value value = find(node.input(0));
    Value shape = find(node.input(1));
    if (value == null || shape == null || shape.isScalar || shape.entries.size() > 1) {
      return null;
    }
    return new Value(shape.entries.isEmpty(), value.entries);
  }

  private Value range(FlatNode node) {
    Long start = number(find(node.input(0)));
    Long limit = number(find(node.input(1)));
    Long delta = number(find(node.input(2)));
    if (start == null || limit == null || delta == null || delta == 0) {
      return null;
    }
    List<Long> entries = new ArrayList<>();
    for (long i = start; delta > 0 ? i < limit : i > limit; i += delta) {
      entries.add(i);
      if (entries.size() > LONGEST) {
        return null;
      }
    }
    return Value.vector(entries);
  }

  private Value total(FlatNode node, long start, LongBinaryOperator operator) {
    Value axes = find(node.input(1));
    Value value = find(node.input(0));
    if (axes == null || value == null || axes.entries.isEmpty() && !value.isScalar) {
      return null;
    }
    Value total = reduced(value, start, operator);
    boolean keeps =
        node.attributes.containsKey("keep_dims")
            && Protos.attribute(node.attribute("keep_dims")).getB();
    return total == null ? null : new Value(value.isScalar || !keeps, total.entries);
  }

  private static Value reduced(Value value, long start, LongBinaryOperator operator) {
    if (value == null) {
      return null;
    }
    long total = start;
    for (Long entry : value.entries) {
      if (entry == null) {
        return null;
      }
      total = operator.applyAsLong(total, entry);
    }
    return Value.scalar(total);
  }
}
