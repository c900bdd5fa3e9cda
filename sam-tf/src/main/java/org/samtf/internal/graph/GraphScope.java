package org.samtf.internal.graph;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.tensorflow.ConcreteFunction;
import org.tensorflow.DeviceSpec;
import org.tensorflow.ExecutionEnvironment;
import org.tensorflow.Graph;
import org.tensorflow.Operation;
import org.tensorflow.OperationBuilder;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.Scope;

/**
 * A name scope with a device and control inputs, for graphs of any size.
 *
 * <p>TF-Java's own scopes read the whole graph each time one is made, to collect the names in use.
 * This one asks the graph about one name when that name is wanted, so that adding n ops takes time
 * linear in n. It also takes devices as the strings that ops carry.
 */
public final class GraphScope implements Scope {

  private final Graph graph;
  private final String path;
  private final String opName;
  private final String device;
  private final List<Operation> controls;
  private final boolean init;

  /** How often each full name was asked for; shared by all scopes made from one. */
  private final Map<String, Integer> asked;

  private GraphScope(
      Graph graph,
      String path,
      String opName,
      String device,
      List<Operation> controls,
      boolean init,
      Map<String, Integer> asked) {
    this.graph = graph;
    this.path = path;
    this.opName = opName;
    this.device = device;
    this.controls = controls;
    this.init = init;
    this.asked = asked;
  }

  /**
   * The scope {@code name}, or {@code name_1}, {@code name_2}, … where the graph already has ops
   * below it.
   */
  public static GraphScope unique(Graph graph, String name) {
    requireValid(name);
    Set<String> taken = new HashSet<>();
    graph
        .operations()
        .forEachRemaining(
            op -> {
              String opName = op.name();
              if (opName.startsWith(name)) {
                int slash = opName.indexOf('/');
                taken.add(slash < 0 ? opName : opName.substring(0, slash));
              }
            });
    String candidate = name;
    for (int i = 1; taken.contains(candidate); i++) {
      candidate = name + "_" + i;
    }
    return new GraphScope(graph, candidate, null, "", List.of(), false, new HashMap<>());
  }

  /**
   * Checks the name of an op or of a scope.
   *
   * @throws IllegalArgumentException if TensorFlow would not take it
   */
  public static void requireValid(String name) {
    if (!Scope.isValidOpName(name)) {
      throw new IllegalArgumentException(
          "name is \""
              + name
              + "\"; it must start with a letter, a digit or a dot and go on with those, dashes and"
              + " underscores");
    }
  }

  /** TF-Java's op builders, working in this scope. */
  public Ops ops() {
    return ops(graph, this);
  }

  /** TF-Java's op builders, working in any scope of a graph. */
  static Ops ops(Graph graph, Scope scope) {
    return Ops.create(new ScopedGraph(graph, scope));
  }

  /** The full name of this scope, without a slash at its end. */
  public String path() {
    return path;
  }

  /** The name of the outermost scope that this one is in. */
  public String root() {
    int slash = path.indexOf('/');
    return slash < 0 ? path : path.substring(0, slash);
  }

  /** A name below this scope that no op has, equal to {@code path/name} if that is free. */
  public String uniqueName(String name) {
    String wanted = path + "/" + name;
    int number = asked.getOrDefault(wanted, 0);
    String candidate;
    do {
      candidate = number == 0 ? wanted : wanted + "_" + number;
      number++;
    } while (graph.operation(candidate) != null);
    asked.put(wanted, number);
    return candidate;
  }

  public GraphScope withDeviceString(String newDevice) {
    return new GraphScope(graph, path, opName, newDevice, controls, init, asked);
  }

  @Override
  public Graph env() {
    return graph;
  }

  @Override
  public GraphScope withSubScope(String childScopeName) {
    return new GraphScope(graph, path + "/" + childScopeName, null, device, controls, init, asked);
  }

  @Override
  public GraphScope withName(String newOpName) {
    return new GraphScope(graph, path, newOpName, device, controls, init, asked);
  }

  @Override
  public GraphScope withNameAsSubScope(String defaultName) {
    return withSubScope(opName != null ? opName : defaultName);
  }

  @Override
  public GraphScope withDevice(DeviceSpec newDevice) {
    return withDeviceString(newDevice.toString());
  }

  @Override
  public GraphScope withInitScope() {
    return new GraphScope(graph, path, opName, device, List.of(), true, asked);
  }

  @Override
  public GraphScope withControlDependencyOps(Iterable<Operation> newControls) {
    List<Operation> list = new ArrayList<>();
    newControls.forEach(list::add);
    return new GraphScope(graph, path, opName, device, List.copyOf(list), init, asked);
  }

  @Override
  public GraphScope withControlDependencies(Iterable<Op> newControls) {
    List<Operation> list = new ArrayList<>();
    newControls.forEach(op -> list.add(op.op()));
    return withControlDependencyOps(list);
  }

  @Override
  public String makeOpName(String defaultName) {
    return uniqueName(opName != null ? opName : defaultName);
  }

  @Override
  public String makeUnique(String id) {
    String full = uniqueName(id);
    return full.substring(path.length() + 1);
  }

  @Override
  public void refreshNames() {
    // The graph is asked each time; what is remembered only spares questions.
  }

  @Override
  public OperationBuilder apply(OperationBuilder builder) {
    builder.setDevice(device);
    controls.forEach(builder::addControlInput);
    return builder;
  }

  @Override
  public String getDeviceString() {
    return device;
  }

  @Override
  public boolean isInit() {
    return init;
  }

  /** The graph, with another base scope: the only way to have {@link Ops} in a scope of ours. */
  private static final class ScopedGraph implements ExecutionEnvironment {

    private final Graph graph;
    private final Scope scope;

    ScopedGraph(Graph graph, Scope scope) {
      this.graph = graph;
      this.scope = scope;
    }

    @Override
    public OperationBuilder opBuilder(String type, String name, Scope opScope) {
      return graph.opBuilder(type, name, opScope);
    }

    @Override
    public void attachFunction(ConcreteFunction function) {
      graph.attachFunction(function);
    }

    @Override
    public void checkInput(Operation input) {
      graph.checkInput(input);
    }

    @Override
    public Types environmentType() {
      return Types.GRAPH;
    }

    @Override
    public Scope baseScope() {
      return scope;
    }

    @Override
    public boolean isInitializer(Operation op) {
      return graph.isInitializer(op);
    }
  }
}
