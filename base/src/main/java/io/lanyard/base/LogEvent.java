package io.lanyard.base;

import java.lang.System.Logger.Level;
import org.jspecify.annotations.Nullable;

/**
 * One line of the log: {@code event=tap-lost port="qemu1" cause="No such device"}.
 *
 * <p>An event is its name and what it is about, so that a person reads the line and a program takes
 * it apart: names and keys are kebab-case words of the source, values are whatever the world sent
 * and always stand in quotes. A quote, a backslash and every character of a value that {@link
 * PrintableText} would replace (controls, separators of lines, marks that turn the direction of
 * text) are escaped, so that a value can neither end its quotes nor its line, nor command a
 * terminal, nor show another text than it is.
 *
 * <p>Thread: one; it is made, filled and printed in one statement.
 */
public final class LogEvent {
  private final StringBuilder line;

  private LogEvent(String name) {
    this.line = new StringBuilder(96).append("event=").append(name);
  }

  /**
   * Begins a line.
   *
   * @param name kebab-case; never from outside
   * @return the event, to be given its values
   */
  public static LogEvent of(String name) {
    return new LogEvent(word(name));
  }

  /**
   * Adds a value.
   *
   * @param key kebab-case; never from outside
   * @param value its text is quoted and escaped; null is an empty text, an enum {@link
   *     EnumText#word}
   * @return this
   */
  public LogEvent with(String key, @Nullable Object value) {
    // No pattern switch on the daemon's way to its first line: the JVM spins a class for each.
    if (value == null) {
      quote(key, "");
    } else if (value instanceof Enum<?> constant) {
      quote(key, EnumText.word(constant));
    } else {
      quote(key, value.toString());
    }
    return this;
  }

  /**
   * Adds a number, without making an object of it.
   *
   * @param key kebab-case; never from outside
   * @param value the number
   * @return this
   */
  public LogEvent with(String key, long value) {
    line.append(' ').append(word(key)).append("=\"").append(value).append('"');
    return this;
  }

  /**
   * Adds what went wrong, in a few words for a person: {@link Causes#of}.
   *
   * @param key kebab-case; never from outside
   * @param cause an exception
   * @return this
   */
  public LogEvent with(String key, Throwable cause) {
    quote(key, Causes.of(cause));
    return this;
  }

  /**
   * Prints the line.
   *
   * @param logger where it goes
   * @param level its level
   */
  public void log(System.Logger logger, Level level) {
    logger.log(level, toString());
  }

  /**
   * Prints the line, and the stack trace of its cause.
   *
   * @param logger where it goes
   * @param level its level
   * @param cause whose trace is printed too
   */
  public void log(System.Logger logger, Level level, Throwable cause) {
    logger.log(level, toString(), cause);
  }

  /**
   * The line.
   *
   * @return one line of text without an end
   */
  @Override
  public String toString() {
    return line.toString();
  }

  private static String word(String word) {
    for (int i = 0; i < word.length(); i++) {
      char c = word.charAt(i);
      if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-')) {
        throw new IllegalArgumentException("not a kebab-case word: " + word);
      }
    }
    if (word.isEmpty()) {
      throw new IllegalArgumentException("an empty word");
    }
    return word;
  }

  private void quote(String key, String value) {
    line.append(' ').append(word(key)).append("=\"");
    for (int i = 0; i < value.length(); i++) {
      escape(value.charAt(i));
    }
    line.append('"');
  }

  private void escape(char c) {
    switch (c) {
      case '"' -> line.append("\\\"");
      case '\\' -> line.append("\\\\");
      case '\n' -> line.append("\\n");
      case '\r' -> line.append("\\r");
      case '\t' -> line.append("\\t");
      default -> {
        if (!PrintableText.isPrintable(c)) {
          line.append("\\u");
          for (int shift = 12; shift >= 0; shift -= 4) {
            line.append(Character.forDigit(c >> shift & 15, 16));
          }
        } else {
          line.append(c);
        }
      }
    }
  }
}
