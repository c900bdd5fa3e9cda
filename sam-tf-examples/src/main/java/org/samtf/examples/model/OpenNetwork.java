package org.samtf.examples.model;

import java.util.Optional;
import org.tensorflow.Graph;
import org.tensorflow.Session;

/**
 * A network with the graph that it lives in.
 *
 * @param graph its graph
 * @param session where its variables have their values; empty if they have none yet
 * @param network the network
 * @param closing closes the graph, and the session if there is one
 */
public record OpenNetwork(Graph graph, Optional<Session> session, Network network, Runnable closing)
    implements AutoCloseable {

  @Override
  public void close() {
    closing.run();
  }
}
