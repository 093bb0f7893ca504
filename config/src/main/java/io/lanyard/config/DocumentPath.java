package io.lanyard.config;

import java.util.ArrayList;
import java.util.List;

/**
 * The place of a value in a configuration document: the keys of the mappings that lead to it, and
 * the identities of the items of lists.
 *
 * <p>An item of a list is known by its content: a forward by its name, or by protocol and listen
 * address where it has none ({@code tcp/127.0.0.1:8080}); a port by its name; a reservation by its
 * MAC address; a record of DNS by all that it says ({@code www/cname/web}); an item of any other
 * list by its place from 0, and a NIC also by {@code nic0}. Steps are kept in their one form: a MAC
 * address with colons, the name of a guest and that of a host of DNS in lower case.
 *
 * <p>As text, keys have dots between them and identities stand in brackets: {@code
 * networks.vmnet8.forwards[web].listen}. A key that is not letters, digits, hyphens and underscores
 * stands in double quotes: {@code networks.vmnet8.dns.hosts."www.example"}.
 *
 * @param steps at least one
 */
public record DocumentPath(List<String> steps) {
  /** More than the deepest file has. */
  private static final int MOST_STEPS = 64;

  /** Characters of a path that comes as text. */
  private static final int LONGEST_TEXT = 4096;

  /** Brings the steps into their one form. */
  public DocumentPath {
    if (steps.isEmpty() || steps.size() > MOST_STEPS) {
      throw new IllegalArgumentException("a path has 1 to " + MOST_STEPS + " steps");
    }
    List<String> canonical = new ArrayList<>(steps.size());
    for (String step : steps) {
      canonical.add(ItemIdentity.canonicalStep(canonical, step));
    }
    steps = List.copyOf(canonical);
  }

  /**
   * A path of these steps.
   *
   * @param steps keys and identities
   * @return the path
   */
  public static DocumentPath of(String... steps) {
    return new DocumentPath(List.of(steps));
  }

  /**
   * Reads a path.
   *
   * @param text in the form of {@link #toString}; quotes are optional where a key or an identity
   *     has no dot and no bracket that is not closed
   * @return the path
   * @throws IllegalArgumentException with what is wrong
   */
  public static DocumentPath parse(String text) {
    if (text.length() > LONGEST_TEXT) {
      throw new IllegalArgumentException("it is longer than " + LONGEST_TEXT + " characters");
    }
    return new DocumentPath(new PathReader(text).steps());
  }

  /**
   * A path that leads further.
   *
   * @param step a key or an identity below this path
   * @return the longer path
   */
  public DocumentPath child(String step) {
    List<String> longer = new ArrayList<>(steps);
    longer.add(step);
    return new DocumentPath(longer);
  }

  /** The first steps. */
  DocumentPath first(int count) {
    return new DocumentPath(steps.subList(0, count));
  }

  @Override
  public String toString() {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < steps.size(); i++) {
      if (ItemIdentity.of(steps.subList(0, i)) != null) {
        text.append('[').append(PathReader.identity(steps.get(i))).append(']');
      } else {
        text.append(text.isEmpty() ? "" : ".").append(PathReader.key(steps.get(i)));
      }
    }
    return text.toString();
  }
}
