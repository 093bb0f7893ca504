package io.lanyard.config;

import io.lanyard.net.Address;
import io.lanyard.net.AddressRange;
import io.lanyard.net.Endpoint;
import io.lanyard.net.MacAddress;
import io.lanyard.net.Subnet;
import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * How a text becomes a typed value. Kinds that only one key has are declared beside it.
 *
 * @param name the type's name in the schema
 * @param what the value with its article, as a message calls it
 * @param examples texts of this kind, in quotes where YAML 1.1 tools need them
 * @param shown whether messages have the examples
 * @param pattern the schema's regular expression (ECMA 262); it may accept what the parser refuses,
 *     but not the other way round
 * @param ports whether the number of a port may stand without quotes
 * @param parser throws {@link IllegalArgumentException} with what is wrong, in words that can stand
 *     after a colon
 * @param <T> the value's type
 */
record Kind<T>(
    String name,
    String what,
    List<String> examples,
    boolean shown,
    String pattern,
    boolean ports,
    Function<String, T> parser)
    implements Form<T> {
  /** The length of {@code sun_path}, less the terminating zero (unix(7)). */
  static final int LONGEST_SOCKET_PATH = 107;

  /** The length of a device's name: IFNAMSIZ less the terminating zero. */
  static final int LONGEST_DEVICE = 15;

  private static final int LONGEST_LABEL = 63;
  private static final int LONGEST_DOMAIN = 253;
  private static final int LONGEST_NAME = 32;

  /** Anything but control characters; the tab is allowed. */
  private static final String PRINTABLE = "[^\\u0000-\\u0008\\u000a-\\u001f]";

  static final String IPV4_PATTERN = "[0-9]{1,3}(\\.[0-9]{1,3}){3}";
  static final String LABEL_PATTERN =
      "[A-Za-z0-9]([A-Za-z0-9-]{0," + (LONGEST_LABEL - 2) + "}[A-Za-z0-9])?";
  static final String DOMAIN_PATTERN = LABEL_PATTERN + "(\\." + LABEL_PATTERN + ")*";

  static final String LISTEN_ADDRESS_PATTERN = "([0-9.]+|\\*|localhost|\\[[0-9a-fA-F:.]+\\])";

  static final Kind<Address> ADDRESS =
      such(
          "ipv4",
          "an IPv4 address",
          "^" + IPV4_PATTERN + "$",
          Address::parseIpv4,
          "192.168.127.10");

  static final Kind<Address> ADDRESS_OF_EITHER =
      such(
          "address",
          "an address",
          "^[0-9a-fA-F:.]+$",
          Address::parse,
          "192.168.127.10",
          "\"fd6c:616e:7961:8::10\"");

  static final Kind<AddressRange> RANGE =
      such(
          "range",
          "a range",
          "^[0-9.]+\\s*-\\s*[0-9.]+$",
          text -> AddressRange.parse(ipv4(text)),
          "192.168.127.128-192.168.127.254");
  static final Kind<Subnet> SUBNET_OR_AUTO =
      such(
          "subnet-or-auto",
          "a subnet",
          "^(" + AutoSubnets.WORD + "|" + IPV4_PATTERN + "/[0-9]{1,2})$",
          text -> text.equals(AutoSubnets.WORD) ? AutoSubnets.UNCHOSEN : Subnet.parse(ipv4(text)),
          "192.168.127.0/24",
          AutoSubnets.WORD);
  static final Kind<Subnet> SUBNET_IPV6 =
      such(
          "ipv6-subnet",
          "an IPv6 subnet",
          "^[0-9a-fA-F:.]{2,45}/64$",
          Kind::ipv6Subnet,
          "\"fd6c:616e:7961:8::/64\"");
  static final Kind<Address> ADDRESS_IPV6 =
      such(
          "ipv6-address",
          "an IPv6 address",
          "^[0-9a-fA-F:.]*:[0-9a-fA-F:.]*$",
          Kind::ipv6Address,
          "\"fd6c:616e:7961:8::10\"");
  static final Kind<MacAddress> MAC =
      such(
          "mac",
          "a MAC address",
          "^([0-9a-fA-F]{2}(:[0-9a-fA-F]{2}){5}|[0-9a-fA-F]{2}(-[0-9a-fA-F]{2}){5})$",
          MacAddress::parse,
          "\"52:54:00:00:00:10\"");
  static final Kind<Endpoint> ENDPOINT =
      such(
          "endpoint",
          "an address and port",
          "^" + LISTEN_ADDRESS_PATTERN + ":[0-9]{1,5}$",
          Kind::listen,
          "127.0.0.1:8080");
  static final Kind<Duration> DURATION =
      such(
          "duration",
          "a duration",
          "^(?=.)([0-9]{1,6}d)?([0-9]{1,6}h)?([0-9]{1,6}m)?([0-9]{1,6}s)?([0-9]{1,6}ms)?$",
          DurationText::parse,
          "30m",
          "12h");
  static final Kind<ByteSize> SIZE =
      such("size", "an amount of memory", "^[0-9]{1,9}[KMGT](iB)?$", ByteSize::parse, "512M", "2G");

  static final Kind<String> TEXT = of("text", "text", "^" + PRINTABLE + "*$", Kind::printable);

  /** The name of a network: it stands in commands, in URLs, and as the name of a device. */
  static final Kind<String> NETWORK_NAME =
      shortName("network-name", "a network's name of letters, digits", "A-Za-z0-9_-", "vmnet8");

  static final Kind<String> PORT_GROUP_NAME =
      shortName("port-group-name", "a port group's name of letters, digits", "A-Za-z0-9_-", "lab");

  static final Kind<String> FORWARD_NAME =
      shortName("forward-name", "a forward's name of letters, digits, dots", "A-Za-z0-9._-", "web");

  /** A guest's name is what DNS answers for: one label (RFC 1123 section 2.1). */
  static final Kind<String> LABEL =
      of(
          "label",
          "a name of letters, digits and hyphens, at most " + LONGEST_LABEL + " characters long",
          "^" + LABEL_PATTERN + "$",
          Kind::label,
          "web");

  static final Kind<String> DOMAIN =
      such(
          "domain",
          "a domain",
          "^(?=.{1," + LONGEST_DOMAIN + "}$)" + DOMAIN_PATTERN + "$",
          Kind::domain,
          "lan",
          "lab.example");
  static final Kind<String> DEVICE =
      of(
          "device",
          "a device's name of at most " + LONGEST_DEVICE + " characters",
          "^[^/\\s:%]{1," + LONGEST_DEVICE + "}$",
          Kind::device,
          "tap0");
  static final Kind<Path> PATH = of("path", "a path", "^" + PRINTABLE + "+$", Kind::path);
  static final Kind<Path> ABSOLUTE_PATH =
      of(
          "absolute-path",
          "an absolute path",
          "^/" + PRINTABLE + "*$",
          Kind::absolutePath,
          "/srv/lanyard");
  static final Kind<Path> SOCKET_PATH =
      of(
          "socket-path",
          "the path of a UNIX socket",
          "^" + PRINTABLE + "{1," + LONGEST_SOCKET_PATH + "}$",
          Kind::socketPath,
          "qemu1.sock");

  private static final Pattern LABEL_FORM = Pattern.compile(LABEL_PATTERN);
  private static final Pattern DEVICE_FORM =
      Pattern.compile("[^/\\s:%\\p{Cntrl}]{1," + LONGEST_DEVICE + "}");

  /** A kind whose examples are in the messages. */
  static <T> Kind<T> such(
      String name, String what, String pattern, Function<String, T> parser, String... examples) {
    return new Kind<>(name, what, List.of(examples), true, pattern, false, parser);
  }

  /** A kind whose name says in a message how it looks. */
  static <T> Kind<T> of(
      String name, String what, String pattern, Function<String, T> parser, String... examples) {
    return new Kind<>(name, what, List.of(examples), false, pattern, false, parser);
  }

  /**
   * A name that begins with a letter or digit.
   *
   * @param what the name and its characters, up to hyphens and underscores, which all have
   * @param characters those after the first, as a pattern's class has them
   */
  static Kind<String> shortName(String name, String what, String characters, String example) {
    String form = "[A-Za-z0-9][" + characters + "]{0," + (LONGEST_NAME - 1) + "}";
    Pattern pattern = Pattern.compile(form);
    return of(
        name,
        what + ", hyphens and underscores, at most " + LONGEST_NAME + " characters long",
        "^" + form + "$",
        text -> {
          if (!pattern.matcher(text).matches()) {
            throw new IllegalArgumentException(why(text, LONGEST_NAME));
          }
          return text;
        },
        example);
  }

  /** The value as a message expects it. */
  private String expected() {
    if (!shown) {
      return what;
    }
    StringBuilder text =
        new StringBuilder(what)
            .append(what.contains(",") ? ", such as " : " such as ")
            .append(examples.getFirst());
    for (int i = 1; i < examples.size(); i++) {
      text.append(i == examples.size() - 1 ? " or " : ", ").append(examples.get(i));
    }
    return text.toString();
  }

  @Override
  public @Nullable T read(Problems problems, String path, Place place, YamlNode node) {
    return text(problems, path, node, expected(), ports, parser);
  }

  /** Reads a text that is not of a kind of its own. */
  static <T> @Nullable T text(
      Problems problems,
      String path,
      YamlNode node,
      String expected,
      boolean numbers,
      Function<String, T> parser) {
    String message = "expected " + expected + ", found " + node.found();
    if (!(node instanceof YamlNode.Scalar scalar)) {
      problems.malformed(node.place(), path, message);
      return null;
    }
    if (!scalar.isText() && !(numbers && scalar.isInteger())) {
      String hint = "";
      if (scalar.isBoolean() || (scalar.isNumber() && why(parser, scalar.text()).isEmpty())) {
        hint = "; put it in quotes if it is meant as text";
      } else if (scalar.isNumber()) {
        hint = why(parser, scalar.text());
      }
      problems.malformed(node.place(), path, message + hint);
      return null;
    }
    try {
      return parser.apply(scalar.text());
    } catch (IllegalArgumentException e) {
      problems.malformed(node.place(), path, message + ": " + e.getMessage());
      return null;
    }
  }

  /** Reads the key of an entry. */
  @Nullable T readKey(Problems problems, String path, YamlNode.Entry entry) {
    try {
      return parser.apply(entry.key());
    } catch (IllegalArgumentException e) {
      problems.malformed(entry.keyPlace(), path, "expected " + expected() + ": " + e.getMessage());
      return null;
    }
  }

  private static String why(Function<String, ?> parser, String text) {
    try {
      var _ = parser.apply(text);
      return "";
    } catch (IllegalArgumentException e) {
      return ": " + e.getMessage();
    }
  }

  static String why(String text, int longest) {
    if (text.isEmpty()) {
      return "it is empty";
    }
    return text.length() > longest
        ? "it has " + text.length() + " characters"
        : "a character of it is not allowed, or not in its place";
  }

  /** Networks have IPv4 alone so far; an IPv6 address gets the words of an IPv4 reader. */
  private static String ipv4(String text) {
    if (text.indexOf(':') >= 0) {
      throw new IllegalArgumentException("an IPv4 address has four numbers");
    }
    return text;
  }

  private static Address ipv6Address(String text) {
    if (text.indexOf(':') < 0) {
      throw new IllegalArgumentException("an IPv6 address has colons");
    }
    Address address = Address.parse(text);
    if (address.isIpv4()) {
      throw new IllegalArgumentException("it stands for an IPv4 address");
    }
    return address;
  }

  /** A subnet of guests; 2000::/3 and fc00::/7 are what hosts are given (RFC 4291, RFC 4193). */
  private static Subnet ipv6Subnet(String text) {
    if (text.indexOf(':') < 0) {
      throw new IllegalArgumentException("an IPv6 address has colons");
    }
    Subnet subnet = Subnet.parse(text);
    if (subnet.prefix() != Ipv6Config.PREFIX) {
      throw new IllegalArgumentException("its prefix length must be " + Ipv6Config.PREFIX);
    }
    long high = subnet.network().high();
    if (high >>> 61 != 1 && high >>> 57 != 0xfc >>> 1) {
      throw new IllegalArgumentException("guests cannot have addresses of " + subnet);
    }
    return subnet;
  }

  /** An address of the host's to listen on, and a port. */
  static Endpoint listen(String text) {
    Endpoint endpoint = Endpoint.parse(text);
    if (!endpoint.address().isAny() && !endpoint.address().isUnicast()) {
      throw new IllegalArgumentException("it is no host's address");
    }
    if (!endpoint.address().isIpv4() && endpoint.address().isLinkLocal()) {
      throw new IllegalArgumentException(
          "a link-local address needs an interface, which cannot be named here; listen on [::]");
    }
    return endpoint;
  }

  /** A server to connect to. */
  static Endpoint server(Endpoint endpoint) {
    if (!endpoint.address().isUnicast()) {
      throw new IllegalArgumentException("it is no server's address");
    }
    return endpoint;
  }

  private static String printable(String text) {
    if (text.chars().anyMatch(c -> c < ' ' && c != '\t')) {
      throw new IllegalArgumentException("it has a control character");
    }
    return text;
  }

  private static String label(String text) {
    if (!LABEL_FORM.matcher(text).matches()) {
      throw new IllegalArgumentException(why(text, LONGEST_LABEL));
    }
    return text.toLowerCase(Locale.ROOT);
  }

  private static String domain(String text) {
    List<String> labels = List.of(text.split("\\.", -1));
    if (text.length() > LONGEST_DOMAIN
        || !labels.stream().allMatch(l -> LABEL_FORM.matcher(l).matches())) {
      throw new IllegalArgumentException(
          text.endsWith(".") ? "it ends with a dot" : why(text, LONGEST_DOMAIN));
    }
    return text.toLowerCase(Locale.ROOT);
  }

  private static String device(String text) {
    // The kernel's dev_valid_name(); "%d" is a template to it.
    if (text.equals(".")
        || text.equals("..")
        || text.getBytes(StandardCharsets.UTF_8).length > LONGEST_DEVICE
        || !DEVICE_FORM.matcher(text).matches()) {
      throw new IllegalArgumentException(why(text, LONGEST_DEVICE));
    }
    return text;
  }

  private static Path path(String text) {
    if (text.isEmpty()) {
      throw new IllegalArgumentException("it is empty");
    }
    try {
      return Path.of(printable(text));
    } catch (InvalidPathException e) {
      throw new IllegalArgumentException(e.getReason(), e);
    }
  }

  private static Path absolutePath(String text) {
    Path path = path(text);
    if (!path.isAbsolute()) {
      throw new IllegalArgumentException("it does not begin with /");
    }
    return path.normalize();
  }

  private static Path socketPath(String text) {
    if (text.startsWith("unix:")) {
      throw new IllegalArgumentException("it begins with the path itself, without unix:");
    }
    Path path = path(text);
    int length = text.getBytes(StandardCharsets.UTF_8).length;
    if (length > LONGEST_SOCKET_PATH) {
      throw new IllegalArgumentException(
          "it has " + length + " bytes, and a socket's path at most " + LONGEST_SOCKET_PATH);
    }
    return path;
  }
}
