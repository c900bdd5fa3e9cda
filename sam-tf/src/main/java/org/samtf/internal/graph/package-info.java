/**
 * A toolkit for graphs of TensorFlow Java that knows nothing of SAM. Not for users: it changes
 * without notice.
 *
 * <ul>
 *   <li>Reading: {@link org.samtf.internal.graph.Upstream} is what a tensor is computed from,
 *       {@link org.samtf.internal.graph.Edges} the walk behind it, {@link
 *       org.samtf.internal.graph.Assignments} which variables ops assign to, {@link
 *       org.samtf.internal.graph.Functions} what functions do.
 *   <li>Knowing: {@link org.samtf.internal.graph.OpDefs} is what TensorFlow's registry says of op
 *       types, {@link org.samtf.internal.graph.OpKinds} what is known besides, {@link
 *       org.samtf.internal.graph.Kernels} what devices can compute.
 *   <li>Writing: {@link org.samtf.internal.graph.GraphScope} names and places ops, {@link
 *       org.samtf.internal.graph.GraphCopy} copies them, {@link org.samtf.internal.graph.Reals}
 *       computes with tensors whose type is known late.
 * </ul>
 */
package org.samtf.internal.graph;
