package org.samtf.internal.flat;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.samtf.internal.graph.Protos;

/** What a model says of its variables: names, and which are to be trained. */
public final class SavedVariables {

  private static final String KEY_END = "/.ATTRIBUTES/VARIABLE_VALUE";
  private static final String VALID = "[A-Za-z0-9.][A-Za-z0-9_./-]*";
  private static final String UNNAMED = "(Resource)?Variable(_\\d+)?";

  /** By the key in the checkpoint, and by name. */
  private final Map<String, Boolean> byKey = new HashMap<>();

  private final Map<String, Boolean> byName = new HashMap<>();
  private final Map<String, String> names = new HashMap<>();

  /** By the number of the object. */
  private final Map<Integer, String> keys = new HashMap<>();

  private SavedVariables() {}

  /** Reads what a graph of a SavedModel says: its objects, or its collections. */
  static SavedVariables of(Message metaGraph) {
    SavedVariables found = new SavedVariables();
    if (Protos.metaGraph(metaGraph).getObjectGraphDef().getNodesCount() > 0) {
      found.readObjects(metaGraph);
    } else {
      notTrainable(metaGraph).forEach(name -> found.byName.put(name, false));
    }
    return found;
  }

  /**
   * The variables that are in the collection of all variables, and not in that of those to train.
   *
   * @param metaGraph a graph of a SavedModel
   * @return their names; none if the graph has no such collections
   */
  public static List<String> notTrainable(Message metaGraph) {
    var collections = Protos.metaGraph(metaGraph).getCollectionDefMap();
    Set<String> trainable = new HashSet<>();
    List<String> names = new ArrayList<>();
    for (String key : List.of("trainable_variables", "variables", "moving_average_variables")) {
      var collection = collections.get(key);
      if (collection == null) {
        continue;
      }
      for (ByteString variable : collection.getBytesList().getValueList()) {
        String name = name(variable);
        if (key.equals("trainable_variables")) {
          trainable.add(name);
        } else if (!trainable.contains(name) && !names.contains(name)) {
          names.add(name);
        }
      }
    }
    return trainable.isEmpty() ? List.of() : names;
  }

  private static String name(ByteString variable) {
    try {
      return FlatNode.op(Protos.variable(variable).getVariableName());
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalArgumentException("its collections of variables are damaged", e);
    }
  }

  /** Objects are found by the shortest path to them, as Python does to name keys. */
  private void readObjects(Message metaGraph) {
    var objects = Protos.metaGraph(metaGraph).getObjectGraphDef();
    String[] paths = new String[objects.getNodesCount()];
    paths[0] = "";
    Deque<Integer> todo = new ArrayDeque<>(List.of(0));
    while (!todo.isEmpty()) {
      int id = todo.remove();
      var object = objects.getNodes(id);
      if (object.hasVariable()) {
        keys.put(id, paths[id] + KEY_END);
        boolean trainable = object.getVariable().getTrainable();
        byKey.put(paths[id] + KEY_END, trainable);
        names.put(paths[id] + KEY_END, object.getVariable().getName());
        byName.merge(object.getVariable().getName(), trainable, Boolean::logicalAnd);
      }
      for (var child : object.getChildrenList()) {
        int childId = child.getNodeId();
        if (childId >= 0 && childId < paths.length && paths[childId] == null) {
          String name = child.getLocalName().replace(".", "..").replace("/", ".S");
          paths[childId] = paths[id].isEmpty() ? name : paths[id] + "/" + name;
          todo.add(childId);
        }
      }
    }
  }

  /** The key in the checkpoint of an object that is a variable; null if it is none. */
  String key(int object) {
    return keys.get(object);
  }

  /**
   * What a variable is to be called: as in Python; or, if it has no name of its own there, as the
   * object that it belongs to.
   *
   * @param node what its op is called, which is a number more than the name where there are copies
   * @param key its key in the checkpoint, or null
   */
  String name(String node, String key) {
    String name = names.getOrDefault(key, node);
    if (name.matches(VALID) && !name.matches(UNNAMED)) {
      return name;
    }
    if (key == null || !key.endsWith(KEY_END)) {
      return node;
    }
    String path = key.substring(0, key.length() - KEY_END.length());
    String valid = path.replaceAll("[^A-Za-z0-9_./-]", "_").replaceAll("(^|/)[_/-]+", "$1");
    return valid.matches(VALID) ? valid : node;
  }

  /**
   * Whether a variable is to be trained, as far as the model says.
   *
   * @param key its key in the checkpoint, or null
   */
  boolean isTrainable(String name, String key) {
    Boolean trainable = byKey.get(key);
    return trainable != null ? trainable : byName.getOrDefault(name, true);
  }
}
