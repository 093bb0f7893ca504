package io.lanyard.control.json;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.JsonTokenId;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import java.io.IOException;
import java.io.OutputStream;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.lang.reflect.Method;
import java.lang.reflect.RecordComponent;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Values as JSON, and JSON as plain values.
 *
 * <p>A value is a record, a list, a map, a number, a truth value, or anything else that is written
 * as its text. A plain value is a {@code Map<String, Object>} in the order of the text, a {@code
 * List<Object>}, a {@link String}, a {@link Long}, a {@link BigInteger}, a {@link BigDecimal}, a
 * {@link Boolean} or null; written again it is the text that was read, but for white space.
 *
 * <p>Thread: any.
 */
public final class JsonText {
  private static final JsonFactory FACTORY = new JsonFactory();

  /** The accessors of a record's components. */
  private static final ClassValue<Method[]> ACCESSORS =
      new ClassValue<>() {
        @Override
        protected Method[] computeValue(Class<?> type) {
          RecordComponent[] components = type.getRecordComponents();
          Method[] accessors = new Method[components.length];
          for (int i = 0; i < components.length; i++) {
            accessors[i] = components[i].getAccessor();
            // Records of a package that its module opens to this one need not be public.
            var _ = accessors[i].trySetAccessible();
          }
          return accessors;
        }
      };

  private JsonText() {}

  /**
   * A value as JSON.
   *
   * @param value a record, or what a component can be
   * @return UTF-8
   */
  public static byte[] bytes(@Nullable Object value) {
    Pieces pieces = new Pieces();
    try (JsonGenerator out = FACTORY.createGenerator(pieces)) {
      write(out, value);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot write " + value + " as JSON", e);
    }
    return pieces.joined();
  }

  /**
   * Bytes in pieces until they are joined: a text of many megabytes takes twice its size for a
   * moment, and not four times.
   */
  private static final class Pieces extends OutputStream {
    private static final int LARGEST = 1 << 20;

    private final List<byte[]> full = new ArrayList<>();
    private byte[] last = new byte[1024];
    private int length;
    private int before;

    @Override
    public void write(int b) {
      write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] source, int offset, int count) {
      int from = offset;
      int end = offset + count;
      while (from < end) {
        if (length == last.length) {
          full.add(last);
          before += length;
          last = new byte[Math.min(2 * length, LARGEST)];
          length = 0;
        }
        int part = Math.min(end - from, last.length - length);
        System.arraycopy(source, from, last, length, part);
        length += part;
        from += part;
      }
    }

    byte[] joined() {
      byte[] all = new byte[before + length];
      int at = 0;
      for (byte[] piece : full) {
        System.arraycopy(piece, 0, all, at, piece.length);
        at += piece.length;
      }
      System.arraycopy(last, 0, all, at, length);
      return all;
    }
  }

  /**
   * A value as JSON.
   *
   * @param value a record, or what a component can be
   * @return one line
   */
  public static String text(@Nullable Object value) {
    return new String(bytes(value), StandardCharsets.UTF_8);
  }

  /**
   * A value as JSON that can be shown on a terminal: characters that a terminal would obey are
   * escaped.
   *
   * @param value a record, or what a component can be
   * @param isIndented whether each member has a line
   * @return the text, without a line break at its end
   */
  public static String printable(@Nullable Object value, boolean isIndented) {
    StringWriter text = new StringWriter(1024);
    try (JsonGenerator out = FACTORY.createGenerator(text)) {
      var _ = out.setCharacterEscapes(new PrintableJson());
      if (isIndented) {
        var _ = out.setPrettyPrinter(new DefaultPrettyPrinter());
      }
      write(out, value);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot write " + value + " as JSON", e);
    }
    return text.toString();
  }

  /**
   * A record's components by their names.
   *
   * @param record the record
   * @return in their order; may be changed by the caller
   */
  public static Map<String, @Nullable Object> members(Record record) {
    Map<String, @Nullable Object> members = new LinkedHashMap<>();
    try {
      for (Method accessor : ACCESSORS.get(record.getClass())) {
        members.put(accessor.getName(), accessor.invoke(record));
      }
    } catch (ReflectiveOperationException e) {
      throw new IllegalArgumentException("a component of " + record + " cannot be read", e);
    }
    return members;
  }

  // The JVM would spin a class for a pattern switch before the first answer.
  @SuppressWarnings("IfChainToSwitch")
  private static void write(JsonGenerator out, @Nullable Object value) throws IOException {
    if (value == null) {
      out.writeNull();
    } else if (value instanceof Double number) {
      out.writeNumber(number);
    } else if (value instanceof Float number) {
      out.writeNumber(number);
    } else if (value instanceof BigInteger || value instanceof BigDecimal) {
      out.writeNumber(value.toString());
    } else if (value instanceof Number number) {
      out.writeNumber(number.longValue());
    } else if (value instanceof Boolean truth) {
      out.writeBoolean(truth);
    } else if (value instanceof Record record) {
      writeRecord(out, record);
    } else if (value instanceof Collection<?> list) {
      out.writeStartArray();
      for (Object element : list) {
        write(out, element);
      }
      out.writeEndArray();
    } else if (value instanceof Map<?, ?> map) {
      out.writeStartObject();
      for (Map.Entry<?, ?> entry : map.entrySet()) {
        out.writeFieldName(entry.getKey().toString());
        write(out, entry.getValue());
      }
      out.writeEndObject();
    } else {
      out.writeString(value.toString());
    }
  }

  private static void writeRecord(JsonGenerator out, Record record) throws IOException {
    out.writeStartObject();
    for (Method accessor : ACCESSORS.get(record.getClass())) {
      out.writeFieldName(accessor.getName());
      try {
        write(out, accessor.invoke(record));
      } catch (ReflectiveOperationException e) {
        throw new IOException(accessor + " cannot be read", e);
      }
    }
    out.writeEndObject();
  }

  /**
   * Reads a text.
   *
   * @param text one JSON document
   * @return a plain value
   * @throws JsonException if it is none, or has more than one
   */
  public static @Nullable Object parse(String text) throws JsonException {
    try (JsonParser in = FACTORY.createParser(text)) {
      if (in.nextToken() == null) {
        throw new JsonException("the text is empty");
      }
      Object value = read(in);
      if (in.nextToken() != null) {
        throw new JsonException("something follows the JSON document");
      }
      return value;
    } catch (JsonProcessingException e) {
      throw new JsonException("the text is not JSON: " + e.getOriginalMessage(), e);
    } catch (JsonException e) {
      throw e;
    } catch (IOException e) {
      throw new UncheckedIOException("a text in memory cannot be read", e);
    }
  }

  private static @Nullable Object read(JsonParser in) throws IOException {
    return switch (in.currentTokenId()) {
      case JsonTokenId.ID_START_OBJECT -> readObject(in);
      case JsonTokenId.ID_START_ARRAY -> readList(in);
      case JsonTokenId.ID_STRING -> in.getText();
      case JsonTokenId.ID_NUMBER_INT ->
          in.getNumberType() == JsonParser.NumberType.BIG_INTEGER
              ? in.getBigIntegerValue()
              : (Object) in.getLongValue();
      case JsonTokenId.ID_NUMBER_FLOAT -> in.getDecimalValue();
      case JsonTokenId.ID_TRUE -> true;
      case JsonTokenId.ID_FALSE -> false;
      default -> null;
    };
  }

  private static Map<String, @Nullable Object> readObject(JsonParser in) throws IOException {
    Map<String, @Nullable Object> members = new LinkedHashMap<>();
    for (String name = in.nextFieldName(); name != null; name = in.nextFieldName()) {
      var _ = in.nextToken();
      members.put(name, read(in));
    }
    return members;
  }

  private static List<@Nullable Object> readList(JsonParser in) throws IOException {
    List<@Nullable Object> items = new ArrayList<>();
    while (in.nextToken() != JsonToken.END_ARRAY) {
      items.add(read(in));
    }
    return items;
  }
}
