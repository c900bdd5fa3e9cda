/**
 * Several machines: {@link org.samtf.cluster.Cluster} starts TensorFlow's servers and opens
 * sessions on them.
 */
package org.samtf.cluster;
