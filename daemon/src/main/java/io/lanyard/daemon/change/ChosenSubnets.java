package io.lanyard.daemon.change;

import io.lanyard.base.Causes;
import io.lanyard.base.LogEvent;
import io.lanyard.config.AutoSubnets;
import io.lanyard.config.ConfigException;
import io.lanyard.config.Configuration;
import io.lanyard.config.Document;
import io.lanyard.config.DocumentPath;
import io.lanyard.config.Edit;
import io.lanyard.config.GatewayConfig;
import io.lanyard.config.Ipv4Config;
import io.lanyard.config.NetworkConfig;
import io.lanyard.config.Setting;
import io.lanyard.daemon.network.OwnDevices;
import io.lanyard.linux.HostRoute;
import io.lanyard.linux.StackedInterfaces;
import io.lanyard.net.Subnet;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Chooses the subnets of networks that say {@code subnet: auto}, and lays each over the document as
 * a change of the daemon's own. A network keeps its subnet: the choices are a file in the state
 * directory, a line each.
 *
 * <p>Thread: one at a time.
 */
final class ChosenSubnets {
  private static final System.Logger LOG = System.getLogger(ChosenSubnets.class.getName());
  private static final String NAME = "subnets";

  /** Choices that are kept, those of networks that are gone among them. */
  private static final int MOST = 1000;

  private static final String WHO = AutoSubnets.WHO;

  private static final int PREFIX = 24;
  private static final List<Subnet> PRIVATE =
      List.of(Subnet.parse("192.168.0.0/16"), Subnet.parse("10.0.0.0/8"));

  /** Less of all addresses is a default route in parts, as VPNs have it (0.0.0.0/1). */
  private static final int LEAST_PREFIX = 8;

  private final Path file;
  private final Supplier<List<HostRoute>> routes;
  private final Function<String, Set<String>> stack;

  /**
   * Makes one.
   *
   * @param state the state directory, which is this process's own
   */
  ChosenSubnets(Path state) {
    this(state, () -> HostRoute.all(true, ChosenSubnets::matters), StackedInterfaces::on);
  }

  /**
   * Makes one of a host with other routes.
   *
   * @param routes the host's, as they are at each call
   * @param stack the interfaces that stand on another one, or are its other end
   */
  ChosenSubnets(Path state, Supplier<List<HostRoute>> routes, Function<String, Set<String>> stack) {
    this.file = state.resolve(NAME);
    this.routes = routes;
    this.stack = stack;
  }

  private List<HostRoute> routes() {
    return routes.get().stream().filter(ChosenSubnets::matters).toList();
  }

  private static boolean matters(HostRoute route) {
    return route.to().prefix() >= LEAST_PREFIX && PRIVATE.stream().anyMatch(route.to()::overlaps);
  }

  /** Whether a change is a choice of this class, which nobody has made. */
  static boolean isChoice(Edit edit) {
    return edit.operation() == Edit.Operation.SET
        && edit.who().equals(WHO)
        && isSubnet(edit.path().steps());
  }

  private static boolean isSubnet(List<String> steps) {
    return steps.size() == 4
        && steps.getFirst().equals("networks")
        && steps.get(2).equals("ipv4")
        && steps.get(3).equals("subnet");
  }

  /**
   * Gives every network of a document that asks for it a subnet, and takes former choices out that
   * nobody asks for any more: the file says another subnet since, or has no such network. Who asks
   * anew keeps the subnet that the network had, unless the host routes it elsewhere.
   *
   * @param document what was said
   * @param now the time of the change
   * @return the document, with a change for each; the same one if there is nothing to do
   * @throws ConfigException if there is no free subnet
   */
  Document in(Document document, Instant now) throws ConfigException {
    return in(document, now, clashingAnew(document));
  }

  /** The networks that ask, have no choice laid over that, and had one that clashes now. */
  private Set<String> clashingAnew(Document document) throws ConfigException {
    Set<String> asking = new HashSet<>();
    for (Setting setting : document.settings(false)) {
      List<String> steps = setting.path().steps();
      if (isSubnet(steps) && setting.value().equals(AutoSubnets.WORD)) {
        asking.add(steps.get(1));
      }
    }
    if (asking.isEmpty()) {
      return asking;
    }
    Map<String, Subnet> kept = read();
    kept.keySet().retainAll(asking);
    return clashes(document, kept).keySet();
  }

  /**
   * The same for a daemon that starts: the host may have moved meanwhile, into a LAN that has a
   * network's subnet. Such a network gets another subnet, unless the document has addresses of the
   * former one, or there is no other; the log names the route.
   *
   * @param document what was said
   * @param now the time of the change
   * @return the document, with a change for each
   * @throws ConfigException if there is no free subnet for a network that has none yet
   */
  Document atStart(Document document, Instant now) throws ConfigException {
    Document stay = in(document, now, Set.of());
    Map<String, Clash> clashes = clashes(stay);
    if (clashes.isEmpty()) {
      return stay;
    }
    Map<String, Subnet> kept = read();
    try {
      Document moved = in(stay, now, clashes.keySet());
      var configuration = moved.configuration();
      clashes.forEach((network, clash) ->
          LogEvent.of("subnet-chosen-anew")
              .with("network", network)
              .with("former", clash.subnet())
              .with("route", clash.route().to() + " by " + clash.route().device())
              .with("subnet", subnetIn(configuration, network))
              .with("advice", "guests take its addresses when they renew their leases")
              .log(LOG, Level.WARNING));
      return moved;
    } catch (ConfigException e) {
      write(kept);
      clashes.forEach((network, clash) ->
          LogEvent.of("subnet-clashes")
              .with("network", network)
              .with("subnet", clash.subnet())
              .with("route", clash.route().to() + " by " + clash.route().device())
              .with("cause", e.problems().getFirst())
              .with("advice", "say another subnet, with addresses of it, or remove the route")
              .log(LOG, Level.WARNING));
      return stay;
    }
  }

  private static Object subnetIn(Configuration configuration, String network) {
    NetworkConfig model = configuration.networks().get(network);
    GatewayConfig gateway = model == null ? null : model.gateway();
    Ipv4Config ipv4 = gateway == null ? null : gateway.ipv4();
    return ipv4 == null ? "" : ipv4.subnet();
  }

  /** A choice that the host routes elsewhere. */
  private record Clash(Subnet subnet, HostRoute route) {}

  private Map<String, Clash> clashes(Document document) throws ConfigException {
    Map<String, Subnet> choices = new LinkedHashMap<>();
    for (Edit edit : document.edits()) {
      Subnet subnet = isChoice(edit) ? usable(edit.value()) : null;
      if (subnet != null) {
        choices.put(edit.path().steps().get(1), subnet);
      }
    }
    return clashes(document, choices);
  }

  /** The choices that the host routes by what is no device of the network, by networks. */
  private Map<String, Clash> clashes(Document document, Map<String, Subnet> choices)
      throws ConfigException {
    if (choices.isEmpty()) {
      return Map.of();
    }
    Map<String, Clash> clashes = new LinkedHashMap<>();
    List<HostRoute> all = routes();
    for (Map.Entry<String, Subnet> choice : choices.entrySet()) {
      Subnet subnet = choice.getValue();
      Set<String> own = OwnDevices.withStacked(devices(document, choice.getKey()), stack);
      all.stream()
          .filter(route -> route.to().overlaps(subnet) && !own.contains(route.device()))
          .findFirst()
          .ifPresent(route -> clashes.put(choice.getKey(), new Clash(subnet, route)));
    }
    return clashes;
  }

  /** The host's devices that are a network's own: that of its adapter, and its ports'. */
  private static Set<String> devices(Document document, String network) throws ConfigException {
    Set<String> devices = new HashSet<>();
    devices.add(network); // an adapter is called so unless it has a name
    for (Setting setting : document.settings(false)) {
      List<String> steps = setting.path().steps();
      String key = steps.getLast();
      if (steps.size() > 2
          && steps.getFirst().equals("networks")
          && steps.get(1).equals(network)
          && (key.equals("device") || (key.equals("name") && steps.contains("host-adapter")))) {
        devices.add(setting.value().replace("\"", ""));
      }
    }
    return devices;
  }

  private Document in(Document document, Instant now, Set<String> moving) throws ConfigException {
    Map<DocumentPath, Edit> laid = new LinkedHashMap<>();
    document.edits().forEach(edit -> laid.put(edit.path(), edit));
    Map<DocumentPath, Edit> former = new LinkedHashMap<>(laid);
    former.values().removeIf(edit -> !isChoice(edit));
    Document said = former.isEmpty() ? document : document.without(ChosenSubnets::isChoice);
    List<DocumentPath> asking = new ArrayList<>();
    List<Subnet> taken = new ArrayList<>();
    for (Setting setting : said.settings(false)) {
      if (isSubnet(setting.path().steps())) {
        if (setting.value().equals(AutoSubnets.WORD)) {
          asking.add(setting.path());
        } else {
          add(taken, setting.value());
        }
      }
    }
    List<Edit> edits = new ArrayList<>();
    for (DocumentPath path : asking) {
      Edit edit = former.get(path);
      Subnet subnet = edit == null ? null : usable(edit.value());
      boolean stays = !moving.contains(path.steps().get(1));
      if (edit != null && stays && subnet != null && taken.stream().noneMatch(subnet::overlaps)) {
        edits.add(edit);
        taken.add(subnet);
      }
    }
    List<DocumentPath> without = new ArrayList<>(asking);
    edits.forEach(edit -> without.remove(edit.path()));
    if (without.isEmpty() && edits.size() == former.size()) {
      return document;
    }
    if (!without.isEmpty()) {
      edits.addAll(chosen(said, without, taken, laid, moving, now));
    }
    return said.with(edits);
  }

  private List<Edit> chosen(
      Document said,
      List<DocumentPath> asking,
      List<Subnet> taken,
      Map<DocumentPath, Edit> laid,
      Set<String> moving,
      Instant now)
      throws ConfigException {
    Map<String, Subnet> kept = read();
    List<HostRoute> present = routes();
    List<Edit> edits = new ArrayList<>();
    for (DocumentPath path : asking) {
      String network = path.steps().get(1);
      Subnet subnet = choose(network, !moving.contains(network), kept, taken, present);
      if (subnet == null) {
        throw new ConfigException(
            List.of(
                said.problem(
                    path,
                    "no subnet is free: the host routes them all, or other networks have them;"
                        + " say which one")));
      }
      taken.add(subnet);
      kept.remove(network);
      kept.put(network, subnet);
      // Where somebody has said auto by a change, it is his, and the choice takes its place.
      Edit his = laid.get(path);
      String who = his == null || isChoice(his) ? WHO : his.who();
      edits.add(Edit.set(path, "\"" + subnet + "\"", who, now));
    }
    write(kept);
    return edits;
  }

  /** A subnet that could be a choice; null for what is none. */
  private static @Nullable Subnet usable(String text) {
    try {
      Subnet subnet = Subnet.parse(text.replace("\"", "").strip());
      return subnet.prefix() == PREFIX && PRIVATE.stream().anyMatch(subnet::overlaps)
          ? subnet
          : null;
    } catch (IllegalArgumentException e) {
      return null;
    }
  }

  private static void add(List<Subnet> taken, String text) {
    try {
      taken.add(Subnet.parse(text.replace("\"", "")));
    } catch (IllegalArgumentException e) {
      // The reader of the document says so.
    }
  }

  /** The subnet that the network had, else the first that is free; null for none. */
  private static @Nullable Subnet choose(
      String network,
      boolean again,
      Map<String, Subnet> kept,
      List<Subnet> taken,
      List<HostRoute> routes) {
    Subnet former = again ? kept.get(network) : null;
    // The host's route to it is that of the network's own adapter, most likely.
    if (former != null && taken.stream().noneMatch(former::overlaps)) {
      return former;
    }
    for (Subnet candidate : AutoSubnets.candidates(network)) {
      if (taken.stream().noneMatch(candidate::overlaps)
          && kept.values().stream().noneMatch(candidate::overlaps)
          && routes.stream().noneMatch(route -> route.to().overlaps(candidate))) {
        return candidate;
      }
    }
    return null;
  }

  private Map<String, Subnet> read() {
    Map<String, Subnet> kept = new LinkedHashMap<>();
    try {
      for (String line : Files.readAllLines(file)) {
        int gap = line.indexOf(' ');
        Subnet subnet = gap > 0 ? usable(line.substring(gap + 1)) : null;
        if (subnet != null) {
          kept.put(line.substring(0, gap), subnet);
        } else if (!line.isBlank()) {
          unreadable(line);
        }
      }
    } catch (NoSuchFileException e) {
      // Nobody has asked yet.
    } catch (IOException e) {
      unreadable(Causes.of(e));
    }
    return kept;
  }

  private void unreadable(String why) {
    LogEvent.of("subnets-unreadable")
        .with("file", file)
        .with("cause", why)
        .with("advice", "networks with subnet: auto may get others than they had")
        .log(LOG, Level.WARNING);
  }

  private void write(Map<String, Subnet> kept) {
    StringBuilder text = new StringBuilder();
    int left = kept.size();
    for (Map.Entry<String, Subnet> choice : kept.entrySet()) {
      if (left-- <= MOST) { // the eldest go first
        text.append(choice.getKey()).append(' ').append(choice.getValue()).append('\n');
      }
    }
    try {
      Path whole = file.resolveSibling(NAME + ".new");
      Files.writeString(whole, text, StandardCharsets.UTF_8);
      try {
        Files.move(whole, file, StandardCopyOption.ATOMIC_MOVE);
      } catch (AtomicMoveNotSupportedException e) {
        Files.move(whole, file, StandardCopyOption.REPLACE_EXISTING);
      }
    } catch (IOException e) {
      LogEvent.of("subnets-not-kept")
          .with("file", file)
          .with("cause", e)
          .with("advice", "make the state directory writable; the revision has them as well")
          .log(LOG, Level.WARNING);
    }
  }
}
