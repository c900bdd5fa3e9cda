package org.samtf.examples.train;

/**
 * How training went from outside.
 *
 * @param steps how many were taken that count
 * @param seconds that they took, evaluations and checkpoints included; a resumed run counts the
 *     time up to the checkpoint that it went on from
 * @param resumptions how often it went on from a checkpoint
 */
public record TrainingTime(long steps, double seconds, int resumptions) {}
