package io.lanyard.config;

import java.net.IDN;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A domain name, or all names below one.
 *
 * @param name the name in lower case, as DNS has it (RFC 5891 for what is beyond ASCII), without a
 *     dot at its end
 * @param below whether it is about the names below that one, of any depth, and not about itself
 */
public record NamePattern(String name, boolean below) {
  private static final Pattern LABEL = Pattern.compile("[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?");
  private static final Pattern NUMBER = Pattern.compile("[0-9]+|0x[0-9a-f]*");

  /**
   * RFC 5894 section 7.2: what these become has changed, and with it whose name it is. Java's
   * {@link IDN} takes them for others or leaves them out, as RFC 3490 did; programs today do not.
   */
  private static final Pattern IN_TWO_WAYS =
      Pattern.compile("[\\u00df\\u1e9e\\u03c2\\u200c\\u200d]");

  private static final int LONGEST_LABEL = 63;
  private static final int LONGEST_NAME = 253;

  /**
   * Parses a name ({@code deb.debian.org}) or a wildcard ({@code *.debian.org}).
   *
   * @param text upper and lower case are the same; a dot at the end says nothing
   * @return the pattern
   * @throws IllegalArgumentException with what is wrong
   */
  public static NamePattern parse(String text) {
    boolean below = text.startsWith("*.");
    String rest = below ? text.substring(2) : text;
    if (rest.endsWith(".")) {
      rest = rest.substring(0, rest.length() - 1);
    }
    if (rest.indexOf('*') >= 0) {
      throw new IllegalArgumentException(
          "* stands alone, for the whole world, or for all labels before a name: *.debian.org");
    }
    String name = ascii(rest).toLowerCase(Locale.ROOT);
    String[] labels = name.split("\\.", -1);
    for (String label : labels) {
      check(label);
    }
    if (name.length() > LONGEST_NAME) {
      throw new IllegalArgumentException(
          "a name has at most " + LONGEST_NAME + " characters, this one " + name.length());
    }
    if (NUMBER.matcher(labels[labels.length - 1]).matches()) {
      // A name that ends so is an address to programs (WHATWG URL section 3.5).
      throw new IllegalArgumentException("no name ends with a number; an IPv4 address has four");
    }
    return new NamePattern(name, below);
  }

  private static String ascii(String text) {
    Matcher ambiguous = IN_TWO_WAYS.matcher(text);
    if (ambiguous.find()) {
      throw new IllegalArgumentException(
          "programs take %s for two different names; write the label as DNS has it, with xn--"
              .formatted(Quoted.quote(ambiguous.group())));
    }
    try {
      return IDN.toASCII(text, IDN.ALLOW_UNASSIGNED);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("it is no domain name", e);
    }
  }

  private static void check(String label) {
    if (label.isEmpty()) {
      throw new IllegalArgumentException("it has an empty label");
    }
    if (label.length() > LONGEST_LABEL) {
      throw new IllegalArgumentException(
          "a label has at most " + LONGEST_LABEL + " characters, this one " + label.length());
    }
    if (!LABEL.matcher(label).matches()) {
      throw new IllegalArgumentException(
          "a label has letters, digits, hyphens inside, and underscores; "
              + Quoted.quote(label)
              + " has others");
    }
  }

  /**
   * The pattern as the file writes it.
   *
   * @return text such as {@code *.debian.org}
   */
  @Override
  public String toString() {
    return below ? "*." + name : name;
  }
}
