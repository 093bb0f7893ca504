package io.lanyard.control.api;

import java.util.List;

/**
 * The daemon as a whole: {@code GET /v1/status}.
 *
 * @param version what was built
 * @param pid its process
 * @param uptimeSeconds since it was started
 * @param ready whether it has finished starting
 * @param residentBytes memory in use as the kernel counts it
 * @param config the configuration's file, or empty for the built-in one
 * @param stateDirectory where state is kept
 * @param runtimeDirectory where sockets are
 * @param networks how many networks there are
 * @param stopped the names of those that are stopped
 * @param guests how many guests there are
 * @param loopFailures exceptions that reached a network's loop, which should be none
 * @param busiest the ports that take most of their networks' loops at present, the busiest first;
 *     empty where nothing is busy
 * @param translators the prefixes of translators (NAT64) that name servers or the configuration
 *     say, each with its network
 * @param problems what does not run, and warnings of what runs but does not reach everything, in
 *     words; empty when all is well
 */
public record DaemonStatus(
    String version,
    long pid,
    long uptimeSeconds,
    boolean ready,
    long residentBytes,
    String config,
    String stateDirectory,
    String runtimeDirectory,
    int networks,
    List<String> stopped,
    int guests,
    long loopFailures,
    List<PortLoad> busiest,
    List<String> translators,
    List<String> problems) {
  /** Copies the lists. */
  public DaemonStatus {
    stopped = List.copyOf(stopped);
    busiest = List.copyOf(busiest);
    translators = List.copyOf(translators);
    problems = List.copyOf(problems);
  }
}
