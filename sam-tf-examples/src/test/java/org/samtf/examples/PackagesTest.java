package org.samtf.examples;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** Which package may know which. */
@AnalyzeClasses(
    packages = "org.samtf.examples",
    importOptions = ImportOption.DoNotIncludeTests.class)
class PackagesTest {

  @ArchTest
  static final ArchRule noPackageNeedsItselfOverOthers =
      slices().matching("org.samtf.(**)").should().beFreeOfCycles();

  @ArchTest
  static final ArchRule failuresNeedNothing =
      classes()
          .that()
          .resideInAPackage("org.samtf.examples.failure")
          .should()
          .onlyDependOnClassesThat()
          .resideInAnyPackage("org.samtf.examples.failure", "java..");
}
