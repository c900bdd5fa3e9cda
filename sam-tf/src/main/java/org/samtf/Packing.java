package org.samtf;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;
import org.samtf.internal.graph.Places;
import org.samtf.internal.graph.Reals;
import org.tensorflow.GraphOperation;
import org.tensorflow.Operand;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.family.TNumber;

/**
 * Small tensors laid end to end in one, so that a device starts one kernel for all of them.
 *
 * <p>To start a kernel on a GPU takes some ten microseconds of the host, whatever its size, and a
 * network has a hundred variables that take less than that to go through. A CPU starts one in a
 * microsecond, which counts where there are many, and tiny ones. The formula of an ascent is of all
 * variables together, or of each number by itself, so it is the same for what is laid end to end.
 * Large tensors stay by themselves: for them a copy would cost time and memory.
 */
final class Packing {

  /** A tensor with more numbers than this takes longer to go through than a kernel to start. */
  static final long SMALL = 1 << 20;

  /** The same for a CPU. */
  static final long SMALL_ON_CPU = 1 << 10;

  /** A CPU lays tensors end to end if at least so many are small. */
  static final int MANY_ON_CPU = 64;

  final List<VariableGroup> groups = new ArrayList<>();

  /** Which tensors make up each of the groups. */
  private final List<List<Integer>> members = new ArrayList<>();

  private final int count;

  /**
   * Whether tensors of one shape are laid end to end, and taken apart, by one op for all of them.
   * That is a copy more, and on GPUs a kernel for each of those that are taken apart.
   */
  private final boolean stacks;

  private Packing(int count, boolean stacks) {
    this.count = count;
    this.stacks = stacks;
  }

  /** As below, all of one kind. */
  static Packing of(boolean cpuOnly, List<? extends Operand<?>> tensors, List<String> names) {
    return of(cpuOnly, tensors, names, i -> "");
  }

  /**
   * Small tensors together if they have the same type, are on the same device and have the same
   * {@code kind}; for CPUs only, each by itself unless there are many.
   */
  static Packing of(
      boolean cpuOnly,
      List<? extends Operand<?>> tensors,
      List<String> names,
      IntFunction<Object> kind) {
    long small = cpuOnly ? SMALL_ON_CPU : SMALL;
    boolean none = cpuOnly && tensors.stream().filter(x -> isSmall(x, small)).count() < MANY_ON_CPU;
    return by(
        i -> {
          Operand<?> tensor = tensors.get(i);
          boolean isAlone = none || !isSmall(tensor, small);
          String device = ((GraphOperation) tensor.op()).device();
          return isAlone ? (Object) i : Arrays.asList(tensor.type(), device, kind.apply(i));
        },
        tensors,
        names,
        cpuOnly);
  }

  private static boolean isSmall(Operand<?> tensor, long most) {
    Shape shape = tensor.shape();
    return !shape.hasUnknownDimension() && shape.size() <= most;
  }

  private static Packing by(
      IntFunction<Object> key,
      List<? extends Operand<?>> tensors,
      List<String> names,
      boolean stacks) {
    Map<Object, List<Integer>> byKey = new LinkedHashMap<>();
    for (int i = 0; i < tensors.size(); i++) {
      byKey.computeIfAbsent(key.apply(i), k -> new ArrayList<>()).add(i);
    }
    Packing packing = new Packing(tensors.size(), stacks);
    for (List<Integer> ofKey : byKey.values()) {
      List<Integer> members = stacks ? byShape(ofKey, tensors) : ofKey;
      VariableGroup group = VariableGroup.empty();
      members.forEach(i -> group.add(names.get(i), tensors.get(i).shape()));
      packing.groups.add(group);
      packing.members.add(members);
    }
    return packing;
  }

  /** Those of one shape one after the other. */
  private static List<Integer> byShape(List<Integer> indices, List<? extends Operand<?>> tensors) {
    Map<Shape, List<Integer>> byShape = new LinkedHashMap<>();
    for (int i : indices) {
      byShape.computeIfAbsent(tensors.get(i).shape(), shape -> new ArrayList<>()).add(i);
    }
    List<Integer> sorted = new ArrayList<>();
    byShape.values().forEach(sorted::addAll);
    return sorted;
  }

  /** What is done with the tensors of each group. */
  interface Visitor {

    /** Takes the tensors of a group and the device that they are on. */
    void visit(String device, List<Operand<TNumber>> members, VariableGroup group);
  }

  /** Goes through the groups of some tensors. */
  void forEach(List<? extends Operand<?>> tensors, Visitor visitor) {
    for (int k = 0; k < groups.size(); k++) {
      List<Operand<TNumber>> ofGroup = new ArrayList<>();
      members.get(k).forEach(i -> ofGroup.add(Reals.unchecked(tensors.get(i))));
      String device = ((GraphOperation) ofGroup.get(0).op()).device();
      visitor.visit(device, ofGroup, groups.get(k));
    }
  }

  /** One tensor for each group, on the device of its tensors. */
  List<Operand<TNumber>> pack(Ops tf, List<? extends Operand<?>> tensors) {
    List<Operand<TNumber>> packed = new ArrayList<>();
    forEach(
        tensors,
        (device, ofGroup, group) ->
            packed.add(concat(Places.beside(tf, ofGroup.get(0)), ofGroup, group)));
    return packed;
  }

  /** The tensors of a group end to end; one tensor as it is. */
  Operand<TNumber> concat(Ops tf, List<Operand<TNumber>> tensors, VariableGroup group) {
    if (group.isSingle()) {
      return tensors.get(0);
    }
    Operand<TInt32> flat = tf.constant(new int[] {-1});
    List<Operand<TNumber>> parts = new ArrayList<>();
    for (VariableGroup.Run run : group.runs()) {
      List<Operand<TNumber>> ofRun = tensors.subList(run.start, run.end);
      if (stacks && ofRun.size() > 1) {
        parts.add(tf.reshape(tf.stack(ofRun), flat));
      } else {
        ofRun.forEach(tensor -> parts.add(tf.reshape(tensor, flat)));
      }
    }
    return parts.size() == 1 ? parts.get(0) : tf.withName("packed").concat(parts, tf.constant(0));
  }

  /** The tensors, in their own order and shapes, from one for each group. */
  List<Operand<TNumber>> unpack(Ops tf, List<Operand<TNumber>> packed) {
    List<Operand<TNumber>> tensors = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      tensors.add(null);
    }
    Map<Shape, Operand<TInt32>> shapes = new HashMap<>();
    for (int k = 0; k < members.size(); k++) {
      Operand<TNumber> ofGroup = packed.get(k);
      List<Operand<TNumber>> parts =
          split(Places.beside(tf, ofGroup), ofGroup, groups.get(k), shapes);
      for (int j = 0; j < parts.size(); j++) {
        tensors.set(members.get(k).get(j), parts.get(j));
      }
    }
    return tensors;
  }

  private List<Operand<TNumber>> split(
      Ops tf, Operand<TNumber> packed, VariableGroup group, Map<Shape, Operand<TInt32>> shapes) {
    if (group.isSingle()) {
      return List.of(packed);
    }
    List<Operand<TNumber>> parts = new ArrayList<>();
    if (stacks) {
      List<VariableGroup.Run> runs = group.runs();
      List<Operand<TNumber>> ofRuns = split(tf, packed, sizes(runs));
      for (int i = 0; i < runs.size(); i++) {
        VariableGroup.Run run = runs.get(i);
        long count = run.count();
        Operand<TNumber> stacked =
            tf.reshape(ofRuns.get(i), tf.constant(ints(run.shape.prepend(count).asArray())));
        parts.addAll(tf.unstack(stacked, count).output());
      }
      return parts;
    }
    for (Operand<TNumber> part :
        split(tf, packed, group.shapes.stream().mapToLong(Shape::size).toArray())) {
      // One constant for all variables of a shape.
      Operand<TInt32> shape =
          shapes.computeIfAbsent(
              group.shapes.get(parts.size()), s -> tf.constant(ints(s.asArray())));
      parts.add(tf.reshape(part, shape));
    }
    return parts;
  }

  /** The sum over each variable of a group of several, from what is laid end to end: a vector. */
  static Operand<TNumber> sums(Ops tf, Operand<TNumber> packed, VariableGroup group) {
    List<VariableGroup.Run> runs = group.runs();
    List<Operand<TNumber>> ofRuns = split(tf, packed, sizes(runs));
    List<Operand<TNumber>> sums = new ArrayList<>();
    for (int i = 0; i < runs.size(); i++) {
      VariableGroup.Run run = runs.get(i);
      Operand<TInt32> rows =
          tf.constant(new int[] {run.count(), Math.toIntExact(run.shape.size())});
      sums.add(tf.sum(tf.reshape(ofRuns.get(i), rows), tf.constant(1)));
    }
    return sums.size() == 1 ? sums.get(0) : tf.concat(sums, tf.constant(0));
  }

  private static long[] sizes(List<VariableGroup.Run> runs) {
    return runs.stream().mapToLong(VariableGroup.Run::size).toArray();
  }

  /** A vector in parts of some sizes. */
  private static List<Operand<TNumber>> split(Ops tf, Operand<TNumber> packed, long[] sizes) {
    if (sizes.length == 1) {
      return List.of(packed);
    }
    return List.copyOf(
        tf.withName("unpacked")
            .splitV(packed, tf.constant(ints(sizes)), tf.constant(0), (long) sizes.length)
            .output());
  }

  /** TensorFlow keeps int32 constants on the host, where they are read, and int64 on the GPU. */
  private static int[] ints(long[] values) {
    return Arrays.stream(values).mapToInt(Math::toIntExact).toArray();
  }
}
