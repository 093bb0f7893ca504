package io.lanyard.control.http;

import io.lanyard.control.json.JsonText;

/**
 * Answers of JSON.
 *
 * <p>Thread: any.
 */
public final class Json {
  /** The media type. */
  public static final String TYPE = "application/json";

  private Json() {}

  /**
   * An answer of JSON.
   *
   * @param value a record or a list of records
   * @return the answer, with status 200
   */
  public static Response.Body response(Object value) {
    return new Response.Body(200, TYPE, JsonText.bytes(value));
  }
}
