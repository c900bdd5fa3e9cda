/**
 * Whether TensorFlow uses the GPU of this machine, and what to do if not.
 *
 * <p>Begin with {@link org.samtf.gpu.GpuCheck}; {@link org.samtf.gpu.CudaLibraries} opens CUDA from
 * the class path.
 *
 * <p>Of the rest, {@code GpuExamination} goes through what a GPU needs and says what is wrong. What
 * it looks at is a {@code GpuMachine}: {@code ThisMachine}, or one that a test makes up. {@code
 * GpuSessions} has the graphs that the check runs, {@code CudaNeeds} the table of what each version
 * of TensorFlow needs, {@code Versions} the order of version numbers.
 */
package org.samtf.gpu;
