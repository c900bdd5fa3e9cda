/**
 * A toolkit for graphs of TensorFlow Java that knows nothing of SAM: scopes, what is upstream of a
 * tensor, op definitions and kinds, copies of ops, assignments, kernels, arithmetic. Not for users:
 * it changes without notice.
 */
package org.samtf.internal.graph;
