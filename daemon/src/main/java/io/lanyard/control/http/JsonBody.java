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

  /**
   * More than the edits of a thousand ports have. A value of two characters takes about 100 bytes
   * of the heap, and as many bodies are read at a time as are taken.
   */
  static final int MAX_VALUES = 50_000;

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

  private final JsonParser in;
  private int values;

  private JsonBody(JsonParser in) {
    this.in = in;
  }

  static Map<String, @Nullable Object> object(String mediaType, String body) {
    var _ = BodyType.of(mediaType, false);
    return read(
        body,
        tree -> {
          if (tree.in.nextToken() != JsonToken.START_OBJECT) {
            throw new Problem(400, "the request's body is not a JSON object", "", "send {...}");
          }
          return tree.members();
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
            tree -> {
              JsonToken first = tree.in.nextToken();
              if (first == null) {
                throw new Problem(400, "the request has no body", "", "send a value of JSON");
              }
              return Optional.ofNullable(tree.value(first));
            });
  }

  /** Reads a text. */
  @FunctionalInterface
  private interface Reading<T> {
    T of(JsonBody tree) throws IOException;
  }

  private static <T> T read(String body, Reading<T> reading) {
    try (JsonParser in = Reader.FACTORY.createParser(body)) {
      T value = reading.of(new JsonBody(in));
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

  private Map<String, @Nullable Object> members() throws IOException {
    Map<String, @Nullable Object> members = new LinkedHashMap<>();
    for (String name = in.nextFieldName(); name != null; name = in.nextFieldName()) {
      members.put(name, value(in.nextToken()));
    }
    return members;
  }

  private List<@Nullable Object> elements() throws IOException {
    List<@Nullable Object> elements = new ArrayList<>();
    for (JsonToken token = in.nextToken(); token != JsonToken.END_ARRAY; token = in.nextToken()) {
      elements.add(value(token));
    }
    return elements;
  }

  private @Nullable Object value(JsonToken token) throws IOException {
    if (++values > MAX_VALUES) {
      throw new Problem(
          413,
          "the request's body has more than " + MAX_VALUES + " values",
          "",
          "send it in several requests");
    }
    return switch (token) {
      case START_OBJECT -> members();
      case START_ARRAY -> elements();
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
