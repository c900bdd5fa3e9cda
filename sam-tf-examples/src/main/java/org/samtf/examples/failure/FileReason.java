package org.samtf.examples.failure;

import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;

/** Why a file could not be used, in words. */
final class FileReason {

  private FileReason() {}

  /** Where there is a reason, the exceptions of java.nio put the path before it, or only that. */
  static String of(Throwable cause) {
    String message = cause.getMessage();
    if (cause instanceof FileSystemException failure) {
      message = failure.getReason();
    }
    if (message != null) {
      return message;
    }
    if (cause instanceof AccessDeniedException) {
      return "no permission";
    }
    return cause instanceof NoSuchFileException
        ? "it is not there"
        : cause.getClass().getSimpleName();
  }
}
