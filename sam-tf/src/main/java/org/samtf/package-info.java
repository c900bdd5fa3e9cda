/** Sharpness-Aware Minimization for TensorFlow Java. */
package org.samtf;
