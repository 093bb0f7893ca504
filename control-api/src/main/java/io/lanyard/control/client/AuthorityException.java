package io.lanyard.control.client;

import java.io.IOException;
import java.io.Serial;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** A file of trusted certificates has none. */
public final class AuthorityException extends IOException {
  @Serial private static final long serialVersionUID = 1;

  AuthorityException(Path file, @Nullable Throwable cause) {
    super(file + " has no certificate (PEM, \"BEGIN CERTIFICATE\")", cause);
  }
}
