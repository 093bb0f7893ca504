package io.lanyard.config;

import java.util.ArrayList;
import java.util.List;

/**
 * The ends of patches between networks: each is declared, and names the other.
 *
 * <p>One alone is no mistake of the format, because commands declare one after the other; it has no
 * link until there are both.
 */
public final class PatchEnds {
  private PatchEnds() {}

  /**
   * The ends whose other end is not there, or leads elsewhere.
   *
   * @param document the document
   * @param configuration its model
   * @return a problem for each, at its place; in the order of the networks
   */
  public static List<Problem> loose(Document document, Configuration configuration) {
    List<Problem> loose = new ArrayList<>();
    for (NetworkConfig network : configuration.networks().values()) {
      for (PortConfig port : network.ports()) {
        if (port instanceof PortConfig.Patch end) {
          String problem = problem(configuration, network.name(), end);
          if (!problem.isEmpty()) {
            DocumentPath path =
                new DocumentPath(List.of("networks", network.name(), "ports", end.name(), "peer"));
            loose.add(document.problem(path, problem));
          }
        }
      }
    }
    return loose;
  }

  private static String problem(Configuration configuration, String at, PortConfig.Patch end) {
    NetworkConfig there = configuration.networks().get(end.network());
    if (there == null) {
      return "there is no network " + end.network() + " for the other end";
    }
    PortConfig peer =
        there.ports().stream()
            .filter(port -> port.name().equals(end.peer()))
            .findFirst()
            .orElse(null);
    if (peer == null) {
      return "network " + there.name() + " has no port " + end.peer() + " for the other end";
    }
    if (!(peer instanceof PortConfig.Patch other)) {
      return "port " + end.peer() + " of network " + there.name() + " is no patch";
    }
    return other.network().equals(at) && other.peer().equals(end.name())
        ? ""
        : "port "
            + end.peer()
            + " of network "
            + there.name()
            + " leads to port "
            + other.peer()
            + " of network "
            + other.network();
  }
}
