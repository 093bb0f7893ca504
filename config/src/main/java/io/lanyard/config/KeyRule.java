package io.lanyard.config;

import java.util.List;

/** A rule about the keys of one mapping. Reader and schema apply the same. */
sealed interface KeyRule {
  /**
   * Reports where a mapping breaks the rule.
   *
   * @return whether the section's later rules make sense for the mapping
   */
  boolean check(Fields fields);

  /**
   * Exactly one of several keys is there.
   *
   * @param keys at least two
   */
  record ExactlyOne(List<Key<?>> keys) implements KeyRule {
    ExactlyOne(Key<?>... keys) {
      this(List.of(keys));
    }

    @Override
    public boolean check(Fields fields) {
      List<String> given = keys.stream().filter(fields::has).map(Key::name).toList();
      if (given.size() == 1) {
        return true;
      }
      fields
          .problems()
          .malformed(
              fields.place(),
              fields.path(),
              "expected one of the keys "
                  + String.join(", ", keys.stream().map(Key::name).toList())
                  + ", found "
                  + (given.isEmpty() ? "none" : String.join(" and ", given)));
      return false;
    }
  }

  /**
   * One or more of several keys are there.
   *
   * @param keys at least two
   */
  record AtLeastOne(List<Key<?>> keys) implements KeyRule {
    AtLeastOne(Key<?>... keys) {
      this(List.of(keys));
    }

    @Override
    public boolean check(Fields fields) {
      if (keys.stream().anyMatch(fields::has)) {
        return true;
      }
      fields
          .problems()
          .malformed(
              fields.place(),
              fields.path(),
              "expected one of the keys "
                  + String.join(", ", keys.stream().map(Key::name).toList())
                  + ", found none");
      return false;
    }
  }

  /**
   * At most one of several keys is there.
   *
   * @param keys at least two
   */
  record AtMostOne(List<Key<?>> keys) implements KeyRule {
    AtMostOne(Key<?>... keys) {
      this(List.of(keys));
    }

    @Override
    public boolean check(Fields fields) {
      List<String> given = keys.stream().filter(fields::has).map(Key::name).toList();
      if (given.size() <= 1) {
        return true;
      }
      fields
          .problems()
          .malformed(
              fields.place(),
              fields.path(),
              "expected one of the keys "
                  + String.join(", ", keys.stream().map(Key::name).toList())
                  + " at most, found "
                  + String.join(" and ", given));
      return false;
    }
  }

  /**
   * A key is there only together with another.
   *
   * @param key the key
   * @param other the one that it needs
   * @param why the message
   */
  record OnlyWith(Key<?> key, Key<?> other, String why) implements KeyRule {
    @Override
    public boolean check(Fields fields) {
      if (!fields.has(other)) {
        fields.refuse(key, why);
      }
      return true;
    }
  }

  /**
   * A key is never there together with another.
   *
   * @param key the key that is refused
   * @param other the one that excludes it
   * @param why the message
   */
  record NotWith(Key<?> key, Key<?> other, String why) implements KeyRule {
    @Override
    public boolean check(Fields fields) {
      if (fields.has(other)) {
        fields.refuse(key, why);
      }
      return true;
    }
  }

  /**
   * A key is not there where another has a certain value.
   *
   * @param key the key that is refused
   * @param decider the other
   * @param word its value in the file
   * @param why the message
   */
  record NotWhere(Key<?> key, Key<?> decider, String word, String why) implements KeyRule {
    @Override
    public boolean check(Fields fields) {
      if (fields.says(decider, word)) {
        fields.refuse(key, why);
      }
      return true;
    }
  }

  /**
   * A key, or one that stands for it, must be there where another has a certain value.
   *
   * @param key the key
   * @param instead the one that stands for it
   * @param decider the other
   * @param word its value in the file
   * @param why the message's end
   */
  record NeededWhere(Key<?> key, Key<?> instead, Key<?> decider, String word, String why)
      implements KeyRule {
    @Override
    public boolean check(Fields fields) {
      if (fields.says(decider, word) && !fields.has(key) && !fields.has(instead)) {
        fields
            .problems()
            .add(
                fields.place(),
                fields.path(),
                "the key " + Quoted.quote(key.name()) + " is missing: " + why);
      }
      return true;
    }
  }
}
