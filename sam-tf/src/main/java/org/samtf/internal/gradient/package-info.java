/**
 * Gradients of ops that TensorFlow's C++ has none for. Begin with {@link
 * org.samtf.internal.gradient.OpGradients}, the table of them, and {@link
 * org.samtf.internal.gradient.Backpropagation}, which puts them together with those of C++.
 *
 * <p>Not for users: it may change with every version.
 */
package org.samtf.internal.gradient;
