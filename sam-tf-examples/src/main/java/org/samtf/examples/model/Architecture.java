package org.samtf.examples.model;

import org.samtf.examples.data.DataSet;
import org.tensorflow.proto.ConfigProto;

/** What a network is made of, apart from its weights: layers of ours, or a model from a file. */
public interface Architecture {

  /**
   * Makes the network, without a step that trains it.
   *
   * @param data what it is for
   * @param seed of initial weights and dropout
   * @param config of its session, if it has one
   * @param homes where its variables are, if it is made here
   * @return the network in a graph of its own, and in a session if its variables have values
   * @throws org.samtf.examples.failure.InputException if it is a model that is not for such data
   */
  OpenNetwork open(DataSet data, long seed, ConfigProto config, Homes homes);

  /**
   * Returns whether there are layers between images and logits.
   *
   * @return whether there are
   */
  boolean hasHiddenLayers();

  /**
   * Says whose fault it is that a network cannot be trained.
   *
   * @param failure what was thrown when its step was written
   * @return what to throw
   */
  default RuntimeException explained(RuntimeException failure) {
    return failure;
  }
}
