package org.samtf.internal.graph;

import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerPointer;
import org.bytedeco.javacpp.PointerScope;
import org.tensorflow.TensorFlow;
import org.tensorflow.internal.c_api.GradFunc;
import org.tensorflow.internal.c_api.GradOpRegistry;

/** The ops that TensorFlow's C++, or who has registered one there, has a gradient for. */
public final class CppGradients {

  private CppGradients() {}

  /** Whether there is one for a type of op, or it is known that none flows through it. */
  public static boolean has(String type) {
    TensorFlow.version(); // loads the native library
    try (PointerScope pointers = new PointerScope()) {
      return GradOpRegistry.Global()
          .Lookup(type, new GradFunc(new PointerPointer<Pointer>(1)))
          .ok();
    }
  }
}
