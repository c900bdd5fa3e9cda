package org.samtf.internal.graph;

/**
 * An optimizer that computes gradients in its own way: it goes around others, and none that only
 * changes how gradients are applied goes around it.
 */
public interface GradientsOfItsOwn {}
