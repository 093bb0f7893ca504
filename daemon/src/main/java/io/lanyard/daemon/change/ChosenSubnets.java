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
import java.util.Objects;
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

  private final Path file;

  /**
   * Makes one.
   *
   * @param state the state directory, which is this process's own
   */
  ChosenSubnets(Path state) {
    this.file = state.resolve(NAME);
  }

  /**
   * Gives every network of a document that asks for it a subnet.
   *
   * @param document what was said
   * @param now the time of the change
   * @return the document, with a change for each; the same one if none asks
   * @throws ConfigException if there is no free subnet
   */
  Document in(Document document, Instant now) throws ConfigException {
    List<DocumentPath> asking = new ArrayList<>();
    List<Subnet> taken = new ArrayList<>();
    for (Setting setting : document.settings(false)) {
      List<String> steps = setting.path().steps();
      if (steps.size() == 4
          && steps.getFirst().equals("networks")
          && steps.get(2).equals("ipv4")
          && steps.get(3).equals("subnet")) {
        if (setting.value().equals(AutoSubnets.WORD)) {
          asking.add(setting.path());
        } else {
          add(taken, setting.value());
        }
      }
    }
    if (asking.isEmpty()) {
      return document;
    }
    Map<String, Subnet> kept = read();
    List<HostRoute> routes = HostRoute.all(true);
    List<Edit> edits = new ArrayList<>();
    for (DocumentPath path : asking) {
      String network = path.steps().get(1);
      Subnet chosen = choose(network, kept, taken, routes);
      if (chosen == null) {
        throw new ConfigException(
            List.of(
                document.problem(
                    path,
                    "no subnet is free: the host routes them all, or other networks have them;"
                        + " say which one")));
      }
      taken.add(chosen);
      kept.remove(network);
      kept.put(network, chosen);
      edits.add(Edit.set(path, "\"" + chosen + "\"", "lanyard", now));
    }
    write(kept);
    return document.with(edits);
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
        if (gap > 0) {
          kept.put(line.substring(0, gap), Subnet.parse(line.substring(gap + 1).strip()));
        }
      }
    } catch (NoSuchFileException e) {
      // Nobody has asked yet.
    } catch (IOException | IllegalArgumentException e) {
      LogEvent.of("subnets-unreadable")
          .with("file", file)
          .with("cause", Objects.requireNonNullElse(Causes.of(e), ""))
          .with("advice", "networks with subnet: auto may get others than they had")
          .log(LOG, Level.WARNING);
    }
    return kept;
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
