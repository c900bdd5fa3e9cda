package org.samtf.examples;

import org.tensorflow.TensorFlow;
import picocli.CommandLine;

/** The version in the manifest of the Jar, and that of the native library. */
final class Version implements CommandLine.IVersionProvider {

  @Override
  public String[] getVersion() {
    String version = Version.class.getPackage().getImplementationVersion();
    return new String[] {
      "sam-tf-examples " + (version == null ? "(not from a Jar)" : version),
      "TensorFlow " + TensorFlow.version()
    };
  }
}
