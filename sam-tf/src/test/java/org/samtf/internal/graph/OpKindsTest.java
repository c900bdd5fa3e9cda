package org.samtf.internal.graph;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.tensorflow.TensorFlow;

/** The table of op types, held against the registry of the TensorFlow that is loaded. */
class OpKindsTest {

  @Test
  void tensorFlowHasEveryTypeOfTheTable() {
    Set<String> unknown = new TreeSet<>(OpKinds.known());
    TensorFlow.registeredOpList().getOpList().forEach(op -> unknown.remove(op.getName()));
    assertThat(unknown).isEmpty();
  }

  /** A queue, a table or a generator that others draw from has its state beside the graph. */
  @Test
  void everyOpWithSeedsAndStateIsRandomUnlessItMakesAHandle() {
    Set<String> unclassified = new TreeSet<>();
    Set<String> found = new TreeSet<>();
    for (var op : TensorFlow.registeredOpList().getOpList()) {
      boolean seeded =
          op.getAttrList().stream().filter(a -> a.getName().matches("seed2?")).count() == 2;
      boolean makesHandle =
          op.getOutputArgList().stream().anyMatch(output -> output.getName().equals("handle"));
      if (op.getIsStateful() && seeded && !makesHandle) {
        found.add(op.getName());
        if (!OpKinds.isRandom(op.getName())) {
          unclassified.add(op.getName());
        }
      }
    }
    assertThat(found).contains("RandomUniform", "Multinomial", "UniformCandidateSampler");
    assertThat(unclassified).isEmpty();
  }

  /** These take a generator from a variable. */
  @Test
  void everyOpThatDrawsFromAVariableIsRandom() {
    Set<String> unclassified = new TreeSet<>();
    Set<String> found = new TreeSet<>();
    for (var op : TensorFlow.registeredOpList().getOpList()) {
      String name = op.getName();
      boolean takesResource =
          op.getInputArgList().stream().anyMatch(input -> input.getName().equals("resource"));
      boolean draws = name.matches("Stateful.*|Rng.*") && op.getOutputArgCount() > 0;
      if (op.getIsStateful() && takesResource && draws) {
        found.add(name);
        if (!OpKinds.isRandom(name)) {
          unclassified.add(name);
        }
      }
    }
    assertThat(found).contains("StatefulUniformFullInt", "StatefulStandardNormal");
    assertThat(unclassified).isEmpty();
  }

  @Test
  void randomOpsHaveState() {
    Map<String, Boolean> stateful = new TreeMap<>();
    TensorFlow.registeredOpList()
        .getOpList()
        .forEach(op -> stateful.put(op.getName(), op.getIsStateful()));
    assertThat(OpKinds.known().stream().filter(OpKinds::isRandom)).allMatch(stateful::get);
  }

  /** Of an op with lists before it, the position of an input would differ from op to op. */
  @Test
  void inputsThatShapeAnOutputArePositionsOfSingleTensors() {
    OpKinds.shapedByValues()
        .forEach(
            (type, inputs) ->
                assertThat(OpDefs.of(type).arguments.size())
                    .as(type)
                    .isGreaterThan(inputs.stream().mapToInt(i -> i).max().orElse(0)));
    OpKinds.shapedByValues()
        .forEach(
            (type, inputs) ->
                assertThat(OpDefs.of(type).arguments).as(type).noneMatch(a -> a.isList));
  }

  @Test
  void theShapeOfAReshapeIsThatOfItsSecondInput() {
    assertThat(OpKinds.isShapedByValues("Reshape", 0)).isFalse();
    assertThat(OpKinds.isShapedByValues("Reshape", 1)).isTrue();
    assertThat(OpKinds.isShapedByValues("Where", 0)).isTrue();
    assertThat(OpKinds.isShapedByValues("StatelessIf", 3)).isTrue();
    assertThat(OpKinds.isShapedByValues("MatMul", 0)).isFalse();
  }
}
