package io.lanyard.config;

import io.lanyard.base.EnumText;
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

/**
 * How a text becomes a typed value.
 *
 * @param expected what a message says was expected
 * @param parser throws {@link IllegalArgumentException} with what is wrong, in words that can stand
 *     after a colon
 * @param <T> the value's type
 */
record Kind<T>(String expected, Function<String, T> parser) {
  /** The length of {@code sun_path}, less the terminating zero (unix(7)). */
  static final int LONGEST_SOCKET_PATH = 107;

  static final Kind<Address> ADDRESS =
      new Kind<>("an IPv4 address such as 192.168.127.10", Address::parseIpv4);
  static final Kind<AddressRange> RANGE =
      new Kind<>(
          "a range such as 192.168.127.128-192.168.127.254",
          text -> AddressRange.parse(ipv4(text)));
  static final Kind<Subnet> SUBNET =
      new Kind<>("a subnet such as 192.168.127.0/24", text -> Subnet.parse(ipv4(text)));
  static final Kind<MacAddress> MAC =
      new Kind<>("a MAC address such as \"52:54:00:00:00:10\"", MacAddress::parse);
  static final Kind<Endpoint> ENDPOINT =
      new Kind<>("an address and port such as 127.0.0.1:8080", Kind::listen);
  static final Kind<Endpoint> UPSTREAM =
      new Kind<>("a server's address such as 192.0.2.1 or 192.0.2.1:5353", Kind::upstream);
  static final Kind<Duration> DURATION =
      new Kind<>("a duration such as 30m or 12h", DurationText::parse);
  static final Kind<ByteSize> SIZE =
      new Kind<>("an amount of memory such as 512M or 2G", ByteSize::parse);

  /** One DHCP option holds it; boot ROMs know nothing but ASCII. */
  static final Kind<String> BOOT_FILE =
      new Kind<>("a URL or a file's name of at most 255 ASCII characters", Kind::bootFile);

  static final Kind<String> TEXT = new Kind<>("text", Kind::printable);

  /** The name of a network: it stands in commands, in URLs, and as the name of a device. */
  static final Kind<String> NETWORK_NAME =
      name("a network's name", "[A-Za-z0-9][A-Za-z0-9_-]{0,31}");

  static final Kind<String> FORWARD_NAME =
      name("a forward's name", "[A-Za-z0-9][A-Za-z0-9._-]{0,31}");

  private static final Kind<String> PORT_NAME_FORM =
      name("a port's name", "[A-Za-z0-9][A-Za-z0-9._-]{0,31}");

  /** Ports that a network has by itself; those of guests' NICs are named {@code GUEST.nicN}. */
  private static final List<String> OWN_PORTS = List.of("gateway", "host");

  static final Kind<String> PORT_NAME =
      new Kind<>(
          PORT_NAME_FORM.expected(),
          text -> {
            if (OWN_PORTS.contains(text) || text.matches(".*\\.nic[0-9]+")) {
              throw new IllegalArgumentException("the daemon names a port of its own so");
            }
            return PORT_NAME_FORM.parser().apply(text);
          });

  /** A guest's name is what DNS answers for: one label (RFC 1123 section 2.1). */
  static final Kind<String> LABEL =
      new Kind<>("a name of letters, digits and hyphens, at most 63 characters long", Kind::label);

  static final Kind<String> DOMAIN =
      new Kind<>("a domain such as lan or lab.example", Kind::domain);
  static final Kind<String> DEVICE =
      new Kind<>("a device's name of at most 15 characters", Kind::device);
  static final Kind<Path> PATH = new Kind<>("a path", Kind::path);
  static final Kind<Path> ABSOLUTE_PATH = new Kind<>("an absolute path", Kind::absolutePath);
  static final Kind<Path> SOCKET_PATH = new Kind<>("the path of a UNIX socket", Kind::socketPath);

  private static final Pattern LABEL_FORM =
      Pattern.compile("[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?");
  private static final Pattern DEVICE_FORM = Pattern.compile("[^/\\s:%\\p{Cntrl}]{1,15}");

  private static Kind<String> name(String what, String form) {
    Pattern pattern = Pattern.compile(form);
    return new Kind<>(
        what + " of letters, digits, hyphens and underscores, at most 32 characters long",
        text -> {
          if (!pattern.matcher(text).matches()) {
            throw new IllegalArgumentException(why(text, 32));
          }
          return text;
        });
  }

  private static String why(String text, int longest) {
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

  private static Endpoint listen(String text) {
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

  private static Endpoint upstream(String text) {
    Endpoint server = Endpoint.parse(text, 53);
    if (!server.address().isUnicast()) {
      throw new IllegalArgumentException("it is no server's address");
    }
    return server;
  }

  private static String printable(String text) {
    if (text.chars().anyMatch(c -> c < ' ' && c != '\t')) {
      throw new IllegalArgumentException("it has a control character");
    }
    return text;
  }

  private static String bootFile(String text) {
    if (text.isEmpty() || text.length() > 255) {
      throw new IllegalArgumentException(why(text, 255));
    }
    if (text.chars().anyMatch(c -> c <= ' ' || c > '~')) {
      throw new IllegalArgumentException("a character of it is not allowed");
    }
    return text;
  }

  private static String label(String text) {
    if (!LABEL_FORM.matcher(text).matches()) {
      throw new IllegalArgumentException(why(text, 63));
    }
    return text.toLowerCase(Locale.ROOT);
  }

  private static String domain(String text) {
    List<String> labels = List.of(text.split("\\.", -1));
    if (text.length() > 253 || !labels.stream().allMatch(l -> LABEL_FORM.matcher(l).matches())) {
      throw new IllegalArgumentException(
          text.endsWith(".") ? "it ends with a dot" : why(text, 253));
    }
    return text.toLowerCase(Locale.ROOT);
  }

  private static String device(String text) {
    // The kernel's dev_valid_name(): IFNAMSIZ is 16 with its zero; "%d" is a template to it.
    if (text.equals(".")
        || text.equals("..")
        || text.getBytes(StandardCharsets.UTF_8).length > 15
        || !DEVICE_FORM.matcher(text).matches()) {
      throw new IllegalArgumentException(why(text, 15));
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
    Path path = path(text);
    int length = text.getBytes(StandardCharsets.UTF_8).length;
    if (length > LONGEST_SOCKET_PATH) {
      throw new IllegalArgumentException(
          "it has " + length + " bytes, and a socket's path at most " + LONGEST_SOCKET_PATH);
    }
    return path;
  }

  /** A choice among words. */
  static <E extends Enum<E>> Kind<E> oneOf(Class<E> type) {
    List<E> values = List.of(type.getEnumConstants());
    List<String> words = values.stream().map(Kind::word).toList();
    return new Kind<>(
        "one of " + String.join(", ", words),
        text -> {
          int index = words.indexOf(text);
          if (index < 0) {
            throw new IllegalArgumentException("no such word" + Quoted.hint(text, words));
          }
          return values.get(index);
        });
  }

  /** A constant's name as the file writes it. */
  static String word(Enum<?> value) {
    return EnumText.word(value);
  }
}
