package io.lanyard.control.http;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A request's body as a tree.
 *
 * <p>Thread: any.
 */
final class JsonBody {
  /** Far deeper than the model of a configuration. */
  private static final int MAX_DEPTH = 32;

  private static final int MAX_NUMBER = 64;

  /** Made with the first body, not at the daemon's start. */
  private static final class Reader {
    static final JsonFactory FACTORY =
        JsonFactory.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .streamReadConstraints(
                StreamReadConstraints.builder()
                    .maxNestingDepth(MAX_DEPTH)
                    .maxNumberLength(MAX_NUMBER)
                    .maxStringLength(HttpServer.MAX_BODY)
                    .build())
            .build();
  }

  private JsonBody() {}

  static Map<String, @Nullable Object> object(String mediaType, String body) {
    var _ = BodyType.of(mediaType, false);
    return read(
        body,
        in -> {
          if (in.nextToken() != JsonToken.START_OBJECT) {
            throw new Problem(400, "the request's body is not a JSON object", "", "send {...}");
          }
          return members(in);
        });
  }

  /**
   * Checks that a text is one value of JSON, whatever it is.
   *
   * @throws Problem 400 with the place of what is not JSON
   */
  static void check(String body) {
    var _ =
        read(
            body,
            in -> {
              JsonToken first = in.nextToken();
              if (first == null) {
                throw new Problem(400, "the request has no body", "", "send a value of JSON");
              }
              return Optional.ofNullable(value(in, first));
            });
  }

  /** Reads a text. */
  @FunctionalInterface
  private interface Reading<T> {
    T of(JsonParser in) throws IOException;
  }

  private static <T> T read(String body, Reading<T> reading) {
    try (JsonParser in = Reader.FACTORY.createParser(body)) {
      T value = reading.of(in);
      if (in.nextToken() != null) {
        throw new Problem(400, "something follows the JSON of the request's body", "", "");
      }
      return value;
    } catch (JsonProcessingException e) {
      JsonLocation at = e.getLocation();
      String place =
          at == null ? "" : "line " + at.getLineNr() + ", column " + at.getColumnNr() + ": ";
      throw new Problem(
          400, "the request's body is not JSON: " + place + e.getOriginalMessage(), "", "");
    } catch (IOException e) {
      throw new UncheckedIOException("a text cannot be read", e);
    }
  }

  private static Map<String, @Nullable Object> members(JsonParser in) throws IOException {
    Map<String, @Nullable Object> members = new LinkedHashMap<>();
    for (String name = in.nextFieldName(); name != null; name = in.nextFieldName()) {
      members.put(name, value(in, in.nextToken()));
    }
    return members;
  }

  private static List<@Nullable Object> elements(JsonParser in) throws IOException {
    List<@Nullable Object> elements = new ArrayList<>();
    for (JsonToken token = in.nextToken(); token != JsonToken.END_ARRAY; token = in.nextToken()) {
      elements.add(value(in, token));
    }
    return elements;
  }

  private static @Nullable Object value(JsonParser in, JsonToken token) throws IOException {
    return switch (token) {
      case START_OBJECT -> members(in);
      case START_ARRAY -> elements(in);
      case VALUE_STRING -> in.getText();
      case VALUE_TRUE -> true;
      case VALUE_FALSE -> false;
      case VALUE_NUMBER_INT ->
          in.getNumberType() == JsonParser.NumberType.BIG_INTEGER
              ? in.getBigIntegerValue()
              : (Object) in.getLongValue();
      case VALUE_NUMBER_FLOAT -> in.getDecimalValue();
      default -> null;
    };
  }
}
