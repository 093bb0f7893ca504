package io.lanyard.control.http;

import io.lanyard.control.json.JsonText;
import java.util.HexFormat;
import java.util.zip.CRC32C;

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
   * An answer of JSON with an entity tag (RFC 9110 section 8.8.3).
   *
   * @param value a record or a list of records
   * @param state what the tag begins with, before a dot and the digest of the answer; empty for the
   *     digest alone
   * @return the answer, with status 200
   */
  public static Response.Body tagged(Object value, String state) {
    Response.Body body = response(value);
    CRC32C digest = new CRC32C();
    digest.update(body.bytes());
    String tag = HexFormat.of().toHexDigits((int) digest.getValue());
    return body.with("ETag", '"' + (state.isEmpty() ? "" : state + ".") + tag + '"');
  }

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
