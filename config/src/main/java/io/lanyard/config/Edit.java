package io.lanyard.config;

import java.time.Instant;
import java.time.temporal.ChronoUnit;

/**
 * A change of a configuration document.
 *
 * @param operation the operation
 * @param path what it sets or removes
 * @param value the new value as JSON or YAML, unchecked; empty for a removal
 * @param who who changed it, for people
 * @param when when
 */
public record Edit(Operation operation, DocumentPath path, String value, String who, Instant when) {
  /** The operation of a change. */
  public enum Operation {
    /** Gives a key or an item of a list its value, whether it is there or not. */
    SET,
    /** Removes a key or an item of a list. */
    REMOVE
  }

  /** Checks that a removal has no value. */
  public Edit {
    if (operation == Operation.REMOVE && !value.isEmpty()) {
      throw new IllegalArgumentException("a removal has no value");
    }
  }

  /**
   * A change that sets a value.
   *
   * @param path what it sets
   * @param value JSON or YAML
   * @param who who changes it
   * @param when when
   * @return the change
   */
  public static Edit set(DocumentPath path, String value, String who, Instant when) {
    return new Edit(Operation.SET, path, value, who, when);
  }

  /**
   * A change that removes a value.
   *
   * @param path what it removes
   * @param who who changes it
   * @param when when
   * @return the change
   */
  public static Edit remove(DocumentPath path, String who, Instant when) {
    return new Edit(Operation.REMOVE, path, "", who, when);
  }

  /**
   * The change's name in messages, where a file would have its own.
   *
   * @return who has made it when
   */
  public String source() {
    return "change by " + Quoted.cut(who) + " at " + when.truncatedTo(ChronoUnit.SECONDS);
  }
}
