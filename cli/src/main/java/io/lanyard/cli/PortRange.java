package io.lanyard.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Ports at the end of an endpoint: {@code 127.0.0.1:8000-8010}.
 *
 * @param before the text before the first port, such as {@code 127.0.0.1:}
 * @param first the first port
 * @param last the last port
 */
record PortRange(String before, int first, int last) {
  /** Each port is a forward, with a socket of its own. */
  private static final int MOST = 1024;

  private static final Pattern FORM = Pattern.compile("(.*:)?([0-9]{1,5})(?:-([0-9]{1,5}))?");

  /**
   * The two ends of a forward.
   *
   * @param listen where the host listens
   * @param to the guest's end
   * @param port the port of {@code listen}; 0 where it cannot be read
   */
  record Pair(String listen, String to, int port) {}

  /** Reads an endpoint; null if it has no port. */
  private static @Nullable PortRange of(String text) {
    Matcher form = FORM.matcher(text);
    if (!form.matches()) {
      return null;
    }
    int first = Integer.parseInt(form.group(2));
    int last = form.group(3) == null ? first : Integer.parseInt(form.group(3));
    if (last < first) {
      throw new IllegalArgumentException("the range " + text + " ends before it begins");
    }
    if (last - first >= MOST) {
      throw new IllegalArgumentException("the range " + text + " has more than " + MOST + " ports");
    }
    return new PortRange(form.group(1) == null ? "" : form.group(1), first, last);
  }

  private int size() {
    return last - first + 1;
  }

  /**
   * The forwards from one range of ports to another one.
   *
   * @param listen an endpoint; a port alone is one of 127.0.0.1
   * @param to a host and the same number of ports; without ports, those of {@code listen}
   * @throws IllegalArgumentException with what is wrong
   */
  static List<Pair> pairs(String listen, String to) {
    PortRange from = of(listen);
    if (from == null) {
      // The daemon says what an endpoint looks like.
      return List.of(new Pair(listen, to, 0));
    }
    PortRange target = to.contains(":") ? of(to) : new PortRange(to + ":", from.first, from.last);
    if (target == null) {
      return List.of(new Pair(listen, to, from.first));
    }
    if (from.size() != target.size()) {
      throw new IllegalArgumentException(
          listen + " has " + from.size() + " ports, but " + to + " has " + target.size());
    }
    String address = from.before.isEmpty() ? "127.0.0.1:" : from.before;
    List<Pair> pairs = new ArrayList<>();
    for (int i = 0; i < from.size(); i++) {
      int port = from.first + i;
      pairs.add(new Pair(address + port, target.before + (target.first + i), port));
    }
    return pairs;
  }

  /** A forward's identity, or those of each port where it ends with a range of them. */
  static List<String> all(String forward) {
    int slash = forward.indexOf('/');
    PortRange range = slash < 0 ? null : of(forward.substring(slash + 1));
    if (range == null) {
      return List.of(forward);
    }
    List<String> all = new ArrayList<>();
    for (int port = range.first; port <= range.last; port++) {
      all.add(forward.substring(0, slash + 1) + range.before + port);
    }
    return all;
  }
}
