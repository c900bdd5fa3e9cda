package org.samtf.internal.graph;

import org.tensorflow.TensorFlow;
import org.tensorflow.internal.c_api.global.tensorflow;

/** The ops that TensorFlow's C++, or who has registered one there, has a gradient for. */
public final class CppGradients {

  private CppGradients() {}

  /** Whether there is one for a type of op, or it is known that none flows through it. */
  public static boolean has(String type) {
    TensorFlow.version(); // loads the native library
    return tensorflow.TFJ_HasGradient(type);
  }
}
