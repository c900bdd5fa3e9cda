/**
 * Programs to copy from: each is one file that needs sam-tf, TensorFlow Java and the JDK only.
 *
 * <pre>
 * java -cp sam-tf-examples/target/sam-tf-examples.jar org.samtf.examples.programs.OneLineChange
 * </pre>
 *
 * <p>{@link org.samtf.examples.programs.OneLineChange} is where to begin.
 */
package org.samtf.examples.programs;
