package org.samtf.internal.graph;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Which loop each op is in, where loops are made of ops with back edges.
 *
 * <p>A loop is a frame: {@code Enter} ops of its name lead into it, and {@code Exit} ops out of it.
 * Its ops keep what they need from one iteration to the next, and for the backward pass, in stacks
 * and tensor arrays, which are made by an op outside and known by a handle.
 */
public final class Frames {

  private final Map<Node, String> frames = new HashMap<>();
  private final Map<String, String> parents = new HashMap<>();
  private final Map<Node, Node> makers = new HashMap<>();

  /**
   * Looks for loops.
   *
   * @param inputsFirst all ops, each after its inputs but for those that close a loop
   */
  public Frames(List<Node> inputsFirst) {
    int before;
    do {
      before = frames.size();
      inputsFirst.forEach(this::find);
    } while (frames.size() > before);
    for (Node node : inputsFirst) {
      if (keepsState(node.type)) {
        makers.put(node, maker(node));
      }
    }
  }

  private void find(Node node) {
    if (isEnter(node)) {
      String name = node.op.attributes().getAttrString("frame_name");
      String outer = within(node);
      frames.put(node, name);
      if (outer != null) {
        parents.put(name, outer);
      }
    } else if (within(node) != null) {
      frames.put(node, within(node));
    }
  }

  /** The frame that the inputs of an op are in: the innermost, as constants wait for one only. */
  private String within(Node node) {
    String innermost = null;
    for (Node[] sources : new Node[][] {node.inputs, node.controls}) {
      for (Node source : sources) {
        String frame = after(source);
        if (frame != null && (innermost == null || depth(frame) > depth(innermost))) {
          innermost = frame;
        }
      }
    }
    return innermost;
  }

  private String after(Node node) {
    String frame = frames.get(node);
    return frame != null && isExit(node) ? parents.get(frame) : frame;
  }

  private int depth(String frame) {
    int depth = 0;
    for (String at = frame; at != null; at = parents.get(at)) {
      depth++;
    }
    return depth;
  }

  private static boolean isEnter(Node node) {
    return node.type.equals("Enter") || node.type.equals("RefEnter");
  }

  private static boolean isExit(Node node) {
    return node.type.equals("Exit") || node.type.equals("RefExit");
  }

  /** Whether there is a loop. */
  public boolean areThere() {
    return !frames.isEmpty();
  }

  /** The loop that an op is in, or leads into; null if in none. */
  public String of(Node node) {
    return frames.get(node);
  }

  /** Whether ops of a type make, fill or read a stack or a tensor array. */
  public static boolean keepsState(String type) {
    return type.startsWith("Stack") || type.startsWith("TensorArray");
  }

  /**
   * The op that makes the stack or the tensor array that an op fills or reads; the array of a
   * gradient belongs to the one that it is the gradient of. Null for other ops.
   */
  public Node stateOf(Node node) {
    return makers.get(node);
  }

  private static Node maker(Node node) {
    Node at = node;
    while (at.inputs.length > 0
        && (isEnter(at)
            || at.type.equals("Identity")
            || keepsState(at.type) && !at.type.matches("Stack(V2)?|TensorArray(V\\d)?"))) {
      at = at.inputs[0];
    }
    return at;
  }
}
