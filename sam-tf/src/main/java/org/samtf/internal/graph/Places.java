package org.samtf.internal.graph;

import org.tensorflow.DeviceSpec;
import org.tensorflow.ExecutionEnvironment;
import org.tensorflow.Graph;
import org.tensorflow.GraphOperation;
import org.tensorflow.Operand;
import org.tensorflow.Operation;
import org.tensorflow.OperationBuilder;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.Scope;

/** Where ops go that work on a large tensor: to its device, so that numbers leave that only. */
public final class Places {

  private Places() {}

  /**
   * Ops on the device of a tensor.
   *
   * @return {@code tf} if the tensor's op has no device, or that of {@code tf}
   */
  public static Ops beside(Ops tf, Operand<?> x) {
    return on(tf, ((GraphOperation) x.op()).device());
  }

  /**
   * Ops on a device.
   *
   * @return {@code tf} if {@code device} is empty, or that of {@code tf}
   */
  public static Ops on(Ops tf, String device) {
    Scope scope = tf.scope();
    if (device.isEmpty() || device.equals(scope.getDeviceString())) {
      return tf;
    }
    return scope instanceof GraphScope
        ? ((GraphScope) scope).withDeviceString(device).ops()
        : GraphScope.ops((Graph) scope.env(), new Placed(scope, device));
  }

  /** Any scope, with another device. */
  private static final class Placed implements Scope {

    private final Scope scope;
    private final String device;

    Placed(Scope scope, String device) {
      this.scope = scope;
      this.device = device;
    }

    private Scope with(Scope other) {
      return new Placed(other, device);
    }

    @Override
    public ExecutionEnvironment env() {
      return scope.env();
    }

    @Override
    public Scope withSubScope(String childScopeName) {
      return with(scope.withSubScope(childScopeName));
    }

    @Override
    public Scope withName(String opName) {
      return with(scope.withName(opName));
    }

    @Override
    public Scope withNameAsSubScope(String defaultName) {
      return with(scope.withNameAsSubScope(defaultName));
    }

    @Override
    public Scope withDevice(DeviceSpec deviceSpec) {
      return scope.withDevice(deviceSpec);
    }

    @Override
    public Scope withInitScope() {
      return with(scope.withInitScope());
    }

    @Override
    public Scope withControlDependencyOps(Iterable<Operation> controls) {
      return with(scope.withControlDependencyOps(controls));
    }

    @Override
    public Scope withControlDependencies(Iterable<Op> controls) {
      return with(scope.withControlDependencies(controls));
    }

    @Override
    public String makeOpName(String defaultName) {
      return scope.makeOpName(defaultName);
    }

    @Override
    public String makeUnique(String id) {
      return scope.makeUnique(id);
    }

    @Override
    public void refreshNames() {
      scope.refreshNames();
    }

    @Override
    public OperationBuilder apply(OperationBuilder builder) {
      return scope.apply(builder).setDevice(device);
    }

    @Override
    public String getDeviceString() {
      return device;
    }

    @Override
    public boolean isInit() {
      return scope.isInit();
    }
  }
}
