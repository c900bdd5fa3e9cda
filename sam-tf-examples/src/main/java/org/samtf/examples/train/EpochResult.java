package org.samtf.examples.train;

/**
 * The state after an epoch.
 *
 * @param epoch counted from 1
 * @param batchLoss mean of the losses that the steps of the epoch minimized
 * @param validation on the validation images
 * @param test on the test images
 */
public record EpochResult(int epoch, double batchLoss, Evaluation validation, Evaluation test) {}
