package io.lanyard.daemon.adversary;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * A host that opens connection after connection to a server of the daemon's, from all of its
 * addresses in turn, and says nothing on them or half a request, or reads no answer.
 */
final class HostClients implements Hostile {
  /** Its arguments: the server's address and port, the first line of a request, own addresses. */
  private static final String PROGRAM =
      """
      import itertools, socket, sys, time
      server, port, request, own = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4:]
      family = socket.AF_INET6 if ':' in server else socket.AF_INET
      whole = request.encode() + b'\\r\\nHost: a\\r\\n\\r\\n'
      sayings = b'', whole[:9], whole * 20
      held = []
      for i in itertools.count():
          s = socket.socket(family)
          held.append(s)
          try:
              s.settimeout(0.05)
              if own: s.bind((own[i % len(own)], 0))
              s.connect((server, port))
              s.send(sayings[i % 3])
          except OSError: pass
          if len(held) > 300: held.pop(0).close()
          time.sleep(0.002)
      """;

  /** Far more clients than the server has connections, if each address were one. */
  private static final int ADDRESSES = 50;

  private final Program program;

  /** Gives the host its addresses, and takes them away; empty where it has those that it needs. */
  private final String change;

  private HostClients(Program program, String change) {
    this.program = program;
    this.change = change;
  }

  /** Programs on the daemon's own host, by IPv6. */
  static HostClients ofApi(Site site) throws IOException {
    return new HostClients(
        program(site, site.world().host, "::1", World.API, "/v1/status", List.of()), "");
  }

  /** A host of the world's, which has many addresses of IPv6 and one of IPv4. */
  static HostClients ofMetrics(Site site, Family family) throws IOException {
    String world = site.world().world;
    List<String> own = family == Family.IPV6 ? addresses() : List.of();
    String change = "";
    if (!own.isEmpty()) {
      String lines =
          own.stream()
              .map(one -> "addr %1$s " + one + "/128 dev vw nodad\\n")
              .collect(Collectors.joining());
      change = "printf '" + lines + "' | ip -n " + world + " -batch -";
      World.run(change.formatted("add"));
    }
    return new HostClients(
        program(site, world, family.uplink.toString(), World.METRICS, "/metrics", own), change);
  }

  private static List<String> addresses() {
    return IntStream.range(0, ADDRESSES)
        .mapToObj(i -> Family.IPV6.world.plus(0x1_0000 + i).toString())
        .toList();
  }

  private static Program program(
      Site site, String namespace, String server, int port, String target, List<String> own)
      throws IOException {
    List<String> arguments =
        new ArrayList<>(List.of(server, String.valueOf(port), "GET " + target + " HTTP/1.1"));
    arguments.addAll(own);
    return new Program(
        site.runtime(),
        List.of("ip", "netns", "exec", namespace),
        PROGRAM,
        arguments.toArray(String[]::new));
  }

  @Override
  public void act() {
    program.await();
  }

  @Override
  public void close() throws IOException {
    program.close();
    if (!change.isEmpty()) {
      World.run(change.formatted("del"));
    }
  }
}
