package org.samtf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.samtf.internal.graph.NamePatterns;
import org.tensorflow.Graph;
import org.tensorflow.Session;
import org.tensorflow.framework.optimizers.Momentum;
import org.tensorflow.op.Op;

/** Parts of a model that are picked by name and left as they are. */
class FreezeTest {

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "w1 | b1 w2 b2",
        "w1 b* | w2",
        "w* | b1 b2",
        "?1 | w2 b2",
        "regex:[wb]1 | w2 b2",
      })
  void frozenVariablesStayAsTheyAre(String patterns, String trained) {
    String[] frozen = patterns.split(" ");
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      TestModels.Model model = TestModels.perceptron(graph, session);
      SamOptimizer sam =
          SamOptimizer.builder(graph, new Momentum(graph, 0.1f, 0.9f))
              .freeze(frozen)
              .l2(0.1f)
              .build();
      Op train = sam.minimize(model.loss);
      var before = Values.variables(graph, session);
      session.run(train);
      List<String> changed = Values.changed(before, Values.variables(graph, session));
      changed.removeIf(name -> name.endsWith("-momentum"));
      assertThat(changed).containsExactlyInAnyOrder(trained.split(" "));
      assertThat(sam.step().perturbed()).hasSize(changed.size());
      assertThat(sam.toString()).contains("freeze=[" + frozen[0]);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "conv*; freeze has \"conv*\", which matches no variable; there are w1, b1, w2, b2",
        "w; freeze has \"w\", which matches no variable",
        "[wb]1; freeze has \"[wb]1\", which matches no variable",
        "regex:[wb; freeze has \"regex:[wb\", which is no regular expression",
        "*; freeze takes all of the variables w1, b1, w2, b2, so that none is left to train",
      })
  void aBadPatternIsNamed(String pattern, String message) {
    try (Graph graph = new Graph();
        Session session = new Session(graph)) {
      TestModels.Model model = TestModels.perceptron(graph, session);
      SamOptimizerBuilder builder = SamOptimizer.builder(graph, new Momentum(graph, 0.1f, 0.9f));
      assertThatThrownBy(() -> builder.freeze(pattern).build().minimize(model.loss))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining(message);
    }
  }

  @Test
  void aLongListOfNamesIsCut() {
    List<String> names = IntStream.range(0, 100).mapToObj(i -> "v" + i).toList();
    assertThat(NamePatterns.list(names)).contains("v0, v1").endsWith("v29 and 70 more");
    assertThat(NamePatterns.list(List.of())).isEqualTo("none");
  }
}
