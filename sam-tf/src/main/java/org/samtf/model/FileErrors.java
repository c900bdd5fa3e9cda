package org.samtf.model;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import org.samtf.internal.graph.Messages;

/** What went wrong with a file, in words; Java's exceptions often have its name only. */
final class FileErrors {

  private FileErrors() {}

  /**
   * The same with a message.
   *
   * @param what failed, such as {@code model x cannot be written}
   */
  static IOException explained(String what, Exception e) {
    return new IOException(what + ": " + reason(e), e);
  }

  private static String reason(Exception e) {
    if (!(e instanceof FileSystemException)) {
      return Messages.firstLine(e);
    }
    String file = ((FileSystemException) e).getFile();
    if (e instanceof NoSuchFileException) {
      return "there is no " + file;
    }
    if (e instanceof AccessDeniedException) {
      return "there is no permission for " + file;
    }
    if (e instanceof FileAlreadyExistsException) {
      return file + " is there already and is no directory";
    }
    return Messages.firstLine(e);
  }
}
