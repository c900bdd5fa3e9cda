/**
 * Whether TensorFlow uses the GPU of this machine, and what to do if not.
 *
 * <p>Begin with {@link org.samtf.gpu.GpuCheck}; {@link org.samtf.gpu.CudaLibraries} opens CUDA from
 * the class path.
 */
package org.samtf.gpu;
