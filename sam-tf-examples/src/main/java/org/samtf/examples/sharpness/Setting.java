package org.samtf.examples.sharpness;

/**
 * How networks of the population are trained that differ in their seed only.
 *
 * @param learningRate of momentum
 * @param batchSize images a step
 */
record Setting(float learningRate, int batchSize) {}
