package io.lanyard.config;

import org.jspecify.annotations.Nullable;

/**
 * An edit that lies over a text.
 *
 * @param edit the edit
 * @param value its value as a tree, or null for a removal
 */
record LaidEdit(Edit edit, @Nullable YamlNode value) {
  /** Stands for what the edit makes on the way to its value. */
  Place place() {
    return new Place(1, 1, edit);
  }

  /** Lays it over a tree; null after a problem. */
  @Nullable YamlNode over(YamlNode tree, Problems problems) {
    return value == null
        ? Overlay.remove(tree, edit.path(), place(), problems)
        : Overlay.set(tree, edit.path(), value, place(), problems);
  }
}
