package io.lanyard.dns;

import io.lanyard.nat.gateway.NamePolicy;
import io.lanyard.nat.station.PortBudget;
import io.lanyard.net.Address;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.xbill.DNS.AAAARecord;
import org.xbill.DNS.ARecord;
import org.xbill.DNS.CNAMERecord;
import org.xbill.DNS.Message;
import org.xbill.DNS.Name;
import org.xbill.DNS.Record;
import org.xbill.DNS.Section;

/**
 * The addresses that an answer has for the name that was asked for, directly or by way of the names
 * that it stands for (CNAME). Other names in the answer count for nothing.
 *
 * <p>Immutable.
 */
final class Told {
  /** Addresses of one answer that count: many more than any client tries. */
  private static final int MOST = 64;

  /** Names that a name stands for, one after the other. */
  private static final int MOST_ALIASES = 16;

  /**
   * An address.
   *
   * @param seconds how long the answer held when it came
   */
  private record Entry(Address address, long seconds) {}

  private final List<Entry> entries;

  private Told(List<Entry> entries) {
    this.entries = List.copyOf(entries);
  }

  /** Reads an answer. */
  static Told of(Message answer) {
    List<Entry> entries = new ArrayList<>();
    List<Record> records = answer.getSection(Section.ANSWER);
    Record question = answer.getQuestion();
    if (question == null || records.isEmpty()) {
      return new Told(List.of());
    }
    Map<Name, CNAMERecord> aliases = new HashMap<>();
    for (Record each : records) {
      if (each instanceof CNAMERecord alias) {
        aliases.putIfAbsent(alias.getName(), alias);
      }
    }
    Map<Name, Long> names = new HashMap<>();
    Name name = question.getName();
    long seconds = Integer.MAX_VALUE;
    while (names.putIfAbsent(name, seconds) == null && names.size() <= MOST_ALIASES) {
      CNAMERecord alias = aliases.get(name);
      if (alias != null) {
        seconds = Math.min(seconds, seconds(alias));
        name = alias.getTarget();
      }
    }
    for (Record each : records) {
      InetAddress address =
          switch (each) {
            case ARecord a -> a.getAddress();
            case AAAARecord a -> a.getAddress();
            default -> null;
          };
      Long named = address == null ? null : names.get(each.getName());
      if (address != null && named != null && entries.size() < MOST) {
        entries.add(new Entry(Address.of(address), Math.min(named, seconds(each))));
      }
    }
    return new Told(entries);
  }

  /** RFC 2181 section 8: a time with the top bit set is zero. */
  private static long seconds(Record each) {
    return each.getTTL() > Integer.MAX_VALUE ? 0 : each.getTTL();
  }

  /**
   * Says what a guest is about to be told.
   *
   * @param age how old the answer is, in seconds
   */
  void tell(NamePolicy policy, PortBudget port, Name asked, long age) {
    if (entries.isEmpty()) {
      return;
    }
    String name = text(asked);
    for (Entry each : entries) {
      policy.told(port, name, each.address(), Math.max(0, each.seconds() - age));
    }
  }

  /** The addresses, in the order of the answer. */
  List<Address> addresses() {
    return entries.stream().map(Entry::address).toList();
  }

  /** The memory that it takes, in bytes. */
  int bytes() {
    return 80 * entries.size();
  }

  /**
   * A name as rules have it: in lower case, without a dot at its end. What no rule can have, a dot
   * within a label first of all, is replaced: it must not look like the border of two labels.
   */
  static String text(Name name) {
    StringBuilder text = new StringBuilder(name.length());
    for (int i = 0; i < name.labels() - 1; i++) {
      if (i > 0) {
        text.append('.');
      }
      byte[] label = name.getLabel(i);
      for (int k = 1; k < label.length; k++) {
        char c = (char) (label[k] & 255);
        boolean plain =
            (c >= 'a' && c <= 'z')
                || (c >= 'A' && c <= 'Z')
                || (c >= '0' && c <= '9')
                || c == '-'
                || c == '_';
        text.append(plain ? c : '?');
      }
    }
    return text.toString().toLowerCase(Locale.ROOT);
  }
}
