package org.samtf;

import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** The packages, and which of them may know which. */
@AnalyzeClasses(
    packages = "org.samtf",
    importOptions = {ImportOption.DoNotIncludeTests.class})
class HouseTest {

  @ArchTest
  static final ArchRule packages =
      layeredArchitecture()
          .consideringOnlyDependenciesInLayers()
          .layer("step")
          .definedBy("org.samtf")
          .layer("graph")
          .definedBy("org.samtf.internal.graph")
          .layer("gradient")
          .definedBy("org.samtf.internal.gradient")
          .layer("direction")
          .definedBy("org.samtf.direction")
          .layer("train")
          .definedBy("org.samtf.train")
          .layer("flat")
          .definedBy("org.samtf.internal.flat")
          .layer("model")
          .definedBy("org.samtf.model")
          .layer("gpu")
          .definedBy("org.samtf.gpu")
          .layer("cluster")
          .definedBy("org.samtf.cluster")
          .whereLayer("graph")
          .mayNotAccessAnyLayer()
          .whereLayer("gradient")
          .mayOnlyAccessLayers("graph")
          .whereLayer("direction")
          .mayOnlyAccessLayers("graph")
          .whereLayer("train")
          .mayOnlyAccessLayers("graph")
          .whereLayer("step")
          .mayOnlyAccessLayers("graph", "gradient", "direction", "train")
          .whereLayer("flat")
          .mayOnlyAccessLayers("graph")
          .whereLayer("model")
          .mayOnlyAccessLayers("step", "flat", "graph")
          .whereLayer("gpu")
          .mayOnlyAccessLayers("step", "graph")
          .whereLayer("cluster")
          .mayOnlyAccessLayers("graph")
          .ensureAllClassesAreContainedInArchitecture();

  @ArchTest
  static final ArchRule noCircles = slices().matching("(org.samtf..)").should().beFreeOfCycles();
}
