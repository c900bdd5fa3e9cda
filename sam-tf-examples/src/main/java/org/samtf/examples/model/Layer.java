package org.samtf.examples.model;

import org.tensorflow.Operand;
import org.tensorflow.types.TFloat32;

/** One layer; its variables exist once, its ops once for each pass. */
interface Layer {
  Operand<TFloat32> apply(Pass pass, Operand<TFloat32> input);
}
