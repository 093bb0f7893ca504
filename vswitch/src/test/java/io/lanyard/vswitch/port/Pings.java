package io.lanyard.vswitch.port;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The answers to a series of pings that goes on until so many have come ({@code ping -c 50 -w 60}).
 * Ping itself counts as lost what it has sent last, where answers come later than before, as on a
 * host that stands still.
 *
 * @param answered how many had an answer
 * @param lost how many had none, though later ones had
 * @param median the time of the middle one, in ms; NaN without answers
 */
record Pings(int answered, int lost, double median) {
  private static final Pattern ANSWER = Pattern.compile("icmp_seq=([0-9]+) .*time=([0-9.]+)");

  /** Reads what ping says. */
  static Pings of(String said) {
    List<Double> times = new ArrayList<>();
    Set<Integer> answered = new TreeSet<>();
    Matcher matcher = ANSWER.matcher(said);
    while (matcher.find()) {
      if (answered.add(Integer.valueOf(matcher.group(1)))) {
        times.add(Double.valueOf(matcher.group(2)));
      }
    }
    times.sort(null);
    double median = times.isEmpty() ? Double.NaN : times.get(times.size() / 2);
    int last = answered.isEmpty() ? 0 : Collections.max(answered);
    return new Pings(answered.size(), last - answered.size(), median);
  }
}
