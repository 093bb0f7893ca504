package io.lanyard.control.json;

import java.io.IOException;
import java.io.Serial;

/** A text is not JSON, or not the JSON that was expected. */
public final class JsonException extends IOException {
  @Serial private static final long serialVersionUID = 1;

  /**
   * Makes an exception.
   *
   * @param message what was expected where
   */
  public JsonException(String message) {
    super(message);
  }

  JsonException(String message, IOException cause) {
    super(message, cause);
  }
}
