package io.lanyard.dns;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.base.Clock;
import io.lanyard.config.NetworkConfig;
import io.lanyard.linux.NetworkNamespace;
import io.lanyard.nat.TestNetworks;
import io.lanyard.nat.egress.PortEgress;
import io.lanyard.nat.gateway.EgressTrial;
import io.lanyard.nat.gateway.GatewayCount;
import io.lanyard.nat.gateway.NatNamespace;
import io.lanyard.net.Address;
import io.netty.channel.DefaultChannelId;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.xbill.DNS.AAAARecord;
import org.xbill.DNS.ARecord;
import org.xbill.DNS.CNAMERecord;
import org.xbill.DNS.DClass;
import org.xbill.DNS.Message;
import org.xbill.DNS.Name;
import org.xbill.DNS.Record;
import org.xbill.DNS.Section;
import org.xbill.DNS.TextParseException;
import org.xbill.DNS.Type;

/**
 * A host and an internet of two servers and a name server, in namespaces and in both families, and
 * networks whose guests ask that name server. Needs root, and the packages bind9-dnsutils,
 * knot-dnsutils, python3 and socat.
 *
 * <p>Each server greets who connects and echoes: plainly at port {@link #PLAIN}, behind TLS at
 * {@link #TLS}. At port 853 each is the name server behind TLS.
 */
final class EgressScene {
  /** The name server's address. */
  static final String SERVER = "10.99.0.2";

  /** How long answers hold; those of other names for a second. */
  private static final Map<String, Long> SECONDS =
      Map.of("ages.good.example.", (long) Integer.MAX_VALUE, "never.good.example.", 0L);

  static final int PLAIN = 8088;
  static final int TLS = 8443;

  /** A family, with the addresses that names have in it. */
  enum Family {
    IPV4("198.51.100.10", "198.51.100.20", "9.9.9.9", "192.168.127.2", Type.A),
    IPV6("2001:db8:51::10", "2001:db8:51::20", "2620:fe::fe", "fd6c:616e:7961:8::2", Type.AAAA);

    final String good;
    final String evil;

    /** A public name server's, of which everybody knows that it answers over HTTPS. */
    final String resolver;

    final String gateway;
    final int type;

    Family(String good, String evil, String resolver, String gateway, int type) {
      this.good = good;
      this.evil = evil;
      this.resolver = resolver;
      this.gateway = gateway;
      this.type = type;
    }

    static Family of(String address) {
      return address.indexOf(':') < 0 ? IPV4 : IPV6;
    }

    /** A private address. */
    String inside() {
      return this == IPV4 ? "10.0.0.1" : "fd00::1";
    }

    String at(String address, int port) {
      return this == IPV4 ? address + ":" + port : "[" + address + "]:" + port;
    }
  }

  private final Path folder;
  final String host = "lxh" + ProcessHandle.current().pid() % 100_000;
  final String internet = "lxi" + ProcessHandle.current().pid() % 100_000;
  private final Process served;

  /** The name server, which hosts and guests reach by IPv4. */
  final FakeUpstream names;

  /**
   * Makes the world.
   *
   * @param folder a directory of the test's own
   */
  EgressScene(Path folder) throws Exception {
    this.folder = folder;
    // In a namespace without hardware Netty would warn that there is none.
    assertThat(DefaultChannelId.newInstance()).isNotNull();
    String script =
        """
        set -e
        ip netns add H; ip netns add I
        for n in H I; do
          ip netns exec $n sysctl -qw net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0
        done
        ip link add vh netns H type veth peer name vi netns I
        ip -n H addr add 10.99.0.1/24 dev vh; ip -n H addr add 2001:db8:99::1/64 dev vh nodad
        ip -n H link set vh up; ip -n H link set lo up
        ip -n I addr add 10.99.0.2/24 dev vi; ip -n I addr add 2001:db8:99::2/64 dev vi nodad
        ip -n I link set vi up; ip -n I link set lo up
        for a in 198.51.100.10/32 198.51.100.20/32 2001:db8:51::10/128 2001:db8:51::20/128 \
          9.9.9.9/32 2620:fe::fe/128; do
          ip -n I addr add $a dev lo
        done
        ip -n H route add default via 10.99.0.2; ip -n H route add default via 2001:db8:99::2
        """
            .replace("H", host)
            .replace("I", internet);
    NatNamespace.Result result = NatNamespace.host("sh", "-c", script);
    assertThat(result.status()).as(result.output()).isZero();
    Path pem = folder.resolve("server.pem");
    Files.writeString(pem, text("certificate.pem") + text("key.pem"));
    served =
        new ProcessBuilder(
                "ip",
                "netns",
                "exec",
                internet,
                "sh",
                "-c",
                "socat OPENSSL-LISTEN:8443,pf=ip6,ipv6only=0,reuseaddr,fork,verify=0,cert="
                    + pem
                    + " SYSTEM:'echo served; cat' &"
                    + "socat OPENSSL-LISTEN:853,pf=ip6,ipv6only=0,reuseaddr,fork,verify=0,cert="
                    + pem
                    + " TCP4:"
                    + SERVER
                    + ":53 &"
                    + " for p in 8088 443; do"
                    + " socat TCP6-LISTEN:$p,ipv6only=0,reuseaddr,fork SYSTEM:'echo served; cat' &"
                    + " done;"
                    + " wait")
            .redirectErrorStream(true)
            .start();
    String wait =
        "for i in $(seq 600); do [ $(ip netns exec "
            + internet
            + " ss -Hltn | wc -l) -ge 4 ] && exit 0; sleep .1; done; exit 1";
    assertThat(NatNamespace.host("sh", "-c", wait).status()).isZero();
    InetSocketAddress at = new InetSocketAddress(InetAddress.getByName(SERVER), 53);
    names = NetworkNamespace.run(internet, () -> new FakeUpstream(at));
    names.answer = this::answer;
  }

  private static String text(String resource) throws Exception {
    try (InputStream in = Objects.requireNonNull(EgressScene.class.getResourceAsStream(resource))) {
      return new String(in.readAllBytes(), StandardCharsets.US_ASCII);
    }
  }

  /** The answers to names that lead to other names. */
  static final class Aliases {
    private final Map<String, String> targets = new ConcurrentHashMap<>();
    private final Map<String, String> addresses = new ConcurrentHashMap<>();
    private final Map<String, String> besides = new ConcurrentHashMap<>();

    /** Has a name lead to another, and that to an address, unless it is null. */
    void of(String name, String target, @Nullable String address) {
      targets.put(name, target);
      if (address != null) {
        addresses.put(target, address);
      }
    }

    /** Has each answer about an alias say also the address of a name that nobody has asked for. */
    void besides(String name, String address) {
      besides.put(name, address);
    }

    /** Whether the question is about an alias, and answered. */
    private boolean answers(Message response) {
      Record question = response.getQuestion();
      String target = targets.get(question.getName().toString());
      if (target == null) {
        return false;
      }
      response.addRecord(
          new CNAMERecord(question.getName(), DClass.IN, 1, name(target)), Section.ANSWER);
      add(response, question.getType(), target, addresses.get(target));
      besides.forEach((name, address) -> add(response, question.getType(), name, address));
      return true;
    }

    private static void add(Message response, int type, String name, @Nullable String address) {
      if (address != null && type == Family.of(address).type) {
        response.addRecord(record(name(name), 1, address), Section.ANSWER);
      }
    }
  }

  private final Aliases aliases = new Aliases();

  /** The aliases that the name server knows: none before the test has made some. */
  Aliases aliases() {
    return aliases;
  }

  /** Further names with an address each, which holds for a second. */
  final Map<String, String> further = new ConcurrentHashMap<>();

  private static Name name(String text) {
    try {
      return Name.fromString(text);
    } catch (TextParseException e) {
      throw new AssertionError(e);
    }
  }

  private Message answer(Message response) {
    if (aliases.answers(response)) {
      return response;
    }
    Record question = response.getQuestion();
    String name = question.getName().toString();
    long seconds = SECONDS.getOrDefault(name, 1L);
    String more = further.get(name);
    if (more != null && question.getType() == Family.of(more).type) {
      response.addRecord(record(question.getName(), seconds, more), Section.ANSWER);
    }
    for (Family family : Family.values()) {
      String address = addresses(family).get(name);
      if (address != null && question.getType() == family.type) {
        response.addRecord(record(question.getName(), seconds, address), Section.ANSWER);
      }
    }
    return response;
  }

  private static Map<String, String> addresses(Family family) {
    return Map.of(
        "good.example.", family.good,
        "shared.example.", family.good,
        "evil.example.", family.evil,
        "flip.good.example.", family.evil,
        "ages.good.example.", family.evil,
        "never.good.example.", family.good,
        "doh.good.example.", family.resolver,
        "inside.good.example.", family.inside(),
        "self.good.example.", family == Family.IPV4 ? "10.99.0.1" : "2001:db8:99::1");
  }

  private static Record record(Name name, long seconds, String address) {
    InetAddress at = Address.parse(address).toInetAddress();
    return at.getAddress().length == 4
        ? new ARecord(name, DClass.IN, seconds, at)
        : new AAAARecord(name, DClass.IN, seconds, at);
  }

  /** Takes the world down. */
  void close() throws Exception {
    served.descendants().forEach(ProcessHandle::destroy);
    served.destroy();
    served.waitFor(60, TimeUnit.SECONDS);
    names.close();
    NatNamespace.host("ip", "netns", "del", host);
    NatNamespace.host("ip", "netns", "del", internet);
  }

  /** A network whose guests ask its name server. */
  final class Guests implements AutoCloseable {
    final NatNamespace net;
    final PortEgress ports = new PortEgress(UnaryOperator.identity());
    final Family family;
    private @Nullable DnsForwarder dns;

    Guests(Family family, String egress) throws Exception {
      this(family, egress, Clock.system());
    }

    Guests(Family family, String egress, Clock clock) throws Exception {
      this.family = family;
      NetworkConfig config = config(egress, "{}");
      net = new NatNamespace(config, nic -> null, host, clock);
      net.on(() -> {
        net.nat.portRules(ports);
        DnsForwarder made =
            new DnsForwarder(
                config,
                List.of(),
                net.nat.gateway(),
                Ipv6Names.NONE,
                net.nat.names(),
                net.nat.translators(),
                net.nat.nameMemory(),
                net.nat.descriptors().holder("dns"));
        net.nat.serve(DnsForwarder.PORT, made);
        net.nat.serve(DnsForwarder.PORT, new DnsStreamService(made, net.nat.gateway()));
        dns = made;
        return true;
      });
      if (family == Family.IPV6) {
        String wait =
            "for i in $(seq 600); do ip -6 addr show dev t0 scope global | grep -q inet6 && ! ip -6"
                + " addr show dev t0 | grep -q tentative && exit 0; sleep .1; done; exit 1";
        assertThat(net.guest("sh", "-c", wait).status()).isZero();
      }
    }

    private NetworkConfig config(String egress, String ofPort) {
      return TestNetworks.nat(
          "ipv6: {subnet: \"fd6c:616e:7961:8::/64\"}",
          "dns: {hosts-file: false, upstreams: [" + SERVER + "]}",
          "egress: {" + egress + "}",
          "ports: [{name: guest, kind: qemu-stream, path: g.sock, egress: " + ofPort + "}]");
    }

    /** Has other rules while the network runs. */
    void configure(String egress) throws Exception {
      net.on(() -> {
        net.nat.configure(config(egress, "{}"));
        return true;
      });
    }

    void ofPort(String egress) throws Exception {
      net.on(() -> {
        ports.set("guest", config("", "{" + egress + "}").ports().getFirst().policy());
        return true;
      });
    }

    /** Puts the guest into one of two port groups. */
    void inGroup(String group, String egress, String ofOther) throws Exception {
      NetworkConfig config =
          TestNetworks.nat(
              "port-groups: {%s: {egress: {%s}}, other: {egress: {%s}}}"
                  .formatted(group, egress, ofOther),
              "ports: [{name: guest, kind: qemu-stream, path: g.sock, port-group: "
                  + group
                  + "}, {name: neighbour, kind: qemu-stream, path: n.sock, port-group: other}]");
      net.on(() -> {
        config.ports().forEach(port -> ports.set(port.name(), port.policy()));
        return true;
      });
    }

    String ask(String name) throws Exception {
      String type = family == Family.IPV4 ? "A" : "AAAA";
      return dig("@" + family.gateway + " +noall +answer +comments " + name + " -t " + type);
    }

    /** Asks with dig, whose words are given. */
    String dig(String words) throws Exception {
      return net.guest("sh", "-c", "dig +tries=2 +timeout=10 " + words + " 2>&1").output();
    }

    /** Asks a server over TLS, by kdig. */
    String askOverTls(String server, String name) throws Exception {
      String type = family == Family.IPV4 ? "A" : "AAAA";
      return net.guest("kdig", "+tls", "+retry=0", "+timeout=10", "@" + server, name, type)
          .output();
    }

    /** Runs one of the programs beside this class in the guest. */
    String program(String name, Object... arguments) throws Exception {
      Path file = folder.resolve(name);
      if (!Files.exists(file)) {
        Files.writeString(file, text(name));
      }
      List<String> command = new ArrayList<>(List.of("python3", file.toString()));
      for (Object argument : arguments) {
        command.add(argument.toString());
      }
      return net.guest(command.toArray(String[]::new)).output();
    }

    /** A TLS client that names a server, or none. */
    String tls(String address, String name) throws Exception {
      return program("hello.py", "whole", address, TLS, name);
    }

    String plain(String address, int port, String says) throws Exception {
      String kind = family == Family.IPV4 ? "TCP4" : "TCP6";
      return net.guest(
              "sh",
              "-c",
              "echo '%s' | socat -t 60 -T 60 - '%s:%s,connect-timeout=60' 2>&1 | head -c 500"
                  .formatted(says, kind, family.at(address, port)))
          .output();
    }

    long count(GatewayCount event) throws Exception {
      return net.on(() -> net.nat.gateway().counters().get(event));
    }

    EgressTrial test(String address, int port, String... told) throws Exception {
      return net.on(() ->
          net.nat.egress().trials().flow("guest", List.of(told), Address.parse(address), 6, port));
    }

    @Override
    public void close() {
      try {
        net.on(() -> {
          DnsForwarder open = dns;
          if (open != null) {
            open.close();
          }
          return true;
        });
      } catch (Exception e) {
        throw new AssertionError(e);
      }
      net.close();
    }
  }
}
