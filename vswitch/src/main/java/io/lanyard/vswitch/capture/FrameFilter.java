package io.lanyard.vswitch.capture;

import io.lanyard.net.Address;
import io.lanyard.net.MacAddress;
import io.lanyard.net.Subnet;
import io.netty.buffer.ByteBuf;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Tells which frames a capture takes, in words of pcap-filter(7): {@code tcp port 80 and not src
 * host 10.0.0.1}.
 *
 * <p>Terms are {@code arp}, {@code ip}, {@code ip6}, {@code tcp}, {@code udp}, {@code icmp}, {@code
 * icmp6}, {@code broadcast}, {@code multicast}, {@code ether host MAC}, and, with {@code src} or
 * {@code dst} before them or neither, {@code host ADDRESS}, {@code net SUBNET} and {@code port N};
 * {@code tcp port N} and {@code udp port N} are both at once. {@code not} binds more tightly than
 * {@code and}, that more than {@code or}; parentheses group. It is no more of that language than
 * this. A tag of a VLAN is looked through, and ARP has its addresses.
 *
 * <p>Thread: the network's loop; {@link #parse} any.
 */
public final class FrameFilter {
  private static final int LONGEST = 1000;
  private static final int DEEPEST = 32;
  private static final int GROUP_BIT = 40;
  private static final long BROADCAST = 0xffff_ffff_ffffL;

  private static final Pattern WORD = Pattern.compile("\\s*([()!]|[^\\s()!]+)");

  private final FilterFacts facts = new FilterFacts();
  private final Predicate<FilterFacts> test;

  private FrameFilter(Predicate<FilterFacts> test) {
    this.test = test;
  }

  /**
   * Reads a filter.
   *
   * @param text the terms
   * @return the filter, for one capture
   * @throws IllegalArgumentException with what is wrong
   */
  public static FrameFilter parse(String text) {
    if (text.length() > LONGEST) {
      throw new IllegalArgumentException("the filter has more than " + LONGEST + " characters");
    }
    Parser parser = new Parser(text);
    Predicate<FilterFacts> test = parser.either(0);
    if (parser.hasNext()) {
      throw new IllegalArgumentException(
          "expected \"and\" or \"or\" in the filter, found \"" + parser.peek() + "\"");
    }
    return new FrameFilter(test);
  }

  /**
   * Whether a frame is taken.
   *
   * @param frame a buffer with the frame, which is not changed
   * @param at where the Ethernet header is
   * @param length the frame's bytes
   */
  boolean matches(ByteBuf frame, int at, int length) {
    facts.read(frame, at, length);
    return test.test(facts);
  }

  private enum Side {
    SOURCE,
    TARGET,
    BOTH
  }

  /** The grammar, from the loosest to the tightest. */
  private static final class Parser {
    private final List<String> words = new ArrayList<>();
    private int at;

    Parser(String text) {
      Matcher word = WORD.matcher(text);
      while (word.lookingAt()) {
        words.add(word.group(1));
        word.region(word.end(), text.length());
      }
    }

    boolean hasNext() {
      return at < words.size();
    }

    String peek() {
      return hasNext() ? words.get(at) : "";
    }

    private String next(String expected) {
      if (!hasNext()) {
        throw new IllegalArgumentException("expected " + expected + " at the filter's end");
      }
      return words.get(at++);
    }

    private boolean skip(String... any) {
      boolean is = List.of(any).contains(peek().toLowerCase(Locale.ROOT));
      at += is ? 1 : 0;
      return is;
    }

    Predicate<FilterFacts> either(int depth) {
      Predicate<FilterFacts> all = both(depth);
      while (skip("or", "||")) {
        all = all.or(both(depth));
      }
      return all;
    }

    private Predicate<FilterFacts> both(int depth) {
      Predicate<FilterFacts> all = one(depth);
      while (skip("and", "&&")) {
        all = all.and(one(depth));
      }
      return all;
    }

    private Predicate<FilterFacts> one(int depth) {
      if (depth > DEEPEST) {
        throw new IllegalArgumentException("the filter has too many parentheses");
      }
      if (skip("not", "!")) {
        return one(depth + 1).negate();
      }
      if (skip("(")) {
        Predicate<FilterFacts> inner = either(depth + 1);
        if (!skip(")")) {
          throw new IllegalArgumentException(
              "expected \")\" in the filter, found \"" + peek() + "\"");
        }
        return inner;
      }
      return term();
    }

    private Predicate<FilterFacts> term() {
      String word = next("a term");
      return switch (word.toLowerCase(Locale.ROOT)) {
        case "arp" -> type(FilterFacts.ARP);
        case "ip" -> type(FilterFacts.IPV4);
        case "ip6" -> type(FilterFacts.IPV6);
        case "icmp" -> protocol(1).and(type(FilterFacts.IPV4));
        case "icmp6" -> protocol(58).and(type(FilterFacts.IPV6));
        case "tcp" -> withPort(protocol(6));
        case "udp" -> withPort(protocol(17));
        case "broadcast" -> facts -> facts.destination == BROADCAST;
        case "multicast" -> facts -> (facts.destination >> GROUP_BIT & 1) != 0;
        case "ether" -> ether();
        case "src" -> sided(Side.SOURCE);
        case "dst" -> sided(Side.TARGET);
        default -> {
          at--;
          yield sided(Side.BOTH);
        }
      };
    }

    private static Predicate<FilterFacts> type(int etherType) {
      return facts -> facts.etherType == etherType;
    }

    private static Predicate<FilterFacts> protocol(int number) {
      return facts -> facts.protocol == number;
    }

    /** {@code tcp port 80}, {@code udp src port 53}: the term goes on. */
    private Predicate<FilterFacts> withPort(Predicate<FilterFacts> protocol) {
      String second = at + 1 < words.size() ? words.get(at + 1).toLowerCase(Locale.ROOT) : "";
      boolean goesOn =
          switch (peek().toLowerCase(Locale.ROOT)) {
            case "port" -> true;
            case "src", "dst" -> second.equals("port");
            default -> false;
          };
      if (!goesOn) {
        return protocol;
      }
      Side side = skip("src") ? Side.SOURCE : skip("dst") ? Side.TARGET : Side.BOTH;
      return protocol.and(sided(side));
    }

    private Predicate<FilterFacts> ether() {
      if (!skip("host")) {
        throw new IllegalArgumentException("expected \"ether host MAC\" in the filter");
      }
      MacAddress mac = MacAddress.parse(next("a MAC address"));
      long bits = mac.bits();
      return facts -> facts.source == bits || facts.destination == bits;
    }

    private Predicate<FilterFacts> sided(Side side) {
      String word = next("\"host\", \"net\" or \"port\"");
      return switch (word.toLowerCase(Locale.ROOT)) {
        case "host" -> {
          Address address = Address.parse(next("an address"));
          yield net(side, Subnet.of(address, address.isIpv4() ? 32 : 128));
        }
        case "net" -> net(side, Subnet.parse(next("a subnet")));
        case "port" -> port(side, next("a port"));
        default -> throw new IllegalArgumentException("\"" + word + "\" is no term of a filter");
      };
    }

    private static Predicate<FilterFacts> net(Side side, Subnet net) {
      return facts ->
          facts.hasAddresses
              && ((side != Side.TARGET && net.contains(facts.sourceHigh, facts.sourceLow))
                  || (side != Side.SOURCE && net.contains(facts.targetHigh, facts.targetLow)));
    }

    private static Predicate<FilterFacts> port(Side side, String text) {
      if (!text.matches("[0-9]{1,5}") || Integer.parseInt(text) > 0xffff) {
        throw new IllegalArgumentException("the filter's port " + text + " is none");
      }
      int port = Integer.parseInt(text);
      return facts ->
          (side != Side.TARGET && facts.sourcePort == port)
              || (side != Side.SOURCE && facts.targetPort == port);
    }
  }
}
