package org.samtf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.samtf.Crossings.Crossing;
import org.samtf.internal.graph.GraphScope;
import org.samtf.internal.graph.Protos;
import org.samtf.internal.graph.Reals;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Session;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.types.TFloat32;

/** What the GPU suite looks for is found where two shares of a CPU stand for CPU and GPU. */
class CrossingsTest {

  @Test
  void eachTensorThatGoesToAnotherDeviceIsFoundWithItsSizeInTheRun() {
    try (Graph graph = new Graph();
        Session session = new Session(graph, Protos.config().putDeviceCount("CPU", 2).build());
        TFloat32 fed = TFloat32.vectorOf(1, 2, 3, 4, 5)) {
      Ops here = Ops.create(graph);
      Placeholder<TFloat32> x =
          here.withName("x").placeholder(TFloat32.class, Placeholder.shape(Shape.of(-1)));
      Ops there = GraphScope.unique(graph, "there").withDeviceString("/device:CPU:1").ops();
      Operand<TFloat32> first = here.withName("first").nn.softmax(x);
      Operand<TFloat32> second = there.withName("second").nn.softmax(first);
      Operand<?> size = there.withName("size").size(second);
      Operand<TFloat32> back = here.withName("back").nn.softmax(second);
      List<Crossing> crossings =
          Crossings.run(
              session
                  .runner()
                  .feed(x, fed)
                  .addTarget(back)
                  .addTarget(here.math.neg(Reals.<Operand<TFloat32>>unchecked(size))));
      assertThat(crossings)
          .extracting(Crossing::name, Crossing::from, Crossing::to, Crossing::size)
          .containsExactlyInAnyOrder(
              tuple("first", "/device:CPU:0", "/device:CPU:1", 5L),
              tuple("there/second", "/device:CPU:1", "/device:CPU:0", 5L),
              tuple("there/size", "/device:CPU:1 host", "/device:CPU:0", 1L));
      assertThat(crossings.stream().filter(c -> !c.isOfTheModel()))
          .extracting(Crossing::name)
          .containsExactly("there/size");
    }
  }
}
