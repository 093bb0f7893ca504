package io.lanyard.config;

import io.lanyard.net.Address;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A record that a network's name server has beside the addresses of its hosts.
 *
 * @param name the name, lower case, relative to the domain unless it has a dot at its end; one that
 *     begins with {@code *.} is for every name below it
 * @param data what it says
 */
public record DnsRecord(String name, Data data) {
  /** The data of a record. */
  public sealed interface Data {}

  /**
   * The name is another one for a name of the network.
   *
   * @param target the name, as the record's own
   */
  public record Alias(String target) implements Data {}

  /**
   * A service (RFC 2782).
   *
   * @param priority the lower is tried first
   * @param weight the share among those of one priority
   * @param port the port
   * @param target the host's name, as the record's own
   */
  public record Service(int priority, int weight, int port, String target) implements Data {
    /** The service as the file writes it. */
    @Override
    public String toString() {
      return priority + " " + weight + " " + port + " " + target;
    }
  }

  /**
   * Text.
   *
   * @param text of any length
   */
  public record Text(String text) implements Data {}

  /**
   * The name is that of an address.
   *
   * @param address the address, of either family
   */
  public record Pointer(Address address) implements Data {}

  /**
   * An IPv4 address of the name.
   *
   * @param address the address
   */
  public record Ipv4(Address address) implements Data {}

  /**
   * An IPv6 address of the name.
   *
   * @param address the address
   */
  public record Ipv6(Address address) implements Data {}

  /**
   * Whether the record says where the name leads: an address, or the name that has it. What a guest
   * calls itself does not count for such a name.
   *
   * @return true for addresses and aliases
   */
  public boolean leads() {
    return data instanceof Alias || data instanceof Ipv4 || data instanceof Ipv6;
  }

  /** The keys of a record. */
  static final class Keys {
    private static final String LABEL = "[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?";
    private static final String NAME_FORM = LABEL + "(\\." + LABEL + ")*\\.?";
    private static final Pattern NAME_PATTERN = Pattern.compile("(\\*\\.)?" + NAME_FORM);
    private static final Pattern SERVICE_PATTERN =
        Pattern.compile("([0-9]{1,5}) +([0-9]{1,5}) +([0-9]{1,5}) +(\\S+)");
    private static final int LONGEST_NAME = 254;
    private static final int MOST_PORT = 65_535;

    /** The most text in one record: what fits a message over TCP with room for the rest. */
    private static final int LONGEST_TEXT = 32_768;

    private static final Kind<String> RECORD_NAME =
        Kind.such(
            "record-name",
            "a name",
            "^(\\*\\.)?" + NAME_FORM + "$",
            Keys::name,
            "www",
            "_http._tcp",
            "www.example.");

    static final Key<String> NAME =
        Key.required(
            "name",
            RECORD_NAME,
            "The name; below the domain unless it ends with a dot. One that begins with *. is for"
                + " every name below it that has no record of its own.");

    static final Key<String> CNAME =
        Key.optional(
            "cname",
            RECORD_NAME,
            "none",
            "The name for which this is another one, of the network or of others; its addresses are"
                + " in the answer.");

    static final Key<DnsRecord.Service> SRV =
        Key.optional(
            "srv",
            Kind.such(
                "srv",
                "priority, weight, port and host",
                "^[0-9]{1,5} +[0-9]{1,5} +[0-9]{1,5} +[^ ]+$",
                Keys::service,
                "\"10 5 80 web\""),
            "none",
            "A service (RFC 2782): priority, weight, port, and the name of its host.");

    static final Key<String> TXT = Key.optional("txt", Kind.TEXT, "none", "A text.");

    static final Key<Address> PTR =
        Key.optional(
            "ptr",
            Kind.such(
                "any-address",
                "an IPv4 or IPv6 address",
                "^[0-9a-fA-F:.]+$",
                Address::parse,
                "192.168.127.9"),
            "none",
            "The address whose name this is: it answers reverse questions.");

    static final Key<Address> A =
        Key.optional(
            "a", Kind.ADDRESS, "none", "An IPv4 address, beside those that hosts may say.");

    static final Key<Address> AAAA =
        Key.optional("aaaa", Kind.ADDRESS_IPV6, "none", "An IPv6 address.");

    static final Section SECTION =
        new Section(
            "dns-record",
            "A record of the network's name server.",
            List.of(NAME, A, AAAA, CNAME, SRV, TXT, PTR),
            List.of(new KeyRule.ExactlyOne(A, AAAA, CNAME, SRV, TXT, PTR)),
            Map.of());

    /** The keys that say what a record is, of which it has one. */
    static final List<String> TYPES =
        Stream.of(A, AAAA, CNAME, SRV, TXT, PTR).map(Key::name).toList();

    /** A longer text is known by its digest: a path has 4096 characters in all. */
    private static final int LONGEST_KNOWN_TEXT = 200;

    private static final int DIGEST_BYTES = 16;

    private Keys() {}

    /**
     * The text that tells a record from all others: {@code www/cname/web}.
     *
     * @param name its name
     * @param type one of {@link #TYPES}
     * @param value the value of that key
     * @throws IllegalArgumentException if the value cannot be read
     */
    static String identity(String name, String type, String value) {
      return name.toLowerCase(Locale.ROOT) + "/" + type + "/" + canonical(type, value);
    }

    private static String canonical(String type, String value) {
      return switch (type) {
        case "a", "aaaa", "ptr" -> Address.parse(value).toString();
        case "srv" -> service(value).toString();
        case "txt" -> value.length() <= LONGEST_KNOWN_TEXT ? value : digest(value);
        default -> value.toLowerCase(Locale.ROOT);
      };
    }

    private static String digest(String text) {
      try {
        byte[] digest =
            MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
        return "#" + HexFormat.of().formatHex(digest, 0, DIGEST_BYTES);
      } catch (NoSuchAlgorithmException e) {
        throw new IllegalStateException("every Java has SHA-256", e);
      }
    }

    private static String name(String text) {
      if (!NAME_PATTERN.matcher(text).matches() || text.length() > LONGEST_NAME) {
        throw new IllegalArgumentException(Kind.why(text, LONGEST_NAME));
      }
      return text.toLowerCase(Locale.ROOT);
    }

    private static DnsRecord.Service service(String text) {
      Matcher parts = SERVICE_PATTERN.matcher(text.strip());
      if (!parts.matches()) {
        throw new IllegalArgumentException("four parts with spaces between them are expected");
      }
      int[] numbers = new int[3];
      for (int i = 0; i < numbers.length; i++) {
        numbers[i] = Integer.parseInt(parts.group(i + 1));
        if (numbers[i] > MOST_PORT) {
          throw new IllegalArgumentException(numbers[i] + " is more than " + MOST_PORT);
        }
      }
      return new DnsRecord.Service(numbers[0], numbers[1], numbers[2], name(parts.group(4)));
    }

    /** Reads a record; null where it is wrong, which has been reported. */
    static @Nullable DnsRecord read(Fields fields) {
      String name = fields.find(NAME);
      String alias = fields.find(CNAME);
      DnsRecord.Service service = fields.find(SRV);
      String text = fields.find(TXT);
      Address pointer = fields.find(PTR);
      Address ipv4 = fields.find(A);
      Address ipv6 = fields.find(AAAA);
      if (text != null && text.length() > LONGEST_TEXT) {
        fields.problem(TXT, "a text has at most " + LONGEST_TEXT + " characters");
      }
      if (name != null && pointer != null && name.startsWith("*.")) {
        fields.problem(NAME, "an address has the name of one host, and no wildcard");
      }
      Data data =
          alias != null
              ? new Alias(alias)
              : service != null
                  ? service
                  : text != null
                      ? new Text(text)
                      : pointer != null
                          ? new Pointer(pointer)
                          : ipv6 != null ? new Ipv6(ipv6) : ipv4 != null ? new Ipv4(ipv4) : null;
      return name == null || data == null ? null : new DnsRecord(name, data);
    }
  }
}
