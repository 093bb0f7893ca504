package io.lanyard.control.json;

import java.lang.reflect.Constructor;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Makes records of plain values.
 *
 * <p>Server and client may be of different versions: a member that no component has is skipped, and
 * a component whose member is missing is empty, 0 or false. A member of another kind than its
 * component is an error.
 *
 * <p>Thread: any.
 */
public final class RecordReader {
  /** A record's components and its canonical constructor. */
  private record Shape(List<RecordComponent> components, Constructor<?> constructor) {}

  private static final ClassValue<Shape> SHAPES =
      new ClassValue<>() {
        @Override
        protected Shape computeValue(Class<?> type) {
          RecordComponent[] components = type.getRecordComponents();
          Class<?>[] types = new Class<?>[components.length];
          for (int i = 0; i < components.length; i++) {
            types[i] = components[i].getType();
          }
          try {
            return new Shape(List.of(components), type.getDeclaredConstructor(types));
          } catch (NoSuchMethodException e) {
            throw new IllegalStateException("every record has its canonical constructor", e);
          }
        }
      };

  private RecordReader() {}

  /**
   * Makes a record.
   *
   * @param <T> its type
   * @param type its class
   * @param value a plain value, which should be a map
   * @return the record
   * @throws JsonException if a member is not what its component is
   */
  public static <T extends Record> T read(Class<T> type, @Nullable Object value)
      throws JsonException {
    if (!(value instanceof Map<?, ?> members)) {
      throw new JsonException("expected an object for " + type.getSimpleName());
    }
    Shape shape = SHAPES.get(type);
    @Nullable Object[] arguments = new @Nullable Object[shape.components().size()];
    for (int i = 0; i < arguments.length; i++) {
      RecordComponent component = shape.components().get(i);
      Object member = members.get(component.getName());
      arguments[i] =
          convert(component.getGenericType(), member, type.getSimpleName(), component.getName());
    }
    try {
      return type.cast(shape.constructor().newInstance(arguments));
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(type + " cannot be made", e);
    }
  }

  /**
   * Makes records of a list.
   *
   * @param <T> their type
   * @param type their class
   * @param value a plain value, which should be a list of maps
   * @return the records
   * @throws JsonException if the value is no list of these
   */
  public static <T extends Record> List<T> readList(Class<T> type, @Nullable Object value)
      throws JsonException {
    if (!(value instanceof List<?> items)) {
      throw new JsonException("expected a list of " + type.getSimpleName());
    }
    List<T> records = new ArrayList<>(items.size());
    for (Object item : items) {
      records.add(read(type, item));
    }
    return List.copyOf(records);
  }

  private static @Nullable Object convert(
      Type type, @Nullable Object value, String record, String component) throws JsonException {
    Class<?> raw =
        type instanceof ParameterizedType generic
            ? (Class<?>) generic.getRawType()
            : (Class<?>) type;
    if (raw == Object.class) {
      return value;
    }
    if (raw.isRecord()) {
      return read(raw.asSubclass(Record.class), value == null ? Map.of() : value);
    }
    if (raw == List.class) {
      return list(type, value == null ? List.of() : value, record, component);
    }
    if (raw == Map.class) {
      return map(type, value == null ? Map.of() : value, record, component);
    }
    Object scalar = scalar(raw, value);
    if (scalar == null) {
      throw wrong(raw.getSimpleName(), record, component);
    }
    return scalar;
  }

  /** Null where the value is of another kind. */
  private static @Nullable Object scalar(Class<?> raw, @Nullable Object value) {
    if (raw == String.class) {
      return value == null ? "" : value instanceof String ? value : null;
    }
    if (raw == boolean.class) {
      return value == null ? (Object) false : value instanceof Boolean ? value : null;
    }
    if (raw == double.class) {
      return value == null ? 0.0 : value instanceof Number number ? number.doubleValue() : null;
    }
    if (value != null && !(value instanceof Long)) {
      return null;
    }
    long number = value == null ? 0 : (Long) value;
    if (raw == int.class) {
      return number == (int) number ? (int) number : null;
    }
    return raw == long.class || raw == Long.class ? number : null;
  }

  private static List<@Nullable Object> list(
      Type type, Object value, String record, String component) throws JsonException {
    if (!(value instanceof List<?> items)) {
      throw wrong("list", record, component);
    }
    Type of = ((ParameterizedType) type).getActualTypeArguments()[0];
    List<@Nullable Object> list = new ArrayList<>(items.size());
    for (Object item : items) {
      list.add(convert(of, item, record, component));
    }
    return list;
  }

  private static Map<String, @Nullable Object> map(
      Type type, Object value, String record, String component) throws JsonException {
    if (!(value instanceof Map<?, ?> members)) {
      throw wrong("map", record, component);
    }
    Type of = ((ParameterizedType) type).getActualTypeArguments()[1];
    Map<String, @Nullable Object> map = new LinkedHashMap<>();
    for (Map.Entry<?, ?> member : members.entrySet()) {
      map.put(String.valueOf(member.getKey()), convert(of, member.getValue(), record, component));
    }
    return map;
  }

  private static JsonException wrong(String expected, String record, String component) {
    return new JsonException("expected a " + expected + " for " + record + "." + component);
  }
}
