package org.samtf;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** What users can see, and what the library may use. */
@AnalyzeClasses(packages = "org.samtf", importOptions = ImportOption.DoNotIncludeTests.class)
class PublicSurfaceTest {

  @ArchTest
  static final ArchRule onlyWhatUsersNeedIsPublic =
      classes()
          .that()
          .arePublic()
          .and()
          .areTopLevelClasses()
          .and()
          .resideOutsideOfPackage("org.samtf.internal..")
          .should()
          .haveNameMatching(
              "org\\.samtf\\.(SamOptimizer(Builder)?|SamTrainOp|OrderedOptimizer|NonFiniteGradient|NotFinite"
                  + "|direction\\.(AscentDirections?|DescentDirections?|StepVectors|WeightVector)"
                  + "|train\\.(Schedules?|Sgd|AdamW|Lion|Lamb|Clipped|MixedPrecision"
                  + "|WeightAverage|BatchStatistics)"
                  + "|model\\.(LoadedModel|ModelLoader|ModelExporter|GraphCheckpoint)"
                  + "|gpu\\.(GpuCheck|CudaLibraries|NativeLibrary)"
                  + "|cluster\\.(Cluster|LostTaskException))");

  /**
   * Tensors are computed where the graph runs: none may be read or made while it is built. Models
   * are loaded from files and written to them; only that takes sessions.
   */
  @ArchTest
  static final ArchRule noSessionIsRunWhileAGraphIsBuilt =
      noClasses()
          .that()
          .haveNameNotMatching(
              "org\\.samtf\\.model\\.(LoadedModel|ModelExporter|GraphCheckpoint|Fingerprint|Variable.*)")
          .and()
          // The check of the GPU builds and runs graphs of its own.
          .haveNameNotMatching("org\\.samtf\\.gpu\\.GpuSessions")
          .and()
          // Opens them, and runs none but to talk to a task about itself.
          .haveNameNotMatching("org\\.samtf\\.cluster\\.(Cluster|Sessions|TaskIdentity|Release.*)")
          .should()
          .dependOnClassesThat()
          .haveFullyQualifiedName("org.tensorflow.Session")
          .orShould()
          .dependOnClassesThat()
          .haveFullyQualifiedName("org.tensorflow.EagerSession");

  @ArchTest
  static final ArchRule theLibraryNeedsTensorFlowOnly =
      classes()
          .should()
          .onlyDependOnClassesThat()
          .resideInAnyPackage(
              "org.samtf..",
              "java..",
              "org.tensorflow..",
              // Handles of native objects; comes with TensorFlow Java.
              "org.bytedeco.javacpp..",
              "com.google.protobuf..",
              // For TF_CONFIG; optional.
              "com.fasterxml.jackson.core..");
}
