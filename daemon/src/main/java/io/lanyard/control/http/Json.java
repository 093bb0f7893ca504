package io.lanyard.control.http;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.Method;
import java.lang.reflect.RecordComponent;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Records as JSON: an object with a member for each component, in their order.
 *
 * <p>A component is a record, a list, a map, a number, a truth value, or anything else that is
 * written as its text. The library that binds any class to JSON is not used here: loading it would
 * be a good part of the daemon's start (docs/adr/0010-a-start-without-what-it-does-not-need.md).
 *
 * <p>Thread: any.
 */
public final class Json {
  /** The media type. */
  public static final String TYPE = "application/json";

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
          }
          return accessors;
        }
      };

  private Json() {}

  /**
   * An answer of JSON.
   *
   * @param value a record or a list of records
   * @return the answer, with status 200
   */
  public static Response.Body response(Object value) {
    return new Response.Body(200, TYPE, bytes(value));
  }

  /**
   * A value as JSON.
   *
   * @param value a record, or what a component can be
   * @return UTF-8
   */
  static byte[] bytes(@Nullable Object value) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(1024);
    try (JsonGenerator out = FACTORY.createGenerator(bytes)) {
      write(out, value);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot write " + value + " as JSON", e);
    }
    return bytes.toByteArray();
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
}
