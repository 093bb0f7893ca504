package io.lanyard.config;

import io.lanyard.base.PrintableText;
import java.time.Instant;

/** Where a value of the configuration comes from. As text, for people. */
public sealed interface Origin {
  /** Nobody said it. */
  record Default() implements Origin {
    @Override
    public String toString() {
      return "default";
    }
  }

  /**
   * It is said elsewhere, and holds here too: what a port inherits from its port group or network.
   *
   * @param from where it is said
   * @param origin who said it there
   */
  record Inherited(DocumentPath from, Origin origin) implements Origin {
    @Override
    public String toString() {
      return from + ", " + origin;
    }
  }

  /**
   * The file said it.
   *
   * @param source the file's name
   * @param line from 1
   * @param column from 1
   */
  record File(String source, int line, int column) implements Origin {
    @Override
    public String toString() {
      return source + ":" + line + ":" + column;
    }
  }

  /**
   * It was changed afterwards.
   *
   * @param who who changed it
   * @param when when
   */
  record Change(String who, Instant when) implements Origin {
    @Override
    public String toString() {
      return PrintableText.of(who) + " at " + when;
    }
  }
}
