package io.lanyard.control.client;

import io.lanyard.control.json.JsonText;

/**
 * An answer of the daemon: as records, and as the JSON that came, which a newer daemon may have put
 * more into.
 *
 * @param <T> a record or a list of records
 * @param value the records
 * @param json the body as it came
 */
public record Reply<T>(T value, String json) {
  /**
   * A value that is no answer by itself, in the same form.
   *
   * @param <T> a record or a list of records
   * @param value the records
   * @return the value with its JSON
   */
  public static <T> Reply<T> of(T value) {
    return new Reply<>(value, JsonText.text(value));
  }
}
