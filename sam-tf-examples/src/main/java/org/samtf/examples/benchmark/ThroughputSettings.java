package org.samtf.examples.benchmark;

import java.util.List;

/**
 * What is measured, and how often.
 *
 * @param networks the networks
 * @param xla whether TensorFlow compiles with XLA what it can
 * @param mixedPrecision whether TensorFlow computes in float16 what it can, on a GPU
 * @param batchSize images in a batch
 * @param steps how many steps of each kind are timed
 * @param warmUp how many steps go before, untimed
 */
public record ThroughputSettings(
    List<TimedNetwork> networks,
    boolean xla,
    boolean mixedPrecision,
    int batchSize,
    int steps,
    int warmUp) {}
