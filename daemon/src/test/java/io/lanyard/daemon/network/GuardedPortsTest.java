package io.lanyard.daemon.network;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.base.DumpNode;
import io.lanyard.control.api.PortInfo;
import io.lanyard.daemon.Daemon;
import io.lanyard.daemon.InProcessDaemon;
import io.lanyard.daemon.KnownSeed;
import io.lanyard.net.Address;
import io.lanyard.testing.Await;
import io.lanyard.testing.LogWatch;
import io.lanyard.vswitch.frame.Arp;
import io.lanyard.vswitch.frame.Ethernet;
import io.lanyard.vswitch.frame.Icmpv6;
import io.lanyard.vswitch.frame.Ipv4;
import io.lanyard.vswitch.frame.Ipv6;
import io.lanyard.vswitch.frame.Udp;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The configuration of ports holds for the frames that guests send. */
@Timeout(240)
final class GuardedPortsTest {
  private static final long GATEWAY = KnownSeed.gatewayOf("lab");
  private static final int GATEWAY_ADDRESS = Ipv4.parse("10.9.8.2");
  private static final int RESERVED = Ipv4.parse("10.9.8.10");
  private static final int GIVEN = Ipv4.parse("10.9.8.20");
  private static final int STRANGE = Ipv4.parse("10.9.8.50");
  private static final int TALK = 4000;

  @TempDir Path home;
  private Daemon daemon;
  private final List<Guest> guests = new ArrayList<>();

  @AfterEach
  void stop() throws IOException {
    for (Guest guest : guests) {
      guest.socket.close();
    }
    daemon.close();
  }

  private void start(String network, String... ports) throws Exception {
    StringBuilder yaml = new StringBuilder("version: 1\nnetworks:\n  lab:\n    mode: nat\n");
    yaml.append("    ipv4: {subnet: 10.9.8.0/24}\n    dns: {enabled: false}\n");
    yaml.append("    dhcp:\n      conflict-probe: 0s\n      reservations:\n");
    yaml.append("        - {mac: 52:54:00:00:00:99, address: 10.9.8.10}\n");
    yaml.append("    ").append(network).append("\n    ports:\n");
    for (String port : ports) {
      String name = port.replaceFirst(",.*", "");
      yaml.append("      - {kind: qemu-stream, path: ").append(name);
      yaml.append(".sock, name: ").append(port).append("}\n");
    }
    yaml.append("guests: {demo: {vmm: lanyard, image: none, ");
    yaml.append("nics: [{network: lab, mac: '52:54:00:00:00:77'}]}}\n");
    KnownSeed.plant(home.resolve("s"));
    daemon = InProcessDaemon.open(home, yaml.toString());
  }

  private PortInfo port(String name) {
    return Objects.requireNonNull(daemon.network("lab")).report().ports().stream()
        .filter(port -> port.name().equals(name))
        .findFirst()
        .orElseThrow();
  }

  private static ByteBuf udp(long mac, int from, int fromPort, int toPort, byte... data) {
    ByteBuf frame = Unpooled.buffer(42 + data.length).writeZero(42);
    Ethernet.write(frame, 0, Ethernet.BROADCAST, mac, Ethernet.TYPE_IPV4);
    Ipv4.write(frame, 14, 28 + data.length, 1, 0, 64, Ipv4.UDP, from, -1);
    Udp.write(frame, 34, fromPort, toPort, 8 + data.length);
    return frame.setShort(40, 0).writeBytes(data);
  }

  private static ByteBuf arp(int operation, long mac, int from, int to) {
    ByteBuf frame = Unpooled.buffer(42).writeZero(42);
    Ethernet.write(frame, 0, Ethernet.BROADCAST, mac, Ethernet.TYPE_ARP);
    Arp.write(frame, 14, operation, mac, from, 0, to);
    return frame;
  }

  /** Says to the gateway, as if it had asked, that an address is at a MAC address. */
  private static ByteBuf advertisement(long mac, Address own) {
    ByteBuf frame = Unpooled.buffer(86).writeZero(86);
    Ethernet.write(frame, 0, GATEWAY, mac, Ethernet.TYPE_IPV6);
    Address gateway = Address.parse("fd09:9:8::2");
    Ipv6.write(
        frame, 14, 32, Ipv6.ICMPV6, 255, own.high(), own.low(), gateway.high(), gateway.low());
    Icmpv6.setType(frame, 54, Icmpv6.NEIGHBOR_ADVERTISEMENT);
    frame.setByte(58, 0x60); // solicited, override
    frame.setLong(62, own.high()).setLong(70, own.low());
    frame.setShort(78, 2 << 8 | 1);
    Ethernet.setMac(frame, 80, mac);
    Icmpv6.finishChecksum(frame, 14, 54, 32);
    return frame;
  }

  /** A guest behind a port, made of bytes. */
  private final class Guest {
    private final SocketChannel socket = SocketChannel.open(StandardProtocolFamily.UNIX);
    private final long mac;

    Guest(String port, int number) throws IOException {
      mac = 0x5254_0000_0000L | number;
      socket.connect(UnixDomainSocketAddress.of(home.resolve("r/" + port + ".sock")));
      guests.add(this);
    }

    void send(ByteBuf frame) throws IOException {
      int length = frame.readableBytes();
      ByteBuffer framed = ByteBuffer.allocate(4 + length).putInt(length);
      frame.readBytes(framed);
      framed.flip();
      while (framed.hasRemaining()) {
        assertThat(socket.write(framed)).isPositive();
      }
    }

    void say(int from, int word) throws IOException {
      send(udp(mac, from, TALK, TALK, (byte) word));
    }

    ByteBuf read() throws IOException {
      return Unpooled.wrappedBuffer(read(read(4).getInt()));
    }

    private ByteBuffer read(int length) throws IOException {
      ByteBuffer bytes = ByteBuffer.allocate(length);
      while (bytes.hasRemaining()) {
        assertThat(socket.read(bytes)).as("the port's end").isPositive();
      }
      return bytes.flip();
    }

    /** The words of other guests until this one came; an ARP packet of theirs is a -1. */
    List<Integer> heardUntil(int word) throws IOException {
      List<Integer> heard = new ArrayList<>();
      while (!heard.contains(word)) {
        ByteBuf frame = read();
        boolean arp = Ethernet.type(frame, 0) == Ethernet.TYPE_ARP;
        if (Ethernet.mac(frame, 6) != GATEWAY) {
          if (arp) {
            heard.add(-1);
          } else if (Udp.destinationPort(frame, 34) == TALK) {
            heard.add((int) frame.getByte(42));
          }
        }
      }
      return heard;
    }

    /** Asks for the gateway's MAC address from an address; returns what other guests sent. */
    int othersUntilTheGatewayAnswers(int address) throws IOException {
      send(arp(Arp.REQUEST, mac, address, GATEWAY_ADDRESS));
      int others = 0;
      while (true) {
        ByteBuf frame = read();
        if (Ethernet.mac(frame, 6) != GATEWAY) {
          others++;
        } else if (Ethernet.type(frame, 0) == Ethernet.TYPE_ARP
            && Arp.operation(frame, 14) == Arp.REPLY
            && Arp.targetAddress(frame, 14) == address) {
          return others;
        }
      }
    }

    /** Gets a lease as DHCP clients do, from nothing. */
    int lease() throws IOException {
      int offered = dhcp(1, 0);
      return dhcp(3, offered);
    }

    private int dhcp(int type, int requested) throws IOException {
      ByteBuf message = Unpooled.buffer(300).writeZero(236).writeInt(0x63825363);
      message.setByte(0, 1).setByte(1, 1).setByte(2, 6).setInt(4, (int) mac);
      message.setShort(28, (int) (mac >> 32)).setInt(30, (int) mac);
      message.writeByte(53).writeByte(1).writeByte(type);
      if (requested != 0) {
        message.writeByte(50).writeByte(4).writeInt(requested);
        message.writeByte(54).writeByte(4).writeInt(GATEWAY_ADDRESS);
      }
      message.writeByte(255).writeZero(300 - message.writerIndex());
      send(udp(mac, 0, 68, 67, message.array()));
      while (true) {
        ByteBuf frame = read();
        boolean answer =
            Ethernet.type(frame, 0) == Ethernet.TYPE_IPV4
                && Udp.destinationPort(frame, 34) == 68
                && frame.getInt(46) == (int) mac;
        if (answer) {
          assertThat(frame.getByte(42 + 242)).isEqualTo((byte) (type == 1 ? 2 : 5));
          return frame.getInt(42 + 16);
        }
      }
    }
  }

  @Test
  void aStrictGuardLetsAGuestUseItsLeaseAndNothingOfOthers() throws Exception {
    LogWatch.expect("frames-refused");
    start("guard: strict", "good", "evil, addresses: [10.9.8.20]");
    Guest good = new Guest("good", 1);
    Guest evil = new Guest("evil", 2);
    int victim = good.lease();
    int own = evil.lease();
    assertThat(own).isNotEqualTo(victim);
    // What the other asked DHCP went to all.
    assertThat(good.othersUntilTheGatewayAnswers(victim)).isEqualTo(2);

    evil.say(victim, 1);
    evil.send(udp(good.mac, victim, TALK, TALK, (byte) 2));
    evil.send(arp(Arp.REPLY, evil.mac, victim, own));
    evil.send(arp(Arp.REPLY, evil.mac, GATEWAY_ADDRESS, victim));
    evil.send(arp(Arp.REPLY, good.mac, victim, own));
    evil.say(GATEWAY_ADDRESS, 3);
    evil.say(RESERVED, 4);
    evil.say(STRANGE, 5);
    evil.send(udp(evil.mac, own, 67, 68, (byte) 6));
    evil.say(own, 7);
    evil.say(GIVEN, 8);

    assertThat(good.heardUntil(8)).containsExactly(7, 8);
    assertThat(port("evil").receiveDrops())
        .containsEntry("guard-ip", 4L)
        .containsEntry("guard-arp", 2L)
        .containsEntry("guard-server", 1L)
        .containsEntry("pinned-source", 2L);
    good.say(victim, 9);
    // The -1 is what it asked the gateway by ARP.
    assertThat(evil.heardUntil(9)).containsExactly(-1, 9);
  }

  @Test
  void aPortThatHasNoGuardOfItsOwnHasTheNetworksAndOffOverridesIt() throws Exception {
    LogWatch.expect("frames-refused");
    start("guard: strict", "held", "free, guard: off", "listener");
    Guest held = new Guest("held", 1);
    Guest free = new Guest("free", 2);
    Guest listener = new Guest("listener", 3);
    listener.lease();
    int own = held.lease();
    held.say(STRANGE, 1);
    held.say(own, 2);
    assertThat(listener.heardUntil(2)).containsExactly(2);
    free.say(STRANGE, 3);
    assertThat(listener.heardUntil(3)).containsExactly(3);
  }

  /**
   * A datagram to a port of the gateway where nobody listens, so that it is answered by an error.
   */
  private static ByteBuf astray(long mac) {
    ByteBuf frame = udp(mac, STRANGE, TALK, TALK);
    Ethernet.write(frame, 0, GATEWAY, mac, Ethernet.TYPE_IPV4);
    Ipv4.write(frame, 14, 28, 1, 0, 64, Ipv4.UDP, STRANGE, GATEWAY_ADDRESS);
    return frame;
  }

  @Test
  void whatTheGatewayRefusesToAPortIsItsProblemInTheListOfPortsToo() throws Exception {
    start("guard: \"off\"", "evil", "good");
    Guest evil = new Guest("evil", 1);
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (port("evil").problem().isEmpty()) {
      assertThat(System.nanoTime()).as("deadline").isLessThan(end);
      for (int i = 0; i < 100; i++) {
        evil.send(astray(evil.mac));
      }
    }
    assertThat(port("evil").problem())
        .startsWith("it wants more than its share of ICMP errors and is refused them");
    assertThat(port("good").problem()).isEmpty();
    assertThat(daemon.status().problems())
        .filteredOn(problem -> problem.contains("port evil"))
        .singleElement()
        .asString()
        .startsWith("lab: port evil: it wants more");
  }

  /** The MAC address at which the gateway knows an address; "none" if it knows none. */
  private String gatewaysEntry(String address) {
    DumpNode node = Objects.requireNonNull(daemon.network("lab")).dump();
    for (String name : List.of("nat", "gateway", "stations", "neighbours")) {
      node = child(node, name).orElseThrow();
    }
    return child(node, address)
        .map(entry -> String.valueOf(entry.properties().get("mac")))
        .orElse("none");
  }

  private static Optional<DumpNode> child(DumpNode of, String name) {
    return of.children().stream().filter(child -> child.name().equals(name)).findFirst();
  }

  /** Starts a network whose second port has no guard. */
  private void startWithFreePort(Protection protection, String network) throws Exception {
    start(protection.network + "\n    " + network, "good" + protection.port, "free, guard: off");
  }

  /** The means by which an address stays with its guest at the gateway. */
  enum Protection {
    NETWORK("guard: learn", ""),
    LEARNING_PORT("guard: off", ", guard: learn"),
    STRICT_PORT("guard: off", ", guard: strict, addresses: [10.9.8.20]"),
    NONE("guard: off", "");

    final String network;
    final String port;

    Protection(String network, String port) {
      this.network = network;
      this.port = port;
    }
  }

  @ParameterizedTest
  @EnumSource
  void theGatewayKeepsALeasedAddressWithItsGuestWhateverTheGuards(Protection protection)
      throws Exception {
    startWithFreePort(protection, "");
    Guest good = new Guest("good", 1);
    Guest free = new Guest("free", 2);
    int victim = good.lease();
    free.othersUntilTheGatewayAnswers(victim);
    good.othersUntilTheGatewayAnswers(victim);
    assertThat(gatewaysEntry(Ipv4.format(victim))).isEqualTo("52:54:00:00:00:01");
    free.othersUntilTheGatewayAnswers(victim);
    free.othersUntilTheGatewayAnswers(RESERVED);
    assertThat(gatewaysEntry(Ipv4.format(victim))).isEqualTo("52:54:00:00:00:01");
    assertThat(gatewaysEntry(Ipv4.format(RESERVED))).isEqualTo("none");
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "NONE")
  void theGatewayKeepsTheAddressesOfAGuardedPortWithIt(Protection protection) throws Exception {
    startWithFreePort(
        protection, "ipv6: {subnet: 'fd09:9:8::/64'}\n    egress: {nat64-prefixes: []}");
    Guest good = new Guest("good", 1);
    Guest free = new Guest("free", 2);
    Address chosen = Address.parse("fd09:9:8::abcd");
    good.send(advertisement(good.mac, chosen));
    good.othersUntilTheGatewayAnswers(GIVEN);
    free.send(advertisement(free.mac, chosen));
    free.othersUntilTheGatewayAnswers(GIVEN);
    for (String address : List.of(chosen.toString(), Ipv4.format(GIVEN))) {
      assertThat(gatewaysEntry(address)).isEqualTo("52:54:00:00:00:01");
    }
  }

  @Test
  void withoutGuardAnAddressMovesFromAGuestThatIsSilent() throws Exception {
    startWithFreePort(Protection.NONE, "");
    Guest good = new Guest("good", 1);
    Guest free = new Guest("free", 2);
    good.othersUntilTheGatewayAnswers(STRANGE);
    free.othersUntilTheGatewayAnswers(STRANGE);
    long deadline = System.nanoTime() + 60_000_000_000L;
    while (!gatewaysEntry(Ipv4.format(STRANGE)).equals("52:54:00:00:00:02")) {
      assertThat(System.nanoTime()).isLessThan(deadline);
    }
  }

  @Test
  void whatALearningGuardHasLearnedIsForgottenWhenItsGuestLeaves() throws Exception {
    LogWatch.expect("frames-refused");
    start("guard: learn", "first", "second", "listener");
    Guest listener = new Guest("listener", 3);
    listener.lease();
    Guest first = new Guest("first", 1);
    Guest second = new Guest("second", 2);
    int own = second.lease();
    first.say(STRANGE, 1);
    assertThat(listener.heardUntil(1)).containsExactly(1);
    second.say(STRANGE, 2);
    second.say(own, 3);
    assertThat(listener.heardUntil(3)).containsExactly(3);

    first.socket.close();
    Await.until(() -> port("first").state().equals("no-carrier"));
    second.say(STRANGE, 4);
    assertThat(listener.heardUntil(4)).containsExactly(4);
    second.send(udp(first.mac, STRANGE + 1, TALK, TALK, (byte) 5));
    assertThat(listener.heardUntil(5)).containsExactly(5);
  }

  @Test
  void theHostsAddressIsNoGuestsWhileTheAdapterCannotBeOpened() throws Exception {
    LogWatch.expect("event=port-failed");
    LogWatch.expect("frames-refused");
    start("guard: learn\n    host-adapter: {name: lo}", "evil", "listener"); // lo is no TAP device
    Guest listener = new Guest("listener", 3);
    listener.lease();
    Guest evil = new Guest("evil", 2);
    int own = evil.lease();
    evil.say(Ipv4.parse("10.9.8.1"), 1);
    evil.say(own, 2);
    assertThat(listener.heardUntil(2)).containsExactly(2);
    assertThat(port("host").state()).isEqualTo("failed");
  }

  @Test
  void isolatedPortsReachTheGatewayAndNobodyElse() throws Exception {
    start("guard: off", "a, isolated: true", "b, isolated: true", "c");
    Guest a = new Guest("a", 1);
    Guest b = new Guest("b", 2);
    Guest c = new Guest("c", 3);
    int own = a.lease();
    int ofB = b.lease();
    int ofC = c.lease();
    a.say(own, 1);
    assertThat(a.othersUntilTheGatewayAnswers(own)).isZero();
    assertThat(b.othersUntilTheGatewayAnswers(ofB)).isZero();
    assertThat(c.othersUntilTheGatewayAnswers(ofC)).isZero();
    c.say(ofC, 2);
    assertThat(c.othersUntilTheGatewayAnswers(ofC)).isZero();
    assertThat(a.othersUntilTheGatewayAnswers(own)).isZero();
  }

  @Test
  void theAddressOfAConfiguredGuestIsNobodyElsesBeforeTheGuestIsMade() throws Exception {
    LogWatch.expect("frames-refused.*pinned-source");
    start("guard: off", "thief", "listener");
    Guest listener = new Guest("listener", 3);
    listener.lease();
    Guest thief = new Guest("thief", 0x77);
    thief.say(STRANGE, 1);
    thief.send(udp(thief.mac + 1, STRANGE, TALK, TALK, (byte) 9));
    assertThat(listener.heardUntil(9)).containsExactly(9);
  }

  @Test
  void aPortHasAsManyMacAddressesAsItsLimitAllows() throws Exception {
    LogWatch.expect("frames-refused");
    start("guard: off", "many, mac-limit: 2", "listener");
    Guest listener = new Guest("listener", 3);
    listener.lease();
    Guest many = new Guest("many", 0x10);
    for (int i = 0; i < 4; i++) {
      many.send(udp(many.mac + i, STRANGE, TALK, TALK, (byte) i));
    }
    many.say(STRANGE, 9);
    assertThat(listener.heardUntil(9)).containsExactly(0, 1, 9);
  }
}
