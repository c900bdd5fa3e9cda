package org.samtf.gpu;

import static org.junit.jupiter.api.extension.ConditionEvaluationResult.disabled;
import static org.junit.jupiter.api.extension.ConditionEvaluationResult.enabled;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Tests for a GPU: skipped where there is none.
 *
 * <p>With {@code -Dgpu.suite.device=/device:CPU:0} they run on that device instead, which shows
 * that they can run, and no more.
 */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@Tag("gpu")
@ExtendWith(RequiresGpu.Condition.class)
public @interface RequiresGpu {

  /** Looks for the device once. */
  public final class Condition implements ExecutionCondition {

    private static final String PROPERTY = "gpu.suite.device";
    private static final String GPU = "/device:GPU:0";

    /** The device that the suite is for. */
    public static String device() {
      return System.getProperty(PROPERTY, GPU);
    }

    private static final class Found {
      static {
        // With -Pcuda-redist; to be of use, before TensorFlow is loaded.
        CudaLibraries.load();
      }

      private static final boolean IS_THERE =
          new ThisMachine().devices().stream().anyMatch(name -> name.endsWith(device()));
    }

    @Override
    public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
      return Found.IS_THERE ? enabled("there is a " + device()) : disabled("no " + device());
    }
  }
}
