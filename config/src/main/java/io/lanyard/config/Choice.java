package io.lanyard.config;

import io.lanyard.base.EnumText;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One of a few words.
 *
 * @param noun what a message calls one of them
 * @param values the values, in the order of the reference
 * @param words each value's word
 * @param later words of the format that this version cannot honour, with a message for each
 * @param <T> the values' type
 */
record Choice<T>(String noun, List<T> values, List<String> words, Map<String, String> later)
    implements Form<T> {
  /** A choice among all constants of an enum. */
  static <E extends Enum<E>> Choice<E> of(Class<E> type) {
    return of(List.of(type.getEnumConstants()), Map.of());
  }

  /** A choice among some constants of an enum. */
  static <E extends Enum<E>> Choice<E> of(List<E> values, Map<String, String> later) {
    List<String> words = new ArrayList<>(values.size());
    for (E value : values) {
      words.add(EnumText.word(value));
    }
    return new Choice<>("word", values, words, later);
  }

  /** A word that is the only one. */
  static Choice<String> only(String word) {
    return new Choice<>("word", List.of(word), List.of(word), Map.of());
  }

  @Override
  public @Nullable T read(Problems problems, String path, Place place, YamlNode node) {
    String expected = (words.size() == 1 ? "" : "one of ") + String.join(", ", words);
    return Kind.text(problems, path, node, expected, false, this::parse);
  }

  private T parse(String text) {
    int index = words.indexOf(text);
    if (index < 0) {
      String message = later.get(text);
      throw new IllegalArgumentException(
          message == null ? "no such " + noun + Quoted.hint(text, words) : message);
    }
    return values.get(index);
  }

  @Override
  public String text(T value) {
    return words.get(values.indexOf(value));
  }
}
