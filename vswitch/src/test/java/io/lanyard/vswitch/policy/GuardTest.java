package io.lanyard.vswitch.policy;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.net.Address;
import io.lanyard.net.Subnet;
import io.lanyard.testing.LogWatch;
import io.lanyard.testing.SteppedTimers;
import io.lanyard.vswitch.DropCause;
import io.lanyard.vswitch.InMemoryPort;
import io.lanyard.vswitch.Offloads;
import io.lanyard.vswitch.PortRules;
import io.lanyard.vswitch.SinkPort;
import io.lanyard.vswitch.Switch;
import io.lanyard.vswitch.frame.Arp;
import io.lanyard.vswitch.frame.Checksum;
import io.lanyard.vswitch.frame.Ethernet;
import io.lanyard.vswitch.frame.Frames;
import io.lanyard.vswitch.frame.Ipv4;
import io.lanyard.vswitch.frame.Ipv6;
import io.lanyard.vswitch.frame.OffloadHeader;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class GuardTest {
  private static final long GUEST = 0x525400000001L;
  private static final long OTHER = 0x525400000002L;
  private static final long ROUTER = 0x525400000009L;
  private static final int ADDRESS = Ipv4.parse("10.0.0.10");
  private static final int VICTIM = Ipv4.parse("10.0.0.11");
  private static final int GATEWAY = Ipv4.parse("10.0.0.2");

  private final Switch network =
      new Switch("test", new SteppedTimers(), PooledByteBufAllocator.DEFAULT);
  private final PortAddresses addresses = new PortAddresses(7);
  private final InMemoryPort rest = InMemoryPort.attached("rest", Offloads.NONE, network);
  private final List<InMemoryPort> ports = new ArrayList<>(List.of(rest));

  @AfterEach
  void close() {
    ports.forEach(InMemoryPort::close);
    network.close();
  }

  private InMemoryPort guarded(String name, Guard.Mode mode, int macLimit, String... given) {
    Guard guard = new Guard(mode, addresses, List.of(given).stream().map(Subnet::parse).toList());
    InMemoryPort port = new InMemoryPort(name, Offloads.NONE);
    port.attachTo(
        network,
        new PortRules(List.of(guard), List.of(), PortRules.Reach.ORDINARY, macLimit, true, null));
    ports.add(port);
    return port;
  }

  private InMemoryPort strict(String... given) {
    return guarded("guest", Guard.Mode.STRICT, 8, given);
  }

  private InMemoryPort learning(String name) {
    return guarded(name, Guard.Mode.LEARN, 8);
  }

  private static ByteBuf udp(long mac, int from, int fromPort, int to, int toPort, byte... data) {
    return Frames.udp4(Ethernet.BROADCAST, mac, from, fromPort, to, toPort, data);
  }

  private static byte[] dhcp(long chaddr, int ciaddr) {
    byte[] message = new byte[240];
    message[0] = 1;
    for (int i = 0; i < 4; i++) {
      message[12 + i] = (byte) (ciaddr >>> (24 - 8 * i));
    }
    for (int i = 0; i < 6; i++) {
      message[28 + i] = (byte) (chaddr >>> (40 - 8 * i));
    }
    return message;
  }

  /** Whether a frame from a port gets to the rest of the network. */
  private boolean passes(InMemoryPort port, ByteBuf frame) {
    port.send(frame);
    boolean passed = rest.pending() > 0;
    rest.clear();
    return passed;
  }

  private void refused(InMemoryPort port, DropCause cause, ByteBuf frame) {
    LogWatch.expect("cause=\"" + cause.label() + "\"");
    long before = port.counters().receiveDrops(cause);
    assertThat(passes(port, frame)).isFalse();
    assertThat(port.counters().receiveDrops(cause)).isEqualTo(before + 1);
  }

  private static ByteBuf from(int address) {
    return udp(GUEST, address, 1000, GATEWAY, 2000, (byte) 1);
  }

  @Test
  void aStrictPortSpeaksFromItsLeaseAndFromNothingElse() {
    InMemoryPort guest = strict();
    refused(guest, DropCause.GUARD_IP, from(ADDRESS));
    addresses.bind(Address.ofIpv4(ADDRESS), GUEST);
    assertThat(passes(guest, from(ADDRESS))).isTrue();
    assertThat(passes(guest, from(ADDRESS))).isTrue();
    refused(guest, DropCause.GUARD_IP, from(VICTIM));
    refused(guest, DropCause.GUARD_IP, from(0));
    addresses.release(Address.ofIpv4(ADDRESS), OTHER); // not its to release
    assertThat(passes(guest, from(ADDRESS))).isTrue();
    addresses.release(Address.ofIpv4(ADDRESS), GUEST);
    refused(guest, DropCause.GUARD_IP, from(ADDRESS));
    assertThat(LogWatch.count("guard-ip")).isEqualTo(1);
  }

  @Test
  void whatTheConfigurationGivesToAPortIsItsOwnUnlessAnotherHasLeasedIt() {
    InMemoryPort guest = strict("10.0.0.8/30", "fd00::/64");
    assertThat(passes(guest, from(ADDRESS))).isTrue();
    assertThat(passes(guest, from(VICTIM))).isTrue();
    refused(guest, DropCause.GUARD_IP, from(Ipv4.parse("10.0.0.12")));
    addresses.bind(Address.ofIpv4(VICTIM), OTHER);
    refused(guest, DropCause.GUARD_IP, from(VICTIM));
  }

  @Test
  void whatTheConfigurationGivesToAPortNobodyClaims() {
    InMemoryPort neighbour = learning("neighbour");
    ByteBuf early = udp(OTHER, ADDRESS, 1, GATEWAY, 2);
    assertThat(passes(neighbour, early)).as("before it is given").isTrue();
    InMemoryPort guest = strict("10.0.0.10/32", "10.0.0.11/32", "10.0.0.0/8");
    for (int given : new int[] {ADDRESS, VICTIM}) {
      refused(neighbour, DropCause.GUARD_IP, udp(OTHER, given, 1, GATEWAY, 2));
      assertThat(passes(guest, from(given))).isTrue();
      refused(neighbour, DropCause.GUARD_IP, udp(OTHER, given, 1, GATEWAY, 2));
    }
    assertThat(passes(neighbour, udp(OTHER, Ipv4.parse("10.0.0.12"), 1, GATEWAY, 2))).isTrue();
    network.govern(guest, PortRules.PLAIN);
    assertThat(passes(neighbour, udp(OTHER, VICTIM, 1, GATEWAY, 2))).as("given no more").isTrue();
  }

  @Test
  void tagsDoNotHideASource() {
    InMemoryPort guest = strict();
    addresses.bind(Address.ofIpv4(ADDRESS), GUEST);
    for (int tags = 1; tags <= 2; tags++) {
      for (int vlan : new int[] {0, 10}) {
        assertThat(passes(guest, tagged(from(ADDRESS), tags, vlan))).isTrue();
        refused(guest, DropCause.GUARD_IP, tagged(from(VICTIM), tags, vlan));
      }
    }
    refused(guest, DropCause.GUARD_MALFORMED, tagged(from(ADDRESS), 3, 10));
    ByteBuf snap = Frames.ethernet(Ethernet.BROADCAST, GUEST, 60, new byte[60]);
    snap.setMedium(26, 0xaaaa03);
    snap.setShort(32, Ethernet.TYPE_ARP);
    refused(guest, DropCause.GUARD_MALFORMED, snap);
  }

  private static ByteBuf tagged(ByteBuf frame, int tags, int vlan) {
    int length = frame.readableBytes() - 12;
    ByteBuf made = Frames.blank(length + 4 * tags);
    made.setBytes(12, frame, 12, 12);
    for (int i = 0; i < tags; i++) {
      made.setInt(24 + 4 * i, Ethernet.TYPE_VLAN << 16 | vlan);
    }
    made.setBytes(24 + 4 * tags, frame, 24, length - 12);
    frame.release();
    return made;
  }

  /** The neighbour's lease is bound to its MAC address, which nobody else has in any VLAN. */
  @Test
  void aTagMakesNobodyOfTheMacAddressOfAGuardedPort() {
    InMemoryPort victim = strict();
    InMemoryPort hostile = guarded("hostile", Guard.Mode.STRICT, 8);
    addresses.bind(Address.ofIpv4(ADDRESS), GUEST);
    assertThat(passes(victim, from(ADDRESS))).isTrue();
    for (int vlan : new int[] {5, 10}) {
      refused(hostile, DropCause.PINNED_SOURCE, tagged(from(ADDRESS), 1, vlan));
      assertThat(passes(victim, tagged(from(ADDRESS), 1, vlan))).isTrue();
    }
  }

  private boolean permitted(String address, long mac, InMemoryPort port) {
    return addresses.permits(Address.parse(address), mac, port);
  }

  /** The gateway asks, which hears ports without a guard, too. */
  @ParameterizedTest
  @EnumSource
  void whatAGuardedPortHasIsNoOthers(Guard.Mode mode) {
    addresses.letChoose(Subnet.parse("fd00:0:0:8::/64"));
    InMemoryPort guest = guarded("guest", mode, 8, "10.0.0.20/32", "10.1.0.0/16");
    InMemoryPort other = guarded("other", mode, 8, "10.0.0.21/32");
    addresses.bind(Address.ofIpv4(ADDRESS), GUEST);
    for (String address : List.of("10.0.0.10", "10.0.0.20")) {
      assertThat(permitted(address, OTHER, other)).isFalse();
      assertThat(permitted(address, OTHER, rest)).isFalse();
    }
    assertThat(permitted("10.0.0.20", GUEST, guest)).as("before it was heard").isFalse();
    assertThat(passes(guest, from6(GUEST, 0xfd00_0000_0000_0008L, 5))).isTrue();
    for (String address : List.of("10.0.0.10", "10.0.0.20", "fd00:0:0:8::5")) {
      assertThat(permitted(address, GUEST, guest)).isTrue();
      assertThat(permitted(address, OTHER, other)).isFalse();
      assertThat(permitted(address, OTHER, rest)).isFalse();
    }
    assertThat(permitted("fd00:0:0:8::6", OTHER, rest)).as("nobody's").isTrue();
    assertThat(permitted("10.1.2.3", OTHER, rest)).as("a router's subnet has hosts").isTrue();
    network.detach(guest);
    assertThat(permitted("10.0.0.20", OTHER, rest)).isTrue();
    assertThat(permitted("fd00:0:0:8::5", OTHER, rest)).isTrue();
  }

  @Test
  void anArpSenderIsThePortsPairOrAProbe() {
    InMemoryPort guest = strict();
    addresses.bind(Address.ofIpv4(ADDRESS), GUEST);
    assertThat(passes(guest, arp(Arp.REQUEST, GUEST, ADDRESS))).isTrue();
    assertThat(passes(guest, arp(Arp.REPLY, GUEST, ADDRESS))).isTrue();
    assertThat(passes(guest, arp(Arp.REQUEST, GUEST, 0))).isTrue();
    refused(guest, DropCause.GUARD_ARP, arp(Arp.REPLY, GUEST, 0));
    refused(guest, DropCause.GUARD_ARP, arp(Arp.REPLY, GUEST, VICTIM));
    refused(guest, DropCause.GUARD_ARP, arp(Arp.REQUEST, OTHER, ADDRESS));
    refused(guest, DropCause.GUARD_ARP, tagged(arp(Arp.REPLY, GUEST, VICTIM), 2, 10));
    ByteBuf cut = arp(Arp.REPLY, GUEST, VICTIM);
    refused(guest, DropCause.GUARD_MALFORMED, cut.writerIndex(12 + 14 + 20));
  }

  private static ByteBuf arp(int operation, long sender, int address) {
    ByteBuf frame = Frames.ethernet(Ethernet.BROADCAST, GUEST, Ethernet.TYPE_ARP, new byte[46]);
    Arp.write(frame, Frames.PAYLOAD, operation, sender, address, 0, VICTIM);
    return frame;
  }

  private static ByteBuf probe(long mac, int target) {
    ByteBuf frame = Frames.ethernet(Ethernet.BROADCAST, mac, Ethernet.TYPE_ARP, new byte[46]);
    Arp.write(frame, Frames.PAYLOAD, Arp.REQUEST, mac, 0, 0, target);
    return frame;
  }

  /** Duplicate address detection (RFC 4862): a solicitation from no address. */
  private static ByteBuf detection(long mac, long high, long low) {
    ByteBuf frame = icmpv6(135, 0);
    Ethernet.setSource(frame, 12, mac);
    frame.setLong(Frames.PAYLOAD + 8, 0).setLong(Frames.PAYLOAD + 16, 0);
    frame.setLong(Frames.PAYLOAD + 48, high).setLong(Frames.PAYLOAD + 56, low);
    return frame.setShort(Frames.PAYLOAD + 64, 14 << 8 | 1); // a nonce (RFC 7527)
  }

  /** A client that hears somebody ask for its address while it asks itself declines its lease. */
  @ParameterizedTest
  @EnumSource
  void nobodyAsksWithoutAnAddressForWhatIsAnothers(Guard.Mode mode) {
    InMemoryPort guest = guarded("guest", mode, 8);
    InMemoryPort neighbour = guarded("neighbour", mode, 8, "10.0.0.20/32");
    int given = Ipv4.parse("10.0.0.20");
    addresses.bind(Address.ofIpv4(ADDRESS), GUEST);
    addresses.bind(Address.ofIpv4(VICTIM), OTHER);
    for (int address : new int[] {ADDRESS, Ipv4.parse("10.0.0.77"), 0xa9fe0102}) {
      assertThat(passes(guest, probe(GUEST, address))).isTrue();
    }
    for (int address : new int[] {VICTIM, given}) {
      refused(guest, DropCause.GUARD_ARP, probe(GUEST, address));
      assertThat(passes(neighbour, probe(OTHER, address))).isTrue();
    }
    long local = 0xfe80L << 48;
    assertThat(passes(neighbour, detection(OTHER, local, 7))).isTrue();
    refused(guest, DropCause.GUARD_ND, detection(GUEST, local, 7));
    assertThat(passes(guest, detection(GUEST, local, 8))).isTrue();
    assertThat(passes(guest, detection(GUEST, 0xfd00L << 48, 8))).isTrue();
  }

  private static ByteBuf from6(long mac, long high, long low) {
    ByteBuf frame = udp6(1, 2);
    Ethernet.setSource(frame, OffloadHeader.LENGTH, mac);
    frame.setLong(Frames.PAYLOAD + 8, high);
    frame.setLong(Frames.PAYLOAD + 16, low);
    return frame;
  }

  @Test
  void aStrictPortChoosesAmongTheAddressesThatNobodyGivesAwayAndKeepsItsLatest() {
    long prefix = 0xfd00_0000_0000_0008L;
    InMemoryPort guest = strict();
    InMemoryPort other = guarded("other", Guard.Mode.STRICT, 8);
    refused(guest, DropCause.GUARD_IP, from6(GUEST, prefix, 5));
    addresses.letChoose(Subnet.parse("fd00:0:0:8::/64"));
    addresses.bind(Address.parse("fd00:0:0:8::2"), ROUTER);
    refused(guest, DropCause.GUARD_IP, from6(GUEST, prefix, 2));
    refused(guest, DropCause.GUARD_IP, from6(GUEST, prefix + 1, 5));
    for (int day = 0; day < 3 * Guard.MOST_CLAIMS; day++) {
      assertThat(passes(guest, from6(GUEST, prefix, 100 + day))).isTrue();
    }
    refused(other, DropCause.GUARD_IP, from6(OTHER, prefix, 100 + 3 * Guard.MOST_CLAIMS - 1));
    assertThat(passes(other, from6(OTHER, prefix, 100))).isTrue();
  }

  @Test
  void aDhcpClientSpeaksForItself() {
    InMemoryPort guest = strict();
    assertThat(passes(guest, udp(GUEST, 0, 68, -1, 67, dhcp(GUEST, 0)))).isTrue();
    // The server may have forgotten the lease; then it says so.
    addresses.bind(Address.ofIpv4(GATEWAY), ROUTER);
    assertThat(passes(guest, udp(GUEST, ADDRESS, 68, GATEWAY, 67, dhcp(GUEST, ADDRESS)))).isTrue();
    refused(guest, DropCause.GUARD_IP, udp(GUEST, VICTIM, 68, GATEWAY, 67, dhcp(GUEST, ADDRESS)));
    refused(guest, DropCause.GUARD_DHCP, udp(GUEST, 0, 68, -1, 67, dhcp(OTHER, 0)));
    refused(guest, DropCause.GUARD_DHCP, udp(GUEST, 0, 68, -1, 67, new byte[33]));
    ByteBuf fragment = udp(GUEST, 0, 68, -1, 67, dhcp(GUEST, 0));
    fragment.setShort(Frames.PAYLOAD + 6, 0x2000);
    refused(guest, DropCause.GUARD_DHCP, fragment);
  }

  /** The message of a DHCP client is no way to the world for a source that is not the port's. */
  @Test
  void aDhcpMessageFromAnotherSourceReachesNoOtherNetwork() {
    addresses.bind(Address.ofIpv4(GATEWAY), ROUTER);
    addresses.bind(Address.ofIpv4(VICTIM), OTHER);
    int world = Ipv4.parse("192.0.2.1");
    InMemoryPort guest = strict();
    for (int source : new int[] {0, VICTIM, Ipv4.parse("10.0.0.99")}) {
      refused(guest, DropCause.GUARD_IP, udp(GUEST, source, 68, world, 67, dhcp(GUEST, source)));
    }
    assertThat(passes(guest, udp(GUEST, 0, 68, GATEWAY, 67, dhcp(GUEST, 0)))).isTrue();
    InMemoryPort learning = learning("learning");
    refused(learning, DropCause.GUARD_IP, udp(OTHER, 0, 68, world, 67, dhcp(OTHER, 0)));
    assertThat(passes(learning, udp(OTHER, 0, 68, -1, 67, dhcp(OTHER, 0)))).isTrue();
  }

  /**
   * The lease of a client that is silent would be taken in its name, and a port with a limit of MAC
   * addresses would have leases for any number. A relay is a router.
   */
  @ParameterizedTest
  @EnumSource
  void aDhcpClientIsTheOneThatItsFrameComesFrom(Guard.Mode mode) {
    InMemoryPort guest = guarded("guest", mode, 8, "10.0.0.5/32");
    int own = Ipv4.parse("10.0.0.5");
    byte[] relayed = dhcp(OTHER, 0);
    relayed[24] = 10;
    relayed[27] = 5;
    for (int source : new int[] {0, own}) {
      assertThat(passes(guest, udp(GUEST, source, 68, -1, 67, dhcp(GUEST, 0)))).isTrue();
      refused(guest, DropCause.GUARD_DHCP, udp(GUEST, source, 68, -1, 67, dhcp(OTHER, 0)));
      refused(guest, DropCause.GUARD_DHCP, udp(GUEST, source, 67, -1, 67, relayed));
      refused(guest, DropCause.GUARD_DHCP, udp(GUEST, source, 68, -1, 67, new byte[33]));
      ByteBuf fragment = udp(GUEST, source, 68, -1, 67, dhcp(GUEST, 0));
      fragment.setShort(Frames.PAYLOAD + 6, 0x2000);
      refused(guest, DropCause.GUARD_DHCP, fragment);
    }
  }

  /** RFC 2131 section 4.1: a client without an address says so. */
  @Test
  void aDiscoverComesFromNoAddressOrFromItsClients() {
    addresses.bind(Address.ofIpv4(ADDRESS), GUEST);
    InMemoryPort guest = strict();
    for (String source : List.of("64.0.0.0", "192.168.1.23", "10.0.0.77", "127.0.0.1")) {
      int madeUp = Ipv4.parse(source);
      refused(guest, DropCause.GUARD_IP, udp(GUEST, madeUp, 68, -1, 67, dhcp(GUEST, 0)));
      refused(guest, DropCause.GUARD_IP, udp(GUEST, madeUp, 68, GATEWAY, 67, dhcp(GUEST, 0)));
    }
    assertThat(passes(guest, udp(GUEST, 0, 68, -1, 67, dhcp(GUEST, 0)))).isTrue();
    assertThat(passes(guest, udp(GUEST, ADDRESS, 68, -1, 67, dhcp(GUEST, 0)))).isTrue();
  }

  /** RFC 2131 section 4.3.2: it can be told only if it is heard, and nobody else is meant. */
  @Test
  void aClientRenewsALeaseThatTheServerHasForgotten() {
    addresses.bind(Address.ofIpv4(GATEWAY), ROUTER);
    addresses.bind(Address.ofIpv4(VICTIM), OTHER);
    InMemoryPort guest = strict();
    InMemoryPort neighbour = learning("neighbour");
    int claimed = Ipv4.parse("10.0.0.99");
    assertThat(passes(neighbour, udp(OTHER, claimed, 1, GATEWAY, 2))).isTrue();
    for (int server : new int[] {-1, GATEWAY}) {
      for (String forgotten : List.of("10.0.0.77", "192.168.1.23")) {
        int own = Ipv4.parse(forgotten);
        assertThat(passes(guest, udp(GUEST, own, 68, server, 67, dhcp(GUEST, own)))).isTrue();
      }
      for (int others : new int[] {VICTIM, claimed, GATEWAY, 0x7f000001, 0xe0000001}) {
        ByteBuf renewal = udp(GUEST, others, 68, server, 67, dhcp(GUEST, others));
        refused(guest, DropCause.GUARD_IP, renewal);
      }
    }
    int own = Ipv4.parse("10.0.0.77");
    refused(guest, DropCause.GUARD_IP, udp(GUEST, own, 1000, -1, 2000, (byte) 1));
  }

  /** Cut into datagrams, the second part would be a message that nobody has looked at. */
  @Test
  void aDhcpMessageIsNoSuperFrame() {
    InMemoryPort guest = strict();
    byte[] own = dhcp(GUEST, 0);
    byte[] both = Arrays.copyOf(own, 2 * own.length);
    System.arraycopy(dhcp(OTHER, 0), 0, both, own.length, own.length);
    ByteBuf frame = Frames.udp4(ROUTER, GUEST, 0, 68, -1, 67, both);
    OffloadHeader.set(
        frame, 0, OffloadHeader.NEEDS_CSUM, OffloadHeader.GSO_UDP_L4, 42, own.length, 34, 6);
    LogWatch.expect("cause=\"guard-dhcp\"");
    assertThat(passes(guest, frame)).isFalse();
    assertThat(guest.counters().receiveDrops(DropCause.GUARD_DHCP)).isEqualTo(2); // datagrams
  }

  @Test
  void nobodyBehindAGuardPlaysDhcpServerOrRouter() {
    addresses.bind(Address.ofIpv4(ADDRESS), GUEST);
    for (InMemoryPort guest : List.of(learning("learner"), strict())) {
      guest.carrier(false);
      refused(guest, DropCause.GUARD_SERVER, udp(GUEST, ADDRESS, 67, -1, 68, (byte) 2));
      // A client takes an answer from any port.
      refused(guest, DropCause.GUARD_SERVER, udp(GUEST, ADDRESS, 9, -1, 68, (byte) 2));
      refused(guest, DropCause.GUARD_SERVER, tagged(udp(GUEST, ADDRESS, 67, -1, 68), 1, 10));
      ByteBuf redirect =
          Frames.echo4(Ethernet.BROADCAST, GUEST, ADDRESS, VICTIM, 5, 1, 1, new byte[28]);
      refused(guest, DropCause.GUARD_SERVER, redirect);
      refused(guest, DropCause.GUARD_SERVER, icmpv6(134, 0));
      refused(guest, DropCause.GUARD_SERVER, icmpv6(137, 0));
      refused(guest, DropCause.GUARD_SERVER, icmpv6(134, 1));
      refused(guest, DropCause.GUARD_SERVER, tagged(icmpv6(134, 1), 2, 10));
      refused(guest, DropCause.GUARD_SERVER, udp6(547, 546));
      network.detach(guest);
    }
  }

  /** An ICMPv6 message from a link-local address, behind some destination options headers. */
  private static ByteBuf icmpv6(int type, int extensions) {
    int length = 8 * extensions + 32;
    ByteBuf frame =
        Frames.ethernet(0x333300000001L, GUEST, Ethernet.TYPE_IPV6, new byte[40 + length]);
    int next = extensions > 0 ? Ipv6.DESTINATION : Ipv6.ICMPV6;
    Ipv6.write(frame, Frames.PAYLOAD, length, next, 255, 0xfe80L << 48, 5, 0xff02L << 48, 1);
    int at = Frames.PAYLOAD + 40;
    for (int i = 0; i < extensions; i++) {
      frame.setByte(at, i + 1 < extensions ? Ipv6.DESTINATION : Ipv6.ICMPV6);
      at += 8;
    }
    frame.setByte(at, type);
    return frame;
  }

  @Test
  void noGuestRelaysForClientsOfDhcpv6() {
    for (Guard.Mode mode : Guard.Mode.values()) {
      InMemoryPort guest = guarded("guest", mode, 8);
      refused(guest, DropCause.GUARD_DHCP, dhcp6(12));
      refused(guest, DropCause.GUARD_DHCP, dhcp6(13));
      ByteBuf fragment =
          Frames.ethernet(0x333300000001L, GUEST, Ethernet.TYPE_IPV6, new byte[40 + 24]);
      Ipv6.write(
          fragment, Frames.PAYLOAD, 24, Ipv6.FRAGMENT, 64, 0xfe80L << 48, 5, 0xff02L << 48, 1);
      fragment.setLong(Frames.PAYLOAD + 40, (long) Ipv4.UDP << 56 | 1L << 32); // more follow
      fragment.setShort(Frames.PAYLOAD + 50, 547);
      fragment.setByte(Frames.PAYLOAD + 56, 1);
      refused(guest, DropCause.GUARD_DHCP, fragment);
      assertThat(passes(guest, dhcp6(1))).isTrue();
      network.detach(guest);
    }
  }

  private static ByteBuf dhcp6(int type) {
    ByteBuf frame = udp6(546, 547);
    frame.setByte(Frames.PAYLOAD + 48, type);
    return frame;
  }

  private static ByteBuf udp6(int fromPort, int toPort) {
    ByteBuf frame = Frames.ethernet(0x333300000001L, GUEST, Ethernet.TYPE_IPV6, new byte[52]);
    Ipv6.write(frame, Frames.PAYLOAD, 12, Ipv4.UDP, 64, 0xfe80L << 48, 5, 0xff02L << 48, 1);
    frame.setShort(Frames.PAYLOAD + 40, fromPort);
    frame.setShort(Frames.PAYLOAD + 42, toPort);
    return frame;
  }

  @Test
  void fragmentsAndCutHeadersDoNotHideAnAdvertisement() {
    InMemoryPort guest = strict();
    ByteBuf fragment = icmpv6(134, 1);
    fragment.setByte(Frames.PAYLOAD + 6, Ipv6.FRAGMENT);
    fragment.setShort(Frames.PAYLOAD + 42, 1); // more follow
    refused(guest, DropCause.GUARD_MALFORMED, fragment);
    ByteBuf long1 = icmpv6(134, 1);
    long1.setByte(Frames.PAYLOAD + 41, 255); // an extension that goes beyond the frame
    refused(guest, DropCause.GUARD_MALFORMED, long1);
    refused(guest, DropCause.GUARD_MALFORMED, icmpv6(134, 0).writerIndex(Frames.PAYLOAD + 40));
    ByteBuf tiny = udp(GUEST, ADDRESS, 67, -1, 68).writerIndex(Frames.PAYLOAD + 20);
    refused(guest, DropCause.GUARD_MALFORMED, tiny);
    ByteBuf short4 = udp(GUEST, ADDRESS, 67, -1, 68);
    short4.setByte(Frames.PAYLOAD, 0x44);
    refused(guest, DropCause.GUARD_MALFORMED, short4);
  }

  /** A fragment of so many bytes, with bytes behind it that could be the next one's. */
  private static ByteBuf beginning(int bytes) {
    ByteBuf fragment =
        Frames.ethernet(0x333300000001L, GUEST, Ethernet.TYPE_IPV6, new byte[40 + 8 + 16 + 8]);
    int ip = Frames.PAYLOAD;
    // Of the options' header 8 bytes are in this fragment, and the rest in the next.
    Ipv6.write(fragment, ip, bytes, Ipv6.FRAGMENT, 64, 0xfe80L << 48, 5, 0xff02L << 48, 1);
    fragment.setByte(ip + 40, Ipv6.DESTINATION);
    fragment.setShort(ip + 42, 1); // more follow
    fragment.setByte(ip + 48, Ipv4.UDP);
    fragment.setByte(ip + 49, 1);
    fragment.setShort(ip + 66, 9999); // where the next one has 546, a client of DHCPv6
    return fragment;
  }

  @Test
  void bytesBehindAFragmentDoNotStandForItsNextOne() {
    InMemoryPort guest = strict();
    refused(guest, DropCause.GUARD_MALFORMED, beginning(16));
    assertThat(passes(guest, beginning(32))).as("one that has all of them").isTrue();
  }

  /** The first fragment of a message, or a later one, of which no type can be read. */
  private static ByteBuf fragment(int type, int offset) {
    ByteBuf frame = icmpv6(type, 1);
    frame.setByte(Frames.PAYLOAD + 6, Ipv6.FRAGMENT);
    frame.setShort(Frames.PAYLOAD + 42, offset << 3 | 1); // more follow
    return frame;
  }

  @ParameterizedTest
  @EnumSource
  void fragmentsOfPingsPassAndThoseOfNeighbourDiscoveryDoNot(Guard.Mode mode) {
    InMemoryPort guest = guarded("guest", mode, 8);
    for (int type : new int[] {1, 2, 127, 128, 129, 130, 132, 138, 143}) {
      assertThat(passes(guest, fragment(type, 0))).as("type " + type).isTrue();
    }
    for (int type = 133; type <= 137; type++) {
      refused(guest, DropCause.GUARD_MALFORMED, fragment(type, 0));
    }
    assertThat(passes(guest, fragment(134, 1))).as("a part that has no type").isTrue();
    ByteBuf cut = fragment(128, 0).writerIndex(Frames.PAYLOAD + 48);
    refused(guest, DropCause.GUARD_MALFORMED, cut);
    ByteBuf forged = fragment(128, 0);
    forged.setLong(Frames.PAYLOAD + 8, 0xfd00L << 48);
    addresses.bind(new Address(0xfd00L << 48, 5), OTHER);
    refused(guest, DropCause.GUARD_IP, forged);
  }

  @Test
  void aNeighbourIsTheOneThatItSaysItIs() {
    InMemoryPort guest = strict();
    ByteBuf own = icmpv6(136, 0);
    own.setLong(Frames.PAYLOAD + 48, 0xfe80L << 48);
    own.setLong(Frames.PAYLOAD + 56, 5);
    option(own, 2, GUEST);
    assertThat(passes(guest, own)).isTrue();
    ByteBuf wrongLink = icmpv6(136, 0);
    wrongLink.setLong(Frames.PAYLOAD + 48, 0xfe80L << 48);
    wrongLink.setLong(Frames.PAYLOAD + 56, 5);
    option(wrongLink, 2, OTHER);
    refused(guest, DropCause.GUARD_ND, wrongLink);
    ByteBuf another = icmpv6(136, 0);
    another.setLong(Frames.PAYLOAD + 48, 0xfd00L << 48);
    another.setLong(Frames.PAYLOAD + 56, 9);
    option(another, 2, GUEST);
    refused(guest, DropCause.GUARD_ND, another);
    ByteBuf global = udp6(1, 2);
    global.setLong(Frames.PAYLOAD + 8, 0xfd00L << 48);
    refused(guest, DropCause.GUARD_IP, global);
    InMemoryPort second = guarded("second", Guard.Mode.STRICT, 1);
    ByteBuf stolen = udp6(1, 2); // fe80::5 is the guest's
    Ethernet.setSource(stolen, 12, OTHER);
    refused(second, DropCause.GUARD_IP, stolen);
  }

  /** Turns the last 8 bytes into a link-layer address option. */
  private static void option(ByteBuf frame, int type, long mac) {
    int at = Frames.PAYLOAD + 40 + 24;
    frame.setByte(at, type);
    frame.setByte(at + 1, 1);
    Ethernet.setMac(frame, at + 2, mac);
  }

  @Test
  void aLearningPortHasWhatItWasTheFirstToUse() {
    addresses.bind(Address.ofIpv4(GATEWAY), ROUTER);
    InMemoryPort guest = learning("guest");
    InMemoryPort second = learning("second");
    assertThat(passes(guest, from(ADDRESS))).isTrue();
    ByteBuf theft = udp(OTHER, ADDRESS, 1, VICTIM, 2);
    refused(second, DropCause.GUARD_IP, theft);
    refused(guest, DropCause.GUARD_IP, from(GATEWAY));
    refused(guest, DropCause.GUARD_IP, from(Ipv4.parse("127.0.0.1")));
    guest.carrier(false);
    assertThat(passes(second, udp(OTHER, ADDRESS, 1, VICTIM, 2))).isTrue();
  }

  @Test
  void aLearningPortThatTriesEveryAddressGetsFewOfThem() {
    InMemoryPort guest = learning("guest");
    LogWatch.expect("guard-ip");
    int passed = 0;
    for (int i = 0; i < 10_000; i++) {
      if (passes(guest, from(Ipv4.parse("10.1.0.0") + i))) {
        passed++;
      }
    }
    assertThat(passed).isEqualTo(Guard.MOST_CLAIMS);
    assertThat(LogWatch.count("guard-ip")).isEqualTo(1);
  }

  @Test
  void aGuardedPortKeepsItsMacAddressesAndHasNoMore() {
    InMemoryPort guest = guarded("guest", Guard.Mode.STRICT, 1);
    addresses.bind(Address.ofIpv4(ADDRESS), GUEST);
    assertThat(passes(guest, from(ADDRESS))).isTrue();
    refused(guest, DropCause.MAC_LIMIT, udp(OTHER, ADDRESS, 1, VICTIM, 2));
    LogWatch.expect("port=\"rest\" cause=\"pinned-source\"");
    rest.send(from(ADDRESS));
    assertThat(guest.pending()).isZero();
    assertThat(rest.counters().receiveDrops(DropCause.PINNED_SOURCE)).isEqualTo(1);
  }

  @Test
  void anUnfinishedChecksumCannotChangeWhatTheGuardHasSeen() {
    InMemoryPort guest = strict();
    addresses.bind(Address.ofIpv4(ADDRESS), GUEST);
    InMemoryPort takes = InMemoryPort.attached("takes", Offloads.ALL, network);
    ports.add(takes);
    ByteBuf frame = from(ADDRESS);
    // The "checksum" of all from the IP header on is stored over the source address.
    OffloadHeader.set(frame, 0, OffloadHeader.NEEDS_CSUM, 0, 0, 0, 14, 12);
    refused(guest, DropCause.GUARD_IP, frame);
    ByteBuf good = from(ADDRESS);
    good.setShort(
        Frames.PAYLOAD + 26, Checksum.fold(Checksum.pseudo4(ADDRESS, GATEWAY, Ipv4.UDP, 9)));
    OffloadHeader.set(good, 0, OffloadHeader.NEEDS_CSUM, 0, 0, 0, 34, 6);
    network.detach(rest); // for it the switch would finish the checksum
    guest.send(good);
    ByteBuf arrived = takes.take();
    assertThat(OffloadHeader.flags(arrived, 0)).isEqualTo(OffloadHeader.NEEDS_CSUM);
    arrived.release();
  }

  @Test
  void aMillionHostileFramesGetNoAddressPastAStrictGuard() {
    LogWatch.expect("frames-refused");
    Switch hot = new Switch("hot", new SteppedTimers(), Frames.UNTRACKED);
    PortAddresses known = new PortAddresses(3);
    known.bind(Address.ofIpv4(ADDRESS), GUEST);
    InMemoryPort in = new InMemoryPort("in", Offloads.ALL);
    in.attachTo(
        hot,
        new PortRules(
            List.of(new Guard(Guard.Mode.STRICT, known, List.of())),
            List.of(),
            PortRules.Reach.ORDINARY,
            1,
            true,
            null));
    int[] passed = new int[1];
    var _ =
        new SinkPort(
            "out",
            Offloads.NONE,
            hot,
            frame -> {
              passed[0]++;
              judge(frame);
            });
    SplittableRandom random = new SplittableRandom(11);
    ByteBuf[] seeds = {
      from(ADDRESS),
      tagged(from(ADDRESS), 1, 0),
      tagged(from(ADDRESS), 2, 10),
      arp(Arp.REPLY, GUEST, ADDRESS),
      udp(GUEST, 0, 68, -1, 67, dhcp(GUEST, 0)),
      icmpv6(136, 1),
      udp6(5, 6)
    };
    ByteBuf work = Frames.untracked(4096);
    for (int i = 0; i < 1_000_000; i++) {
      ByteBuf seed = seeds[random.nextInt(seeds.length)];
      work.clear().writeBytes(seed, 0, seed.writerIndex());
      for (int j = random.nextInt(4); j > 0; j--) {
        int at = random.nextInt(Math.min(90, work.writerIndex()));
        if (at < 18 || at > 23) { // the source is the guest's
          work.setByte(at, random.nextInt());
        }
      }
      if (random.nextInt(8) == 0) {
        work.writerIndex(26 + random.nextInt(work.writerIndex() - 26));
      }
      hot.receive(in, work);
    }
    work.release();
    for (ByteBuf seed : seeds) {
      seed.release();
    }
    in.close();
    hot.close();
    assertThat(passed[0]).isGreaterThan(50_000);
    assertThat(in.counters().receiveDrops(DropCause.GUARD_IP)).isPositive();
  }

  /** A second look at what came out: a plain frame. */
  private static void judge(ByteBuf frame) {
    int at = frame.readerIndex() + OffloadHeader.LENGTH;
    int payload = Ethernet.payload(frame, at, frame.writerIndex());
    if (payload < 0) {
      return;
    }
    int type = frame.getUnsignedShort(payload - 2);
    if (type == Ethernet.TYPE_IPV4) {
      int source = Ipv4.source(frame, payload);
      if (source != ADDRESS && Ipv4.protocol(frame, payload) != Ipv4.UDP) {
        throw new AssertionError("source " + Ipv4.format(source));
      }
    } else if (type == Ethernet.TYPE_ARP) {
      int sender = Arp.senderAddress(frame, payload);
      if (sender != ADDRESS && sender != 0) {
        throw new AssertionError("sender " + Ipv4.format(sender));
      }
    }
  }
}
