package io.lanyard.daemon.change;

import io.lanyard.base.Causes;
import io.lanyard.base.LogEvent;
import io.lanyard.config.AutoSubnets;
import io.lanyard.config.ConfigException;
import io.lanyard.config.Document;
import io.lanyard.config.DocumentPath;
import io.lanyard.config.Edit;
import io.lanyard.config.Setting;
import io.lanyard.linux.HostRoute;
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
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
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

  private final Path file;

  /**
   * Makes one.
   *
   * @param state the state directory, which is this process's own
   */
  ChosenSubnets(Path state) {
    this.file = state.resolve(NAME);
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
   * nobody asks for any more: the file says another subnet since, or has no such network.
   *
   * @param document what was said
   * @param now the time of the change
   * @return the document, with a change for each; the same one if there is nothing to do
   * @throws ConfigException if there is no free subnet
   */
  Document in(Document document, Instant now) throws ConfigException {
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
      if (edit != null && subnet != null && taken.stream().noneMatch(subnet::overlaps)) {
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
      edits.addAll(chosen(said, without, taken, laid, now));
    }
    return said.with(edits);
  }

  private List<Edit> chosen(
      Document said,
      List<DocumentPath> asking,
      List<Subnet> taken,
      Map<DocumentPath, Edit> laid,
      Instant now)
      throws ConfigException {
    Map<String, Subnet> kept = read();
    List<HostRoute> routes = HostRoute.all(true);
    List<Edit> edits = new ArrayList<>();
    for (DocumentPath path : asking) {
      String network = path.steps().get(1);
      Subnet subnet = choose(network, kept, taken, routes);
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
      String network, Map<String, Subnet> kept, List<Subnet> taken, List<HostRoute> routes) {
    Subnet former = kept.get(network);
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
