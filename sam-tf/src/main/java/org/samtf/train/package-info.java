/**
 * What training needs besides SAM, with it and without: schedules, optimizers whose settings are
 * schedules, clipping, and averages of the weights. Everything is in the graph, and all state is in
 * variables.
 */
package org.samtf.train;
