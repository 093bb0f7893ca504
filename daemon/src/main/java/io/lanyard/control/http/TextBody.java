package io.lanyard.control.http;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A request's body as text, which is UTF-8 (RFC 8259 section 8.1 for JSON, and YAML's default).
 *
 * <p>Thread: any.
 */
final class TextBody {
  private static final Pattern CHARSET =
      Pattern.compile(";\\s*charset\\s*=\\s*\"?([^\";\\s]*)", Pattern.CASE_INSENSITIVE);

  private TextBody() {}

  /**
   * Decodes a body.
   *
   * @throws Problem 415 if its media type names another charset, 400 if it is not UTF-8
   */
  static String of(String mediaType, byte[] body) {
    Matcher charset = CHARSET.matcher(mediaType);
    if (charset.find() && !charset.group(1).equalsIgnoreCase("utf-8")) {
      throw new Problem(
          415,
          "the request's body is in the charset " + charset.group(1),
          "",
          "send UTF-8, which needs no charset to be named");
    }
    ByteBuffer bytes = ByteBuffer.wrap(body);
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(bytes).toString();
    } catch (CharacterCodingException e) {
      throw new Problem(
          400,
          "the request's body is not UTF-8: see its byte " + (bytes.position() + 1),
          "",
          "send text in UTF-8");
    }
  }
}
