package io.lanyard.config;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lanyard.config.ForwardConfig.ToAddress;
import io.lanyard.config.ForwardConfig.ToGuest;
import io.lanyard.config.GuestConfig.Boot;
import io.lanyard.config.PortConfig.QemuStream;
import io.lanyard.config.PortConfig.StreamSocket;
import io.lanyard.config.PortConfig.Tap;
import io.lanyard.net.Address;
import io.lanyard.net.AddressRange;
import io.lanyard.net.Endpoint;
import io.lanyard.net.MacAddress;
import io.lanyard.net.Subnet;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConfigLoaderTest {
  private static final Path GOOD = Path.of("src/test/resources/good");

  private static NetworkConfig network(Configuration configuration, String name) {
    return Objects.requireNonNull(configuration.networks().get(name));
  }

  private static NetworkMode.Nat nat(Configuration configuration, String name) {
    return (NetworkMode.Nat) network(configuration, name).mode();
  }

  private static GatewayConfig gateway(Configuration configuration, String name) {
    return GatewayConfig.of(network(configuration, name));
  }

  private static GuestConfig guest(Configuration configuration, String name) {
    return Objects.requireNonNull(configuration.guests().get(name));
  }

  @Test
  void aNetworkHasTheDefaultsThatUsersOfVmwareKnow() throws ConfigException {
    Configuration one = Samples.parse(GOOD.resolve("one-network.yaml"));
    NetworkMode.Nat vmnet8 = nat(one, "vmnet8");

    assertThat(vmnet8.gateway().ipv4())
        .isEqualTo(
            new Ipv4Config(
                Subnet.parse("192.168.127.0/24"),
                Address.parse("192.168.127.2"),
                Address.parse("192.168.127.1"),
                AddressRange.parse("192.168.127.128-192.168.127.254")));
    assertThat(network(one, "vmnet8").mtu()).isEqualTo(1500);
    assertThat(vmnet8.hostAdapter()).isNull();
    assertThat(vmnet8.gateway().dhcp().leaseTime()).hasMinutes(30);
    assertThat(vmnet8.gateway().dns().domain()).isEqualTo("lan");
    assertThat(vmnet8.nat().hostLoopback()).isEqualTo(HostLoopback.NONE);
    assertThat(vmnet8.egress()).isEqualTo(EgressConfig.DEFAULT);
  }

  @Test
  void theShippedFileHasANatNetworkAndAHostOnlyOne() {
    Configuration shipped = ConfigLoader.builtIn();

    assertThat(shipped.networks()).containsOnlyKeys("vmnet8", "vmnet1");
    assertThat(network(shipped, "vmnet8").mode()).isInstanceOf(NetworkMode.Nat.class);
    assertThat(network(shipped, "vmnet8").hostAdapter()).isNull();
    assertThat(network(shipped, "vmnet1").mode()).isInstanceOf(NetworkMode.HostOnly.class);
    assertThat(network(shipped, "vmnet1").hostAdapter())
        .isEqualTo(new HostAdapterConfig("vmnet1", false));
    assertThat(shipped.without("vmnet1").networks()).containsOnlyKeys("vmnet8");
  }

  @Test
  void aHostOnlyNetworkTellsItsGuestsOfNoRouter() {
    DhcpConfig dhcp = gateway(ConfigLoader.builtIn(), "vmnet1").dhcp();

    assertThat(dhcp.options().routers()).isEmpty();
    assertThat(dhcp.options().dnsServers()).containsExactly(Address.parse("192.168.126.2"));
  }

  @Test
  void aNetworkWithoutDnsTellsItsGuestsOfNoNameServer() throws ConfigException {
    GatewayConfig gateway = gateway(Samples.parse(GOOD.resolve("full.yaml")), "vmnet1");

    assertThat(gateway.dhcp().options().dnsServers()).isEmpty();
  }

  @Test
  void everyKeyOfAServiceArrives() throws ConfigException {
    NetworkMode.Nat vmnet8 = nat(Samples.parse(GOOD.resolve("full.yaml")), "vmnet8");

    DhcpConfig dhcp = vmnet8.gateway().dhcp();
    assertThat(dhcp.leaseTime()).isEqualTo(Duration.ofHours(12));
    assertThat(dhcp.minLeaseTime()).isEqualTo(Duration.ofSeconds(90));
    assertThat(dhcp.maxLeaseTime()).isEqualTo(Duration.ofDays(2));
    assertThat(dhcp.conflictProbe()).isEqualTo(Duration.ofMillis(50));
    assertThat(dhcp.leasesPerPort()).isEqualTo(8);
    assertThat(dhcp.authoritative()).isFalse();
    assertThat(dhcp.reservations())
        .containsExactly(
            new ReservationConfig(
                new MacAddress(0x52_54_00_00_00_10L), Address.parse("10.9.0.10"), null, "web"),
            new ReservationConfig(
                new MacAddress(0x52_54_00_00_00_11L), Address.parse("10.9.1.11"), null, null));
    assertThat(dhcp.options().dnsServers()).isEmpty();
    assertThat(dhcp.options().ntpServers()).hasSize(2);
    assertThat(dhcp.options().domainSearch()).containsExactly("lab.example", "example");
    assertThat(dhcp.options().bootFile()).isEqualTo("http://10.9.0.5/boot.ipxe");
    assertThat(dhcp.options().nextServer()).isEqualTo(Address.parse("10.9.0.5"));
    DnsConfig dns = vmnet8.gateway().dns();
    assertThat(dns.domain()).isEqualTo("lab.example");
    assertThat(dns.hosts()).containsOnlyKeys("printer", "www.example", "*.apps");
    assertThat(dns.hostsFile()).isFalse();
    assertThat(dns.upstreams())
        .isInstanceOfSatisfying(
            DnsConfig.Servers.class,
            upstreams ->
                assertThat(upstreams.servers())
                    .extracting(server -> server.endpoint().port())
                    .containsExactly(53, 53, 53, 5353));
    NatConfig nat = vmnet8.nat();
    assertThat(nat.filtering()).isEqualTo(NatConfig.Behaviour.ADDRESS_AND_PORT_DEPENDENT);
    assertThat(nat.hostLoopback().services())
        .extracting(Service::toString)
        .containsExactly("8080", "9000-9010", "udp/53");
    assertThat(nat.hostLoopback().enabled()).isTrue();
    assertThat(nat.timeouts())
        .isEqualTo(
            new NatConfig.Timeouts(
                Duration.ofSeconds(10),
                Duration.ofHours(3),
                Duration.ofMinutes(5),
                Duration.ofSeconds(150)));
    assertThat(nat.quotas())
        .isEqualTo(
            new NatConfig.Quotas(
                1,
                2,
                3,
                4,
                0,
                6,
                Set.of("tcp-per-guest", "tcp", "udp-per-guest", "udp", "icmp-per-guest", "icmp")));
  }

  @Test
  void aGuestWithoutAProgramStartsFromItsFirstDiskOrFromTheNetwork() throws ConfigException {
    Configuration configuration =
        ConfigLoader.parse(
            "test.yaml",
            """
            version: 1
            networks: {a: {mode: isolated}}
            guests:
              disk: {disks: [{path: a.qcow2, format: qcow2}], keep-running: true}
              net: {vmm: qemu, architecture: x86_64}
              efi: {firmware: efi.fd}
            """,
            Path.of("/etc"));
    assertThat(guest(configuration, "disk").boot()).isEqualTo(new Boot.FirstDisk());
    assertThat(guest(configuration, "disk").disks())
        .containsExactly(new GuestConfig.Disk(Path.of("/etc/a.qcow2"), "qcow2", false));
    assertThat(guest(configuration, "disk").keepRunning()).isTrue();
    assertThat(guest(configuration, "net").boot()).isEqualTo(new Boot.Nothing());
    assertThat(guest(configuration, "net").architecture()).isEqualTo("x86_64");
    assertThat(guest(configuration, "efi").boot())
        .isEqualTo(new Boot.Firmware(Path.of("/etc/efi.fd")));
  }

  @Test
  void aProblemOfAGuestsPartHasThePlaceOfThatPartOrOfWhatIsAroundIt() throws ConfigException {
    Document document =
        Document.of(
            "test.yaml",
            """
            version: 1
            networks: {a: {mode: isolated}}
            guests:
              Web:
                memory: 64M
                disks:
                  - {path: a.raw}
                options: {accel: kvm}
            """,
            Path.of("/etc"));
    assertThat(problem(document, "guests", "web", "memory"))
        .isEqualTo("test.yaml:5:13: guests.web.memory: why");
    assertThat(problem(document, "guests", "web", "disks", "0", "path"))
        .isEqualTo("test.yaml:7:16: guests.web.disks[0].path: why");
    assertThat(problem(document, "guests", "web", "disks", "0", "format"))
        .isEqualTo("test.yaml:7:9: guests.web.disks[0].format: why");
    assertThat(problem(document, "guests", "web", "options", "accel"))
        .isEqualTo("test.yaml:8:22: guests.web.options.accel: why");
    assertThat(problem(document, "guests", "web", "kernel"))
        .isEqualTo("test.yaml:5:5: guests.web.kernel: why");
    Document changed =
        document.with(
            Edit.set(
                DocumentPath.of("guests", "web", "harts"),
                "2",
                "anna",
                Instant.parse("2026-01-01T00:00:00Z")));
    assertThat(problem(changed, "guests", "web", "harts")).contains("anna", ":1:1: ", "harts: why");
  }

  private static String problem(Document document, String... path) {
    return document.problem(DocumentPath.of(path), "why").toString();
  }

  @Test
  void aQuotaThatIsWrittenIsToldFromADefaultOfTheSameNumber() throws ConfigException {
    String text =
        """
        version: 1
        networks:
          n:
            mode: nat
            ipv4: {subnet: 192.168.127.0/24}
            nat: {quotas: {tcp: 16384}}
        """;
    NatConfig nat = nat(ConfigLoader.parse("test.yaml", text, Path.of(".")), "n").nat();

    assertThat(nat.quotas().tcp()).isEqualTo(16_384);
    assertThat(nat.quotas().written()).containsExactly("tcp");
  }

  @Test
  void aForwardLeadsToAnAddressOrToAGuestWhoseAddressIsNotYetKnown() throws ConfigException {
    Configuration full = Samples.parse(GOOD.resolve("full.yaml"));
    MacAddress demo = guest(full, "demo").nics().getFirst().mac();

    assertThat(network(full, "vmnet8").forwards())
        .extracting(ForwardConfig::to)
        .containsExactly(
            new ToAddress("web", Address.parse("10.9.0.10"), 80),
            new ToAddress("10.9.0.77", Address.parse("10.9.0.77"), 53),
            new ToAddress("printer", Address.parse("10.9.0.9"), 631),
            new ToAddress("printer", Address.parse("10.9.0.9"), 631),
            new ToGuest("demo", demo, 22));
    assertThat(network(full, "vmnet8").forwards())
        .extracting(forward -> forward.listen().toString())
        .containsExactly(
            "127.0.0.1:8080", "0.0.0.0:8080", "[::1]:8081", "[::1]:8081", "127.0.0.1:2222");
  }

  private static final PortPolicy GIVEN =
      policy(
          GuardMode.STRICT,
          false,
          3,
          Subnet.parse("10.9.0.20/32"),
          Subnet.parse("10.9.2.0/24"),
          Subnet.parse("2001:db8::7/128"));

  private static final PortPolicy ISOLATED = policy(GuardMode.OFF, true, null);

  /** A policy of a port that is in no group. */
  private static PortPolicy policy(
      GuardMode guard, boolean isolated, @Nullable Integer macLimit, Subnet... addresses) {
    return new PortPolicy(
        "",
        guard,
        isolated,
        macLimit,
        PortStorm.INHERITED,
        List.of(addresses),
        PortLimits.NONE,
        EgressConfig.INHERITED,
        EgressConfig.INHERITED);
  }

  @Test
  void whatTheSwitchLetsPassArrives() throws ConfigException {
    Configuration full = Samples.parse(GOOD.resolve("full.yaml"));

    assertThat(network(full, "vmnet8").switching())
        .isEqualTo(
            new SwitchConfig(
                GuardMode.LEARN,
                new StormConfig(100, 50_000, 300),
                Set.of(ReservedFrames.STP, ReservedFrames.E_LMI),
                new ByteSize(4L << 20)));
    assertThat(network(full, "vmnet1").switching())
        .isEqualTo(new SwitchConfig(GuardMode.OFF, StormConfig.DEFAULT, Set.of(), null));
    assertThat(network(full, "lab").switching())
        .isEqualTo(new SwitchConfig(GuardMode.OFF, null, Set.of(), null));
    assertThat(guest(full, "demo").nics())
        .extracting(GuestConfig.Nic::policy)
        .containsExactly(PortPolicy.DEFAULT, policy(GuardMode.STRICT, true, null));
  }

  @Test
  void everyKindOfPortArrives() throws ConfigException {
    assertThat(network(Samples.parse(GOOD.resolve("full.yaml")), "vmnet8").ports())
        .containsExactly(
            new QemuStream(
                "qemu1",
                new StreamSocket.ListenUnix(Path.of("qemu1.sock")),
                SocketRights.DEFAULT,
                PortGuests.ONE,
                32,
                9000,
                GIVEN),
            new QemuStream(
                "qemu2",
                new StreamSocket.ListenTcp(Endpoint.parse("127.0.0.1:9001")),
                SocketRights.DEFAULT,
                PortGuests.MANY,
                8,
                1500,
                PortPolicy.DEFAULT),
            new QemuStream(
                "qemu3",
                new StreamSocket.ConnectTcp(Endpoint.parse("127.0.0.1:9002")),
                SocketRights.DEFAULT,
                PortGuests.ONE,
                32,
                9000,
                PortPolicy.DEFAULT),
            new QemuStream(
                "qemu4",
                new StreamSocket.ConnectUnix(Path.of("/run/peer.sock")),
                SocketRights.DEFAULT,
                PortGuests.ONE,
                32,
                9000,
                PortPolicy.DEFAULT),
            new Tap("ns-a", "t0", "ns-a", false, false, 9000, ISOLATED),
            new Tap("ns-b", "t0", "/run/netns/ns-b", true, false, 9000, PortPolicy.DEFAULT),
            new PortConfig.QemuDgram(
                "d1",
                Path.of("d1.sock"),
                Path.of("/run/vm/d1.sock"),
                new SocketRights("qemu", "36", "0620"),
                9000,
                PortPolicy.DEFAULT),
            new PortConfig.Vfkit(
                "v1", Path.of("v1.sock"), SocketRights.DEFAULT, 1500, PortPolicy.DEFAULT),
            new PortConfig.Udp(
                "u1",
                Endpoint.parse("127.0.0.1:4445"),
                Endpoint.parse("127.0.0.1:4444"),
                9000,
                PortPolicy.DEFAULT),
            new PortConfig.Bess(
                "b1", Path.of("b1.sock"), SocketRights.DEFAULT, 9000, PortPolicy.DEFAULT),
            new PortConfig.Hyperkit(
                "h1", Path.of("h1.sock"), SocketRights.DEFAULT, 9000, PortPolicy.DEFAULT),
            new PortConfig.Vde(
                "e1", Path.of("e1.vde"), SocketRights.DEFAULT, 4, 9000, PortPolicy.DEFAULT),
            new PortConfig.Vxlan(
                "x1",
                42,
                List.of(Address.parse("192.0.2.7"), Address.parse("192.0.2.8")),
                Address.ANY_IPV4,
                4789,
                1450,
                PortPolicy.DEFAULT),
            new PortConfig.Patch("p1", "lab", "p2", 9000, PortPolicy.DEFAULT));
  }

  @Test
  void theModeOfASocketIsOctal() {
    assertThat(new SocketRights(null, null, "0620").permissions()).isEqualTo("rw--w----");
    assertThat(new SocketRights(null, null, "0751").permissions()).isEqualTo("rwxr-x--x");
    assertThat(SocketRights.DEFAULT.permissions()).isNull();
  }

  private static DnsConfig.Upstreams upstreams(String mode, String dns) throws ConfigException {
    String yaml =
        "version: 1\nnetworks: {a: {mode: %s, ipv4: {subnet: 10.9.8.0/24}%s}}".formatted(mode, dns);
    return gateway(ConfigLoader.parse("test", yaml, Samples.NOWHERE), "a").dns().upstreams();
  }

  @Test
  void onlyANatNetworkAsksTheServersOfTheHost() throws ConfigException {
    assertThat(upstreams("nat", "")).isEqualTo(new DnsConfig.OfHost());
    assertThat(upstreams("nat", ", dns: {domain: lab}")).isEqualTo(new DnsConfig.OfHost());
    assertThat(upstreams("nat", ", dns: {upstreams: []}")).isEqualTo(new DnsConfig.None());
    assertThat(upstreams("host-only", "")).isEqualTo(new DnsConfig.None());
    assertThat(upstreams("host-only", ", dns: {domain: lab}")).isEqualTo(new DnsConfig.None());
    assertThat(upstreams("host-only", ", dns: {upstreams: [192.0.2.53]}"))
        .isEqualTo(new DnsConfig.Servers(List.of(DnsUpstream.parse("192.0.2.53"))));
  }

  @Test
  void aGuestArrivesWithItsDefaults() throws ConfigException {
    Configuration full = Samples.parse(GOOD.resolve("full.yaml"));

    GuestConfig demo = guest(full, "demo");
    assertThat(demo.memory()).isEqualTo(2L << 30);
    assertThat(demo.boot()).isEqualTo(new Boot.Image("debian-13-netboot", "console=ttyS0 quiet"));
    assertThat(demo.options()).containsEntry("trace", "true").containsEntry("rate", "5");
    assertThat(demo.autostart()).isFalse();
    assertThat(demo.stopTimeout()).isEqualTo(Duration.ofSeconds(90));
    GuestConfig other = guest(full, "other");
    assertThat(other.vmm()).isEqualTo("lanyard");
    assertThat(other.memory()).isEqualTo(512L << 20);
    assertThat(other.harts()).isOne();
    assertThat(other.autostart()).isTrue();
    assertThat(other.stopTimeout()).isEqualTo(Duration.ofSeconds(10));
  }

  @Test
  void aNicKeepsItsDerivedAddress() throws ConfigException {
    Configuration full = Samples.parse(GOOD.resolve("full.yaml"));

    assertThat(guest(full, "demo").nics())
        .extracting(nic -> nic.name() + " " + nic.network() + " " + nic.mac())
        .containsExactly("nic0 vmnet8 52:54:00:b0:7a:1e", "nic1 lab 02:00:00:00:00:01");
  }

  private static List<Problem> problems(String yaml) {
    try {
      var _ = ConfigLoader.parse("test", yaml, Samples.NOWHERE);
      return List.of();
    } catch (ConfigException e) {
      return e.problems();
    }
  }

  @Test
  void theApiOnTcpNeedsTokensAndTlsOrLoopback() {
    String head = "version: 1\nnetworks: {}\n";
    assertThat(problems(head + "api: {listen: '*:8443', tokens: t}"))
        .singleElement()
        .asString()
        .contains("without \"tls\" the API listens on a loopback address only");
    assertThat(problems(head + "api: {listen: '127.0.0.1:8443'}"))
        .singleElement()
        .asString()
        .contains("needs the key \"tokens\"");
    assertThat(problems(head + "api: {tls: {certificate: c, key: k}}"))
        .singleElement()
        .asString()
        .contains("goes with \"listen\" only");
    assertThat(problems(head + "api: {listen: '[::1]:8443', tokens: t}")).isEmpty();
  }

  @Test
  void theRestOfTheFileArrives() throws ConfigException {
    Configuration full = Samples.parse(GOOD.resolve("full.yaml"));

    assertThat(full.api().socket()).isEqualTo(Path.of("api.sock"));
    assertThat(full.api().listen()).isEqualTo(Endpoint.parse("*:8443"));
    assertThat(full.api().tls())
        .isEqualTo(
            new Configuration.Api.Tls(
                Path.of("/etc/lanyard/certificate.pem"), Samples.NOWHERE.resolve("key.pem")));
    assertThat(full.api().tokens()).isEqualTo(Samples.NOWHERE.resolve("tokens"));
    assertThat(full.metrics().listen()).isEqualTo(Endpoint.parse("127.0.0.1:9323"));
    assertThat(full.directories().state()).isEqualTo(Path.of("/var/lib/lanyard"));
    assertThat(full.directories().runtime()).isEqualTo(Path.of("/run/lanyard"));
    assertThat(full.log().level()).isEqualTo(Level.DEBUG);
    assertThat(network(full, "lab").gateway()).isNull();
  }

  @Test
  void filesOfGuestsAreFoundBesideTheConfiguration(@TempDir Path directory)
      throws IOException, ConfigException {
    Files.writeString(directory.resolve("kernel"), "k");
    Files.writeString(directory.resolve("disk.raw"), "d");
    Path file = directory.resolve("lanyard.yaml");
    Files.writeString(
        file,
        """
        version: 1
        networks: {}
        guests:
          a: {kernel: kernel, disks: [{path: ./disk.raw}, {path: kernel, read-only: true}]}
        """);

    GuestConfig guest = guest(ConfigLoader.load(file), "a");

    assertThat(guest.boot()).isEqualTo(new Boot.Kernel(directory.resolve("kernel"), null, ""));
    assertThat(guest.disks())
        .containsExactly(
            new GuestConfig.Disk(directory.resolve("disk.raw"), "raw", false),
            new GuestConfig.Disk(directory.resolve("kernel"), "raw", true));
  }

  @Test
  void twoGuestsDoNotWriteToOneDisk(@TempDir Path directory) throws IOException {
    Files.writeString(directory.resolve("disk.raw"), "d");

    assertThatThrownBy(() ->
            ConfigLoader.parse(
                "f",
                """
                version: 1
                networks: {}
                guests:
                  a: {image: x, disks: [{path: disk.raw}]}
                  b: {image: x, disks: [{path: ./disk.raw}]}
                """,
                directory))
        .isInstanceOf(ConfigException.class)
        .hasMessage(
            "f:5:32: guests.b.disks[0].path: the writable disk %s is already used by "
                    .formatted(directory.resolve("disk.raw"))
                + "guests.a.disks[0].path (line 4)");
  }

  @Test
  void anEscapeThatIsCutShortIsNotYaml() {
    assertThatThrownBy(() -> ConfigLoader.parse("f", "version: 1\nx: \"\\\\ \\u", Path.of("/")))
        .isInstanceOf(ConfigException.class)
        .hasMessageStartingWith("f:2:8: not YAML: an escape has fewer hexadecimal digits");
  }

  @Test
  void aFileThatIsNotThereIsNamed(@TempDir Path directory) throws IOException {
    assertThatThrownBy(() -> ConfigLoader.load(directory.resolve("none.yaml")))
        .isInstanceOf(ConfigException.class)
        .hasMessage(directory.resolve("none.yaml") + ": no such file");
    assertThatThrownBy(() -> ConfigLoader.load(directory))
        .isInstanceOf(ConfigException.class)
        .hasMessage(directory + ": cannot be read: it is a directory");
    Path latin1 =
        Files.writeString(
            directory.resolve("latin1.yaml"), "version: 1\n# \u00e9t\u00e9\n", ISO_8859_1);
    assertThatThrownBy(() -> ConfigLoader.load(latin1))
        .isInstanceOf(ConfigException.class)
        .hasMessage(latin1 + ":2:3: not YAML: the byte 0xe9 is not UTF-8; save the file as UTF-8");
  }

  private static String bridged(String a, String b) {
    return "version: 1\nnetworks:\n  a: {mode: bridged, uplink: {%s}}\n  b: {mode: bridged, uplink: {%s}}\n"
        .formatted(a, b);
  }

  @Test
  void oneNetworkHasAnInterfaceOrAVlanOfItAlsoWhereItFollowsTheDefaultRoute() {
    for (String uplink :
        List.of(
            "interface: auto",
            "interface: eth0",
            "interface: auto, vlan: 7",
            "interface: eth0, vlan: 7")) {
      assertThat(problems(bridged(uplink, uplink)))
          .as(uplink)
          .singleElement()
          .asString()
          .contains("is already used by networks.a.uplink.interface (line 3)");
    }
    assertThat(problems(bridged("driver: packet", "interface: auto"))).hasSize(1);
    assertThat(problems(bridged("interface: auto, vlan: 7", "interface: auto, vlan: 8"))).isEmpty();
    assertThat(problems(bridged("interface: auto", "interface: auto, netns: x"))).isEmpty();
    assertThat(problems(bridged("interface: auto, vlan: 7", "interface: auto"))).hasSize(1);
  }

  @Test
  void anAddressBesideASubnetThatTheDaemonChoosesIsToldWhereThatComesFrom() {
    String head = "version: 1\nnetworks: {a: {mode: nat, ipv4: {subnet: auto}, ";
    for (String rest :
        List.of(
            "dhcp: {reservations: [{mac: '52:54:00:00:00:01', address: 172.16.0.9}]}}}",
            "forwards: [{protocol: tcp, listen: '127.0.0.1:1', to: '172.16.0.9:80'}]}}")) {
      assertThat(problems(head + rest))
          .singleElement()
          .asString()
          .contains("found 172.16.0.9; subnet: auto leaves the subnet to the daemon")
          .contains("may choose this one: say the subnet of your addresses in its place");
    }
    assertThat(problems(head + "dns: {hosts: {x: 172.16.0.9}}}}")).isEmpty();
  }
}
