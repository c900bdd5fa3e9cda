/**
 * Sharpness-Aware Minimization: the optimizers, and what writes a step into a graph.
 *
 * <p>Begin with {@link org.samtf.SamOptimizer}. Its step is written top to bottom by {@code
 * StepWriter}: first passes, ascent, second passes, descent. {@link org.samtf.OrderedOptimizer} is
 * the same update without SAM. Everything else here is package-private and serves these two.
 *
 * <p>The other packages: {@link org.samtf.model} loads and exports models, {@link org.samtf.gpu}
 * says whether a GPU is used, {@link org.samtf.cluster} runs a graph on several machines.
 */
package org.samtf;
