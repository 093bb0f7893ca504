package io.lanyard.config;

import io.lanyard.config.Configuration.Api;
import io.lanyard.config.Configuration.Directories;
import io.lanyard.config.Configuration.Log;
import io.lanyard.config.Configuration.Metrics;
import io.lanyard.net.Endpoint;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Reads the root of the file, and checks what concerns several networks or guests. */
final class ConfigurationReader {
  /** Each network has an event loop's thread: more than this is a mistake. */
  private static final int MOST_NETWORKS = 1000;

  private enum LogLevel {
    ERROR,
    WARNING,
    INFO,
    DEBUG,
    TRACE
  }

  private static final Kind<LogLevel> LEVEL = Kind.oneOf(LogLevel.class);

  private final Problems problems;
  private final Claims claims;
  private final Path directory;

  ConfigurationReader(Problems problems, Path directory) {
    this.problems = problems;
    this.claims = new Claims(problems);
    this.directory = directory;
  }

  /** Reads the file. Errors go to the problems; the result is good only if there are none. */
  Configuration read(Fields root) {
    root.constant("version", Configuration.VERSION, "the only version of the format so far");
    List<String> networkNames = root.keys("networks");

    Map<String, GuestConfig> guests = new LinkedHashMap<>();
    Map<String, Place> guestPlaces = new HashMap<>();
    GuestReader guestReader = new GuestReader(claims, directory, networkNames);
    root.named(
        "guests",
        Kind.LABEL,
        (name, entry) -> {
          claims.claim("the guest's name", name, "guests." + entry.key(), entry.keyPlace());
          GuestConfig guest = guestReader.read(problems, name, entry);
          if (guest != null) {
            guests.put(name, guest);
            guestPlaces.put(name, entry.keyPlace());
          }
        });

    Map<String, NetworkConfig> networks = new LinkedHashMap<>();
    NetworkReader networkReader = new NetworkReader(claims, guests);
    if (networkNames.size() > MOST_NETWORKS) {
      root.problem("networks", "there are more than " + MOST_NETWORKS + " networks");
    } else {
      root.named(
          "networks",
          Kind.NETWORK_NAME,
          (name, entry) -> {
            NetworkConfig network = networkReader.read(problems, name, entry);
            if (network != null) {
              networks.put(name, network);
            }
          });
      networkReader.checkSubnets(problems);
      for (GuestConfig guest : guests.values()) {
        if (guest.nics().stream().anyMatch(nic -> hasNames(networks.get(nic.network())))) {
          ServicesReader.checkOwnName(
              problems,
              "guests." + guest.name(),
              guestPlaces.getOrDefault(guest.name(), Place.NOWHERE),
              guest.name());
        }
      }
    }
    return new Configuration(
        networks, guests, api(root), metrics(root), directories(root), log(root));
  }

  private static boolean hasNames(@Nullable NetworkConfig network) {
    DnsConfig dns = network == null ? null : network.dns();
    return dns != null && dns.enabled();
  }

  private Api api(Fields root) {
    Fields api = root.mapping("api", Section.API);
    Path socket = api == null ? null : api.value("socket", Kind.SOCKET_PATH);
    if (api != null && socket != null) {
      claims.claim("the path", socket.normalize(), "api.socket", api.placeOf("socket"));
    } else {
      claims.owned("the path", Path.of(Configuration.Api.USUAL_SOCKET), "the API's socket");
    }
    return new Api(socket);
  }

  private Metrics metrics(Fields root) {
    Fields metrics = root.mapping("metrics", Section.METRICS);
    Endpoint listen = metrics == null ? null : metrics.value("listen", Kind.ENDPOINT);
    if (metrics != null && listen != null) {
      claims.listen("TCP", listen, "metrics.listen", metrics.placeOf("listen"));
    }
    return new Metrics(listen);
  }

  private static Directories directories(Fields root) {
    Fields directories = root.mapping("directories", Section.DIRECTORIES);
    return directories == null
        ? new Directories(null, null)
        : new Directories(
            directories.value("state", Kind.ABSOLUTE_PATH),
            directories.value("runtime", Kind.ABSOLUTE_PATH));
  }

  private static Log log(Fields root) {
    Fields log = root.mapping("log", Section.LOG);
    LogLevel level = log == null ? LogLevel.INFO : log.value("level", LEVEL, LogLevel.INFO);
    return new Log(Level.valueOf(level.name()));
  }
}
