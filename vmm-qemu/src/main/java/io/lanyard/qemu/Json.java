package io.lanyard.qemu;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * JSON as QEMU speaks it: maps, lists, texts, whole and other numbers, truth values, nothing.
 *
 * <p>Thread: any.
 */
final class Json {
  /** QMP nests five levels or so. */
  private static final int DEEPEST = 32;

  private static final JsonFactory FACTORY =
      JsonFactory.builder()
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(DEEPEST)
                  .maxStringLength(Qmp.LONGEST_MESSAGE)
                  .maxNumberLength(64)
                  .build())
          .build();

  private Json() {}

  /** A value's text, in one line. */
  static String write(Object value) {
    StringWriter text = new StringWriter();
    try (JsonGenerator out = FACTORY.createGenerator(text)) {
      write(out, value);
    } catch (IOException e) {
      throw new UncheckedIOException(e); // a text in memory
    }
    return text.toString();
  }

  private static void write(JsonGenerator out, Object value) throws IOException {
    switch (value) {
      case Map<?, ?> map -> {
        out.writeStartObject();
        for (Map.Entry<?, ?> entry : map.entrySet()) {
          out.writeFieldName(String.valueOf(entry.getKey()));
          write(out, entry.getValue());
        }
        out.writeEndObject();
      }
      case List<?> list -> {
        out.writeStartArray();
        for (Object item : list) {
          write(out, item);
        }
        out.writeEndArray();
      }
      case String text -> out.writeString(text);
      case Boolean truth -> out.writeBoolean(truth);
      case Integer number -> out.writeNumber(number);
      case Long number -> out.writeNumber(number);
      default -> throw new IllegalArgumentException("no JSON for " + value.getClass());
    }
  }

  /**
   * Reads an object.
   *
   * @throws IOException if the text is none, or more than one value
   */
  static Map<String, @Nullable Object> readObject(String text) throws IOException {
    try (JsonParser in = FACTORY.createParser(text)) {
      if (in.nextToken() != JsonToken.START_OBJECT) {
        throw new IOException("expected an object");
      }
      Map<String, @Nullable Object> object = object(in);
      if (in.nextToken() != null) {
        throw new IOException("there is more than one value");
      }
      return object;
    }
  }

  /**
   * Reads a list of texts.
   *
   * @throws IOException if it is something else
   */
  static List<String> readTexts(String text) throws IOException {
    try (JsonParser in = FACTORY.createParser(text)) {
      List<String> texts = new ArrayList<>();
      if (in.nextToken() != JsonToken.START_ARRAY) {
        throw new IOException("expected a list");
      }
      while (in.nextToken() == JsonToken.VALUE_STRING) {
        texts.add(in.getText());
      }
      if (in.currentToken() != JsonToken.END_ARRAY) {
        throw new IOException("expected texts alone");
      }
      return texts;
    }
  }

  private static Map<String, @Nullable Object> object(JsonParser in) throws IOException {
    Map<String, @Nullable Object> object = new LinkedHashMap<>();
    while (in.nextToken() == JsonToken.FIELD_NAME) {
      String name = in.currentName();
      in.nextToken();
      object.put(name, value(in));
    }
    return object;
  }

  private static @Nullable Object value(JsonParser in) throws IOException {
    JsonToken token = in.currentToken();
    if (token == null) {
      throw new IOException("it ends in the middle");
    }
    return switch (token) {
      case START_OBJECT -> object(in);
      case START_ARRAY -> {
        List<@Nullable Object> list = new ArrayList<>();
        while (in.nextToken() != JsonToken.END_ARRAY) {
          list.add(value(in));
        }
        yield list;
      }
      case VALUE_STRING -> in.getText();
      case VALUE_NUMBER_INT ->
          in.getNumberType() == JsonParser.NumberType.BIG_INTEGER
              ? in.getBigIntegerValue()
              : in.getLongValue();
      case VALUE_NUMBER_FLOAT -> in.getDoubleValue();
      case VALUE_TRUE -> true;
      case VALUE_FALSE -> false;
      case VALUE_NULL -> null;
      default -> throw new IOException("unexpected " + token);
    };
  }

  /** The object under a key, without entries if there is none. */
  static Map<?, ?> objectIn(Map<?, ?> object, String key) {
    return object.get(key) instanceof Map<?, ?> inner ? inner : Map.of();
  }

  /** The objects in a list under a key; none if there is no list. */
  static List<Map<?, ?>> objectsIn(Map<?, ?> object, String key) {
    List<Map<?, ?>> objects = new ArrayList<>();
    if (object.get(key) instanceof List<?> list) {
      for (Object item : list) {
        if (item instanceof Map<?, ?> inner) {
          objects.add(inner);
        }
      }
    }
    return objects;
  }

  /** The text under a key; empty if there is none. */
  static String textIn(Map<?, ?> object, String key) {
    return object.get(key) instanceof String text ? text : "";
  }
}
