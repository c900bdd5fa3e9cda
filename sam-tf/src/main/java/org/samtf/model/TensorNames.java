package org.samtf.model;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import org.tensorflow.Graph;
import org.tensorflow.GraphOperation;

/** Finds tensors by name; or names that are like one. */
final class TensorNames {

  /** What savers, steps, optimizers of TF-Java and this library name theirs; then a number. */
  private static final Pattern WRITTEN =
      Pattern.compile(
          "(save|Sam|Ordered|Carried|set|reinitialize|hasValue|gradients|Optimizer"
              + "|AdaDelta|AdaGrad|AdaGrad-?DA|Adam|Adamax|Ftrl|GradientDescent|Momentum|Nadam"
              + "|RMSProp)(_\\d+)?(/.*)?",
          Pattern.CASE_INSENSITIVE);

  /** Ops of types that no loss and no feature comes from. */
  private static final Pattern OF_UPDATES =
      Pattern.compile("(Resource)?Apply.*|Assign.*|Save.*|Restore.*|.*Checkpoint.*|Sharded.*");

  /** Of names that have nothing in common. */
  private static final int UNLIKE = 5;

  private final Graph graph;

  /** What assigns, and all that waits for it, such as what a step hands out. */
  private final Set<String> afterUpdates;

  TensorNames(Graph graph) {
    this.graph = graph;
    ModelGraph model = new ModelGraph(graph);
    Set<String> updates = new HashSet<>(model.ops());
    updates.removeIf(op -> model.assignedBy(op).isEmpty());
    afterUpdates = model.after(updates);
  }

  /** The ops that a name may mean. */
  private List<GraphOperation> offered() {
    List<GraphOperation> offered = new ArrayList<>();
    graph
        .operations()
        .forEachRemaining(
            op -> {
              if (isOffered(op)) {
                offered.add(op);
              }
            });
    return offered;
  }

  private boolean isOffered(GraphOperation op) {
    return op.numOutputs() > 0
        && !afterUpdates.contains(op.name())
        && !OF_UPDATES.matcher(op.type()).matches()
        && !WRITTEN.matcher(op.name()).matches();
  }

  /** Names like one, the most alike first; if there are none, of what nothing else is made from. */
  List<String> similar(String name) {
    List<GraphOperation> offered = offered();
    List<String> similar = new ArrayList<>();
    for (GraphOperation op : offered) {
      if (rank(name, op.name()) < UNLIKE) {
        similar.add(op.name());
      }
    }
    similar.sort(
        Comparator.<String>comparingInt(other -> rank(name, other))
            .thenComparingInt(other -> distance(name, other, Integer.MAX_VALUE)));
    return similar.isEmpty() ? ends(offered) : similar;
  }

  /** How unlike two names are. */
  private static int rank(String wanted, String name) {
    String whole = wanted.toLowerCase(Locale.ROOT);
    String other = name.toLowerCase(Locale.ROOT);
    if (whole.equals(other)) {
      return 0;
    }
    String last = last(whole);
    String otherLast = last(other);
    if (last.isEmpty()) {
      return UNLIKE;
    }
    if (last.equals(otherLast)) {
      return 1;
    }
    // A slip of the keyboard, not another word.
    int slips = last.length() < 4 ? 1 : 2;
    if (distance(last, otherLast, slips) <= slips
        && Math.max(last.length(), otherLast.length()) > 2) {
      return 2;
    }
    if (last.length() > 2 && otherLast.contains(last)) {
      return 3;
    }
    if (otherLast.length() > 2 && last.contains(otherLast)) {
      return 4;
    }
    return UNLIKE;
  }

  private static String last(String name) {
    return name.substring(name.lastIndexOf('/') + 1);
  }

  /** How many letters have to be put in, left out or changed; above {@code limit}, more than it. */
  private static int distance(String a, String b, int limit) {
    if (Math.abs(a.length() - b.length()) > limit) {
      return limit + 1; // without counting
    }
    int[] row = new int[b.length() + 1];
    for (int j = 0; j <= b.length(); j++) {
      row[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int changed = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(changed, 1 + Math.min(row[j], row[j - 1]));
      }
    }
    return row[b.length()];
  }

  /** Such as losses: only steps and savers read them, if anything does. */
  private List<String> ends(List<GraphOperation> offered) {
    List<String> ends = new ArrayList<>();
    for (GraphOperation op : offered) {
      if (op.inputs().isEmpty()) {
        continue;
      }
      boolean isRead = false;
      for (int i = 0; i < op.numOutputs(); i++) {
        isRead |= op.consumers(i).stream().anyMatch(this::isOffered);
      }
      if (!isRead) {
        ends.add(op.name());
      }
    }
    return ends;
  }
}
