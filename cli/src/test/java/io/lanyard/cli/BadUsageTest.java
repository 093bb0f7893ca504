package io.lanyard.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.base.Directories;
import io.lanyard.config.Document;
import io.lanyard.control.ControlServer;
import io.lanyard.daemon.Daemon;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Commands whose arguments cannot be meant so, and commands that only fail, with a running daemon.
 * A script tells a mistake of its own from the state of a daemon by that.
 */
final class BadUsageTest {
  private static final String CONFIGURATION =
      """
      version: 1
      networks:
        a:
          mode: nat
          ipv4: {subnet: 10.9.8.0/24}
          dns: {upstreams: []}
          dhcp: {reservations: [{mac: "52:54:00:00:00:05", address: 10.9.8.5, hostname: five}]}
          ports: [{name: q, kind: qemu-stream, path: q.sock}]
          forwards: [{name: f, protocol: tcp, listen: "127.0.0.1:0", to: "10.9.8.5:80"}]
      """;

  @TempDir static Path home;
  private static Directories directories;
  private static Daemon daemon;
  private static ControlServer server;
  private final Said said = new Said();

  @BeforeAll
  static void start() throws Exception {
    directories = new Directories(home.resolve("s"), home.resolve("r"), home.resolve("i"));
    Document document = Document.of("test", CONFIGURATION.replace("127.0.0.1:0", free()), home);
    daemon = Daemon.open(Daemon.Settings.of(document, directories));
    server = ControlServer.bind(daemon, directories.socket(), null);
  }

  private static String free() throws Exception {
    try (var socket = new java.net.ServerSocket(0)) {
      return "127.0.0.1:" + socket.getLocalPort();
    }
  }

  @AfterAll
  static void stop() {
    server.close();
    daemon.close();
  }

  @AfterEach
  void restore() {
    said.close();
  }

  /** A command, and what its message says. Words with blanks stand in quotes. */
  record Case(String command, List<String> says) {
    static Case of(String command, String... says) {
      return new Case(command, List.of(says));
    }

    List<String> words() {
      return Stream.of(command.replace("HOME", home.toString()).split(" (?=([^']*'[^']*')*[^']*$)"))
          .map(word -> word.replace("'", ""))
          .toList();
    }

    @Override
    public String toString() {
      return command;
    }
  }

  private static final String EMPTY = "''";

  static List<Case> mistakes() {
    return List.of(
        Case.of("egress test q 10.0.0.1:99999", "expected a port from 1 to 65535", "99999"),
        Case.of("egress test q 10.0.0.1:0", "expected a port from 1 to 65535"),
        Case.of("egress test q 10.0.0.1:x", "expected a port from 1 to 65535"),
        Case.of("egress test q [::1]:99999", "expected a port from 1 to 65535"),
        Case.of("egress test q www.example:99999", "expected a port from 1 to 65535"),
        Case.of("egress test q 999.1.1.1", "expected a name or an address", "999.1.1.1"),
        Case.of("egress test q *.example", "a guest asks for one name"),
        Case.of("egress test q a..b", "expected a name or an address"),
        Case.of("egress test q 10.0.0.1 --protocol sctp", "expected tcp, udp or icmp", "sctp"),
        Case.of("egress test q 10.0.0.1:80 --protocol icmp", "ICMP has no ports"),
        Case.of("egress test q www.example --in", "who comes in has an address"),
        Case.of("egress test q " + EMPTY, "NAME[:PORT]|ADDRESS[:PORT] is empty"),
        Case.of("events --type nosuch", "no event has a type that begins with nosuch"),
        Case.of("capture a/q --last soon -w HOME/x", "last is no time", "such as 30s"),
        Case.of("uplink ls --netns ../x", "a network namespace is asked for by its name"),
        Case.of("flow end a x", "a flow's id is a number", "x"),
        Case.of("lease release a 10.9.8.300", "expected an address", "10.9.8.300"),
        Case.of("lease pin a 10.9.8.300", "ADDRESS", "expected an address", "10.9.8.300"),
        Case.of("reservation add a 52:54:00 10.9.8.6", "MAC", "expected a MAC address"),
        Case.of("reservation set a 52:54:00 address=10.9.8.6", "expected a MAC address"),
        Case.of("reservation rm a nomac", "expected a MAC address", "nomac"),
        Case.of("reservation add a 52:54:00:00:00:06 10.9.8.600", "expected an address"),
        Case.of("reservation add a 52:54:00:00:00:06 10.9.8.6 x_y", "hostname"),
        Case.of("reservation add a 52:54:00:00:00:06 10.9.8.6 --ipv6 x", "ipv6"),
        Case.of("forward add a tcp 127.0.0.1:99999 10.9.8.5:80", "listen", "99999"),
        Case.of("forward add a tcp 127.0.0.1:9-8 10.9.8.5:80", "listen", "9-8"),
        Case.of("forward add a tcp nohost:9999 10.9.8.5:80", "listen", "nohost"),
        Case.of("forward add a sctp 127.0.0.1:9999 10.9.8.5:80", "protocol", "sctp"),
        Case.of("forward add a tcp 127.0.0.1:9999 10.9.8.5:x", "to", "10.9.8.5:x"),
        Case.of("forward set a f listen=x", "listen"),
        Case.of("network add b --mode nta", "mode", "nta"),
        Case.of("network add b --mode nat --subnet 10.0.0.0/33", "subnet", "10.0.0.0/33"),
        Case.of("network add 'b b' --mode nat", "b b"),
        Case.of("network set a mtuu=1500", "unknown key", "did you mean \"mtu\"?"),
        Case.of("network set a mtu=huge", "mtu", "huge"),
        Case.of("network set a mtu=99999", "mtu", "99999"),
        Case.of("network set a", "there is nothing to change"),
        Case.of("network set a mtu", "expected KEY=VALUE"),
        Case.of("network set a mtu={a", "cannot be read", "put a value with spaces in quotes"),
        Case.of("network set a x[=1=1", "expected KEY=VALUE"),
        Case.of("network set a x[]=1", "the key x[] cannot be read"),
        Case.of("network set a --unset x[", "the key x[ cannot be read"),
        Case.of("network set a mtu=1400 --confirm 1", "confirm is a time such as 60s"),
        Case.of("network set a mtu=1400 --confirm 2h", "confirm is a time"),
        Case.of("network set a mtu=1400 --if-revision x", "x"),
        Case.of("port add a p --kind tapp", "kind", "tapp"),
        Case.of("port add a host --kind qemu-stream", "host"),
        Case.of("port set a q guard=maybe", "guard", "maybe"),
        Case.of("group add a 'g g'", "g g"),
        Case.of("group show a/g h", "expected NETWORK/GROUP: \"a/g h\""),
        Case.of("port show a/q r", "expected NETWORK/PORT: \"a/q r\""),
        Case.of("guest add 'g g' memory=64M", "g g"),
        Case.of("log level loud", "level", "loud"),
        Case.of("dns add a www a 10.0.0.300", "10.0.0.300"),
        Case.of("dns add a www cname a..b", "a..b"),
        Case.of("dns add a www 10.0.0.300", "10.0.0.300"),
        Case.of("dns add a www 10.0.0.3 10.0.0.4", "takes one address", "dns add a www a 10.0.0.4"),
        Case.of("dns add a www fd00::3 fd00::4", "takes one address", "a www aaaa fd00::4"),
        Case.of("dns add a www mx 10 mail", "the types are a, aaaa, cname"),
        Case.of("egress set a default=maybe", "default", "maybe"),
        Case.of("egress set a rules=[{allow:10.0.0.0/33}]", "rules"),
        Case.of("config show networks.[", "the path networks.[ cannot be read"),
        Case.of("config rollback x", "REVISION", "x"),
        Case.of("config confirm x", "REVISION", "x"),
        Case.of("port-forward five:a 127.0.0.1:99999:80", "listen", "99999"),
        Case.of("port-forward five:a 80:99999", "to", "99999"),
        Case.of("status --connect https://x:1", "--socket and --connect name two daemons"));
  }

  @ParameterizedTest
  @MethodSource("mistakes")
  void aMistakeInTheCommandLineIsBadUsage(Case mistake) {
    int status = said.run(directories.socket(), mistake.words());
    assertThat(said.err()).contains(mistake.says()).doesNotContain("\tat ");
    assertThat(status).as(said.err()).isEqualTo(Lanyard.BAD_USAGE);
  }

  static List<Case> mistakesWithoutADaemon() {
    return List.of(
        Case.of("status --connect ftp://x", "--connect"),
        Case.of("token add 'a b' --role viewer --file HOME/tokens", "a token's name"),
        Case.of("token add a --role king --file HOME/tokens", "there is no role king"),
        Case.of("config save", "FILE"),
        Case.of("config save " + EMPTY, "FILE"),
        Case.of("apply " + EMPTY, "FILE"),
        Case.of("plan " + EMPTY, "FILE"),
        Case.of("check " + EMPTY, "FILE"),
        Case.of("capture a -w HOME/x --max-size big", "expected a size"));
  }

  @ParameterizedTest
  @MethodSource("mistakesWithoutADaemon")
  void aMistakeIsBadUsageWhetherOrNotADaemonRuns(Case mistake) {
    int status = said.execute(mistake.words());
    assertThat(said.err()).contains(mistake.says()).doesNotContain("\tat ");
    assertThat(status).as(said.err()).isEqualTo(Lanyard.BAD_USAGE);
  }

  static List<Case> refusals() {
    return List.of(
        Case.of("egress test nosuch 10.0.0.1:80", "there is no guest or port nosuch"),
        Case.of("egress test q 169.254.169.254:80", ""),
        Case.of("network show nosuch", "nosuch"),
        Case.of("network add a --mode nat", "is there already"),
        Case.of("network set nosuch mtu=1500", "the configuration has no network nosuch"),
        Case.of("network add b --mode nat --subnet 10.9.8.0/24", "10.9.8.0/24"),
        Case.of("reservation add a 52:54:00:00:00:06 10.9.9.6", "10.9.9.6"),
        Case.of("reservation rm a 52:54:00:00:00:07", "no reservation"),
        Case.of("lease pin a 10.9.8.77", "no lease of 10.9.8.77"),
        Case.of("lease release a 10.9.8.77", "no lease 10.9.8.77"),
        Case.of("flow end a 99999", "no flow 99999"),
        Case.of("forward rm a nosuch", "no forward nosuch"),
        Case.of("forward add a tcp 127.0.0.1:9999 nobody:80", "nobody"),
        Case.of("config show networks.nosuch", "says nothing of networks.nosuch"),
        Case.of("config rollback 99999", "99999"),
        Case.of("apply HOME/nosuch.yaml", "nosuch.yaml"));
  }

  @ParameterizedTest
  @MethodSource("refusals")
  void whatTheDaemonOrItsConfigurationRefusesHasFailed(Case refusal) {
    int status = said.run(directories.socket(), refusal.words());
    assertThat(said.err()).contains(refusal.says()).doesNotContain("\tat ");
    assertThat(status).as(said.err()).isEqualTo(Lanyard.FAILED);
  }
}
