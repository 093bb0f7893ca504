package io.lanyard.config;

import io.lanyard.config.Configuration.Api;
import io.lanyard.config.Configuration.Directories;
import io.lanyard.config.Configuration.Keys;
import io.lanyard.config.Configuration.Log;
import io.lanyard.config.Configuration.Metrics;
import io.lanyard.config.Form.Named;
import io.lanyard.net.Endpoint;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Reads the root of the file, and checks what concerns several networks or guests. */
final class ConfigurationReader {
  private final Problems problems;
  private final Claims claims;
  private final Path directory;
  private final NicAddresses nicAddresses;

  ConfigurationReader(Problems problems, Path directory, NicAddresses nicAddresses) {
    this.problems = problems;
    this.claims = new Claims(problems);
    this.directory = directory;
    this.nicAddresses = nicAddresses;
  }

  /** Reads the file. Errors go to the problems; the result is good only if there are none. */
  Configuration read(Fields root) {
    var _ = root.find(Keys.VERSION);
    Map<String, GuestConfig> guests = new LinkedHashMap<>();
    Map<String, Place> guestPlaces = new HashMap<>();
    EgressReader egress = new EgressReader(AddressSets.read(root));
    GuestReader guestReader =
        new GuestReader(claims, directory, root.keysOf(Keys.NETWORKS), egress, nicAddresses);
    for (Named<Fields> named : root.value(Keys.GUESTS)) {
      String name = named.name();
      claims.claim("the guest's name", name, named.path(), named.keyPlace());
      Fields fields = named.value();
      GuestConfig guest = fields == null ? null : guestReader.read(name, fields);
      if (guest != null) {
        guests.put(name, guest);
        guestPlaces.put(name, named.keyPlace());
      }
    }

    Map<String, NetworkConfig> networks = new LinkedHashMap<>();
    NetworkReader networkReader = new NetworkReader(claims, guests, egress);
    for (Named<Fields> named : root.value(Keys.NETWORKS, List.of())) {
      Fields fields = named.value();
      NetworkConfig network = fields == null ? null : networkReader.read(named.name(), fields);
      if (network != null) {
        networks.put(named.name(), network);
      }
    }
    guests.replaceAll((_, guest) -> guestReader.withPolicies(guest, networkReader::groups));
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
    return new Configuration(
        networks, guests, api(root), metrics(root), directories(root), log(root), hooks(root));
  }

  private static boolean hasNames(@Nullable NetworkConfig network) {
    GatewayConfig gateway = network == null ? null : network.gateway();
    return gateway != null && gateway.dns().enabled();
  }

  private Api api(Fields root) {
    Fields api = root.mapping(Keys.API);
    Path socket = api.find(Api.Keys.SOCKET);
    if (socket != null) {
      claims.claim(
          "the path",
          socket.normalize(),
          api.pathOf(Api.Keys.SOCKET),
          api.placeOf(Api.Keys.SOCKET));
    } else {
      claims.owned("the path", Path.of(Api.USUAL_SOCKET), "the API's socket");
    }
    Endpoint listen = api.find(Api.Keys.LISTEN);
    if (listen != null) {
      boolean _ =
          claims.listen("TCP", listen, api.pathOf(Api.Keys.LISTEN), api.placeOf(Api.Keys.LISTEN));
      if (!api.has(Api.Keys.TLS) && !listen.address().isLoopback()) {
        api.refuse(Api.Keys.LISTEN, "without \"tls\" the API listens on a loopback address only");
      }
    }
    Path tokens = api.find(Api.Keys.TOKENS);
    return new Api(socket, listen, tls(api), tokens == null ? null : directory.resolve(tokens));
  }

  private Api.@Nullable Tls tls(Fields api) {
    Fields tls = api.find(Api.Keys.TLS);
    Path certificate = tls == null ? null : tls.find(Api.Tls.Keys.CERTIFICATE);
    Path key = tls == null ? null : tls.find(Api.Tls.Keys.KEY);
    return certificate == null || key == null
        ? null
        : new Api.Tls(directory.resolve(certificate), directory.resolve(key));
  }

  private Metrics metrics(Fields root) {
    Fields metrics = root.mapping(Keys.METRICS);
    Endpoint listen = metrics.find(Metrics.Keys.LISTEN);
    if (listen != null) {
      boolean _ =
          claims.listen(
              "TCP",
              listen,
              metrics.pathOf(Metrics.Keys.LISTEN),
              metrics.placeOf(Metrics.Keys.LISTEN));
    }
    return new Metrics(listen);
  }

  private static Directories directories(Fields root) {
    Fields directories = root.mapping(Keys.DIRECTORIES);
    return new Directories(
        directories.find(Directories.Keys.STATE), directories.find(Directories.Keys.RUNTIME));
  }

  private static List<HookConfig> hooks(Fields root) {
    List<HookConfig> hooks = new ArrayList<>();
    for (Fields hook : root.value(Keys.HOOKS)) {
      List<String> on = hook.find(HookConfig.Keys.ON);
      List<String> run = hook.find(HookConfig.Keys.RUN);
      Duration timeout = hook.value(HookConfig.Keys.TIMEOUT);
      if (on != null && on.isEmpty()) {
        hook.problem(HookConfig.Keys.ON, "expected at least one type of events");
      }
      if (run != null && (run.isEmpty() || !run.getFirst().startsWith("/"))) {
        hook.problem(HookConfig.Keys.RUN, "expected the absolute path of a program first");
      }
      if (on != null && run != null) {
        hooks.add(new HookConfig(on, run, timeout));
      }
    }
    return hooks;
  }

  private static Log log(Fields root) {
    return new Log(root.mapping(Keys.LOG).value(Log.Keys.LEVEL));
  }
}
