package io.lanyard.config;

import org.jspecify.annotations.Nullable;

/**
 * A key of the file, declared once: its name, the form of its value with limits, its default and a
 * sentence about it. The reader takes values by it; the JSON Schema and the tables of {@code
 * docs/configuration.md} are made from it.
 *
 * @param <T> the type of its value
 */
final class Key<T> {
  /** The default in words of a key whose mapping need not be there. */
  static final String DEFAULTS_OF_ITS_KEYS = "the defaults of its keys";

  private final String name;
  private final Form<T> form;
  private final boolean required;
  private final @Nullable T otherwise;
  private final String unlessSaid;
  private final String meaning;

  private Key(
      String name,
      Form<T> form,
      boolean required,
      @Nullable T otherwise,
      String unlessSaid,
      String meaning) {
    this.name = name;
    this.form = form;
    this.required = required;
    this.otherwise = otherwise;
    this.unlessSaid = unlessSaid;
    this.meaning = meaning;
  }

  /** A key that must be there. */
  static <T> Key<T> required(String name, Form<T> form, String meaning) {
    return new Key<>(name, form, true, null, "", meaning);
  }

  /** A key with a default that the file could say. */
  static <T> Key<T> defaulted(String name, Form<T> form, T otherwise, String meaning) {
    return new Key<>(name, form, false, otherwise, "", meaning);
  }

  /**
   * A key whose default depends on others, or cannot be said in the file.
   *
   * @param unlessSaid the default in words, without a full stop
   */
  static <T> Key<T> optional(String name, Form<T> form, String unlessSaid, String meaning) {
    return new Key<>(name, form, false, null, unlessSaid, meaning);
  }

  /** A key with a mapping whose keys all have defaults. */
  static Key<Fields> mapping(String name, Section section) {
    return optional(name, section, DEFAULTS_OF_ITS_KEYS, section.meaning());
  }

  String name() {
    return name;
  }

  Form<T> form() {
    return form;
  }

  boolean required() {
    return required;
  }

  /** Whether the default is one that the file could say. */
  boolean hasDefault() {
    return otherwise != null;
  }

  /** The value where the file says none. */
  T otherwise() {
    if (otherwise == null) {
      throw new IllegalStateException("the key " + name + " has no default of its own");
    }
    return otherwise;
  }

  /** The default in words where it is no value of its own; empty otherwise. */
  String unlessSaid() {
    return unlessSaid;
  }

  /** One sentence or more, for schema and reference. */
  String meaning() {
    return meaning;
  }

  @Override
  public String toString() {
    return name;
  }
}
