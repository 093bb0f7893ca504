package io.lanyard.config;

import org.jspecify.annotations.Nullable;

/**
 * Where something stands in a file, or in the value of a change that is laid over it.
 *
 * @param line from 1; 0 for nowhere
 * @param column from 1
 * @param edit the change, or null for the file
 */
record Place(int line, int column, @Nullable Edit edit) {
  static final Place NOWHERE = new Place(0, 0);

  /** A place in the file. */
  Place(int line, int column) {
    this(line, column, null);
  }

  /** Whether what stands here was said earlier: the file before changes, lines in their order. */
  boolean isBefore(Place other) {
    if (edit == null || other.edit == null) {
      return edit == null && (other.edit != null || line < other.line);
    }
    return edit.when().isBefore(other.edit.when());
  }

  /** Refers to the place in a message about another one. */
  String inWords() {
    return edit == null ? "line " + line : edit.source();
  }
}
