package org.samtf.internal.graph;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.tensorflow.Graph;
import org.tensorflow.GraphOperation;
import org.tensorflow.GraphOperationBuilder;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;

class AssignmentsTest {

  private Graph graph;
  private Ops tf;
  private Output<TFloat32> a;
  private Output<TFloat32> b;

  @BeforeEach
  void makeTwoVariables() {
    graph = new Graph();
    tf = Ops.create(graph);
    a = tf.withName("a").variable(Shape.scalar(), TFloat32.class).asOutput();
    b = tf.withName("b").variable(Shape.scalar(), TFloat32.class).asOutput();
  }

  @AfterEach
  void close() {
    graph.close();
  }

  private GraphOperationBuilder op(String type) {
    return graph.opBuilder(type, "handedOn", graph.baseScope());
  }

  private Set<GraphOperation> assignedThrough(GraphOperation handedOn) {
    Operand<TFloat32> reference = handedOn.output(0);
    return Assignments.of((GraphOperation) tf.assign(reference, tf.constant(1f)).op());
  }

  private static GraphOperation op(Output<?> output) {
    return (GraphOperation) output.op();
  }

  @Test
  void assigningToWhatAnAssignmentReturnsIsAssigningToItsVariable() {
    Operand<TFloat32> first = tf.assign(a, tf.constant(1f));
    assertThat(Assignments.of((GraphOperation) tf.assignAdd(first, b).op())).containsExactly(op(a));
  }

  @Test
  void aReferenceThatIsHandedOnLeadsToItsVariable() {
    assertThat(assignedThrough(op("RefIdentity").addInput(a).build())).containsExactly(op(a));
  }

  /** The first input of a RefSelect is the number of the one that it selects. */
  @Test
  void oneOfSelectedReferencesMayBeAssignedTo() {
    GraphOperation select =
        op("RefSelect")
            .addInput(tf.constant(1).asOutput())
            .addInputList(new Output<?>[] {a, b})
            .build();
    assertThat(assignedThrough(select)).containsExactlyInAnyOrder(op(a), op(b));
  }

  @Test
  void oneOfMergedReferencesMayBeAssignedTo() {
    GraphOperation merge = op("RefMerge").addInputList(new Output<?>[] {a, b}).build();
    assertThat(assignedThrough(merge)).containsExactlyInAnyOrder(op(a), op(b));
  }

  @Test
  void aSwitchedReferenceLeadsToItsVariable() {
    GraphOperation choice =
        op("RefSwitch").addInput(a).addInput(tf.constant(true).asOutput()).build();
    assertThat(assignedThrough(choice)).containsExactly(op(a));
  }

  @Test
  void whatHandsAReferenceOnOrReadsAVariableAssignsNothing() {
    GraphOperation reference = op("RefIdentity").addInput(a).build();
    assertThat(Assignments.of(reference)).isEmpty();
    assertThat(Assignments.of(op(tf.identity(a).asOutput()))).isEmpty();
    assertThat(Assignments.of(op(tf.isVariableInitialized(a).asOutput()))).isEmpty();
  }
}
