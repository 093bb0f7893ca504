package io.lanyard.nat.gateway;

import static io.lanyard.nat.gateway.Ipv6Frames.ALL_NODES;
import static io.lanyard.nat.gateway.Ipv6Frames.ALL_ROUTERS;
import static io.lanyard.nat.gateway.Ipv6Frames.GATEWAY;
import static io.lanyard.nat.gateway.Ipv6Frames.GUEST;
import static io.lanyard.nat.gateway.Ipv6Frames.GUEST_LINK;
import static io.lanyard.nat.gateway.Ipv6Frames.HOST;
import static io.lanyard.nat.gateway.Ipv6Frames.NONE;
import static io.lanyard.nat.gateway.Ipv6Frames.WORLD;
import static io.lanyard.nat.gateway.Ipv6Frames.discovery;
import static io.lanyard.nat.gateway.Ipv6Frames.echo;
import static io.lanyard.nat.gateway.Ipv6Frames.hex;
import static io.lanyard.nat.gateway.Ipv6Frames.icmp;
import static io.lanyard.nat.gateway.Ipv6Frames.join;
import static io.lanyard.nat.gateway.Ipv6Frames.packet;
import static io.lanyard.nat.gateway.Ipv6Frames.solicitation;
import static io.lanyard.nat.gateway.Ipv6Frames.udp;
import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.base.DescriptorBudget;
import io.lanyard.config.Dhcpv6Mode;
import io.lanyard.dns.Ipv6Names;
import io.lanyard.nat.TestNetworks;
import io.lanyard.nat.station.Neighbour;
import io.lanyard.nat.station.StationMemory;
import io.lanyard.net.Address;
import io.lanyard.net.Subnet;
import io.lanyard.testing.LogWatch;
import io.lanyard.vswitch.InMemoryPort;
import io.lanyard.vswitch.Offloads;
import io.lanyard.vswitch.PortRules;
import io.lanyard.vswitch.StormLimits;
import io.lanyard.vswitch.frame.Arp;
import io.lanyard.vswitch.frame.Checksum;
import io.lanyard.vswitch.frame.Ethernet;
import io.lanyard.vswitch.frame.Ipv6;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.embedded.EmbeddedChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The gateway in IPv6, frame by frame. */
class Ipv6GatewayTest {
  private static final int RA = 134;

  private final TestNetwork net = new TestNetwork();
  private Gateway gateway = gateway(Ipv6Frames.SUBNET);
  private List<byte[]> first = List.of();

  private Gateway gateway(@Nullable Subnet subnet) {
    GatewayAddresses addresses =
        new GatewayAddresses(
            TestNetwork.GATEWAY_MAC,
            TestNetworks.mode(TestNetwork.config()).gateway().ipv4(),
            subnet,
            false);
    Gateway made =
        new Gateway(
            new EmbeddedChannel().eventLoop(),
            net.timers,
            PooledByteBufAllocator.DEFAULT,
            net.network,
            "gateway",
            addresses,
            net.mtu,
            DescriptorBudget.ample().share("test"),
            StationMemory.alone());
    made.advertise(new Advertised(true, List.of(GATEWAY), List.of("lab.lan"), Dhcpv6Mode.OFF));
    made.attach();
    return made;
  }

  @BeforeEach
  void attached() {
    first = net.guest.drain();
  }

  @AfterEach
  void close() {
    gateway.close();
    net.guest.close();
  }

  private long count(GatewayCount what) {
    return gateway.counters().get(what);
  }

  private static List<byte[]> ofType(List<byte[]> frames, int type) {
    return frames.stream()
        .filter(frame -> {
          ByteBuf b = TestNetwork.view(frame);
          return Ethernet.type(b, 0) == Ethernet.TYPE_IPV6
              && Ipv6.nextHeader(b, 14) == Ipv6.ICMPV6
              && b.getUnsignedByte(54) == type;
        })
        .toList();
  }

  private static Address source(byte[] frame) {
    ByteBuf b = TestNetwork.view(frame);
    return new Address(Ipv6.sourceHigh(b, 14), Ipv6.sourceLow(b, 14));
  }

  private static Address destination(byte[] frame) {
    ByteBuf b = TestNetwork.view(frame);
    return new Address(Ipv6.destinationHigh(b, 14), Ipv6.destinationLow(b, 14));
  }

  private @Nullable Neighbour known(Address address) {
    return gateway.stations().neighbours().get(address);
  }

  /** The only answer: type and code, and the second word. */
  private static void isError(List<byte[]> frames, int type, int code, int information) {
    assertThat(frames).hasSize(1);
    ByteBuf b = TestNetwork.view(frames.getFirst());
    assertThat(b.getUnsignedByte(54)).isEqualTo((short) type);
    assertThat(b.getUnsignedByte(55)).isEqualTo((short) code);
    assertThat(b.getInt(58)).isEqualTo(information);
    assertThat(Checksum.transport6(b, 14, Ipv6.ICMPV6, 54, b.readableBytes() - 54)).isZero();
  }

  private void introduce() {
    net.exchange(solicitation(GUEST, GATEWAY, true));
    assertThat(known(GUEST)).isNotNull();
  }

  @Test
  void theAdvertisementHasPrefixMtuAndNameServerAndComesFromALinkLocalAddress() {
    byte[] frame = ofType(first, RA).getFirst();
    ByteBuf b = TestNetwork.view(frame);
    assertThat(source(frame).isLinkLocal()).isTrue();
    assertThat(destination(frame)).isEqualTo(ALL_NODES);
    assertThat(Ethernet.destination(b, 0)).isEqualTo(0x3333_0000_0001L);
    assertThat(Ipv6.hopLimit(b, 14)).isEqualTo(255);
    byte[] body = new byte[b.readableBytes() - 58];
    b.getBytes(58, body);
    String mac = "%012x".formatted(TestNetwork.GATEWAY_MAC);
    assertThat(body)
        .isEqualTo(
            hex(
                "40 00 0708 00000000 00000000"
                    + "0101"
                    + mac
                    + "0501 0000 000005dc"
                    + "0304 40c0 00001518 00000a8c 00000000 fd6c616e79610008 0000000000000000"
                    + "1903 0000 00000708 fd6c616e79610008 0000000000000002"
                    + "1f03 0000 00000708 036c6162036c616e 0000000000000000"));
  }

  @Test
  void anAdvertisementHasAllNameServersAndTheDomainsThatThereIsRoomFor() {
    List<String> domains = new ArrayList<>(List.of("lan", "lab.example"));
    for (int i = 0; i < 100; i++) {
      domains.add("a-domain-with-a-name-of-some-length-" + i + ".example");
    }
    gateway.advertise(new Advertised(true, List.of(GATEWAY, WORLD), domains, Dhcpv6Mode.STATELESS));
    net.timers.advance(Duration.ofSeconds(4));
    byte[] frame = ofType(net.guest.drain(), RA).getLast();
    assertThat(frame.length).isLessThan(14 + 1280);
    String body = HexFormat.of().formatHex(frame);
    assertThat(body)
        .contains(
            "1905 0000 00000708 fd6c616e796100080000000000000002 20010db8000000000000000000000001"
                .replace(" ", ""))
        .contains("036c616e00" + "036c6162076578616d706c6500");
  }

  @Test
  void advertisementsComeNowAndThenAndTheLastOneEndsAll() {
    List<byte[]> all = new ArrayList<>();
    for (int minute = 0; minute < 60; minute++) {
      net.timers.advance(Duration.ofMinutes(1));
      all.addAll(ofType(net.guest.drain(), RA));
    }
    assertThat(all.size()).isBetween(6 + 2, 18 + 4);
    gateway.close();
    List<byte[]> last = ofType(net.guest.drain(), RA);
    assertThat(last).hasSize(1);
    ByteBuf b = TestNetwork.view(last.getFirst());
    assertThat(b.getUnsignedShort(54 + 6)).isZero();
    assertThat(b.getLong(54 + 16 + 16 + 4)).isZero();
  }

  @Test
  void guestsBehindAPortWithASmallerMtuHearOfThatLast() {
    InMemoryPort narrow = new InMemoryPort("narrow", 1300, Offloads.NONE);
    narrow.attachTo(net.network);
    narrow.send(
        TestNetwork.frame(
            discovery(GUEST_LINK, ALL_ROUTERS, 133, 255, hex("00000000 0101525400000010"))));
    assertThat(mtus(narrow)).containsExactly(1300);
    net.guest.drain();
    net.timers.advance(Duration.ofMinutes(11));
    List<Integer> narrows = mtus(narrow);
    List<Integer> others = mtus(net.guest);
    narrow.close();
    assertThat(narrows).isNotEmpty().endsWith(1300);
    assertThat(others).isNotEmpty().containsOnly(1500);
  }

  /** The MTUs of the router advertisements that have come to a port. */
  private static List<Integer> mtus(InMemoryPort port) {
    return ofType(port.drain(), RA).stream()
        .map(frame -> TestNetwork.view(frame).getInt(54 + 16 + 8 + 4))
        .toList();
  }

  @Test
  void aHostThatAsksForARouterIsAnsweredAtOnceAndAFloodIsNot() {
    byte[] asks = discovery(GUEST_LINK, ALL_ROUTERS, 133, 255, hex("00000000 0101525400000010"));
    List<byte[]> answers = net.exchange(asks);
    assertThat(answers).hasSize(1);
    assertThat(destination(answers.getFirst())).isEqualTo(GUEST_LINK);
    int answered = 0;
    for (int i = 0; i < 1000; i++) {
      answered += net.exchange(asks).size();
    }
    assertThat(answered).isLessThan(100);
    assertThat(count(GatewayCount.ROUTER_SOLICITATIONS_LIMITED)).isGreaterThan(900);
    assertThat(gateway.stations().budget(net.guest).problem())
        .contains("its share of router advertisements");
  }

  @Test
  void aHostWithoutAnAddressIsAnsweredForAllWithThreeSecondsBetween() {
    byte[] asks = discovery(NONE, ALL_ROUTERS, 133, 255, hex("00000000"));
    net.exchange(asks);
    net.exchange(asks);
    assertThat(ofType(net.guest.drain(), RA)).isEmpty();
    net.timers.advance(Duration.ofSeconds(4));
    assertThat(ofType(net.guest.drain(), RA)).hasSize(1);
  }

  @Test
  void whoAsksForTheGatewayIsAnsweredAndKnownFromThenOn() {
    List<byte[]> answers = net.exchange(solicitation(GUEST, GATEWAY, true));
    assertThat(answers).hasSize(1);
    ByteBuf b = TestNetwork.view(answers.getFirst());
    assertThat(destination(answers.getFirst())).isEqualTo(GUEST);
    assertThat(b.getUnsignedByte(54)).isEqualTo((short) 136);
    assertThat(b.getUnsignedByte(58)).isEqualTo((short) 0xe0);
    assertThat(Ethernet.mac(b, 54 + 26)).isEqualTo(TestNetwork.GATEWAY_MAC);
    Neighbour guest = known(GUEST);
    assertThat(guest).isNotNull();
    assertThat(guest.mac()).isEqualTo(TestNetwork.GUEST_MAC);
  }

  @Test
  void duplicateAddressDetectionOfTheGatewaysAddressFails() {
    List<byte[]> answers = net.exchange(solicitation(NONE, GATEWAY, false));
    assertThat(answers).hasSize(1);
    assertThat(destination(answers.getFirst())).isEqualTo(ALL_NODES);
    assertThat(TestNetwork.view(answers.getFirst()).getUnsignedByte(58)).isEqualTo((short) 0xa0);
    assertThat(net.exchange(solicitation(NONE, GUEST, false))).isEmpty();
    assertThat(known(GUEST)).isNull();
  }

  @Test
  void theGatewayLooksWhetherItsAddressesAreTakenAndSaysWhoHasThem() {
    List<byte[]> asked =
        ofType(first, 135).stream().filter(frame -> source(frame).equals(NONE)).toList();
    assertThat(asked)
        .extracting(Ipv6GatewayTest::destination)
        .contains(Ipv6Frames.solicited(GATEWAY));
    LogWatch.expect("address-conflict");
    byte[] rest = join(hex("20000000"), GATEWAY.toBytes(), hex("0201525400000010"));
    net.exchange(discovery(GATEWAY, ALL_NODES, 136, 255, rest));
    assertThat(count(GatewayCount.ADDRESS_CONFLICT)).isEqualTo(1);
  }

  @Test
  void duplicateAddressDetectionAsksTheGroupOfItsTargetAlone() {
    byte[] rest = join(new byte[4], GATEWAY.toBytes());
    assertThat(net.exchange(discovery(NONE, ALL_NODES, 135, 255, rest))).isEmpty();
    assertThat(net.exchange(discovery(NONE, Ipv6Frames.solicited(GUEST), 135, 255, rest)))
        .isEmpty();
    assertThat(count(GatewayCount.BAD_ND)).isPositive();
  }

  @Test
  void anAdvertisementThatDoesNotSayWhereAnAddressIsTellsNothingNew() {
    byte[] rest = join(hex("60000000"), GUEST.toBytes());
    net.exchange(discovery(GUEST, GATEWAY, 136, 255, rest));
    assertThat(known(GUEST)).isNull();
    introduce();
    net.exchange(discovery(GUEST, GATEWAY, 136, 255, rest));
    assertThat(known(GUEST).mac()).isEqualTo(TestNetwork.GUEST_MAC);
  }

  private InMemoryPort hostile() {
    InMemoryPort hostile = new InMemoryPort("hostile", Offloads.NONE);
    StormLimits storm = new StormLimits(10, 10, 10);
    hostile.attachTo(
        net.network,
        new PortRules(List.of(), List.of(), PortRules.Reach.ORDINARY, 99_999, false, storm));
    return hostile;
  }

  private static void toTheGateway(InMemoryPort from, byte[] frame) {
    ByteBuf b = TestNetwork.frame(frame);
    Ethernet.setDestination(b, 12, TestNetwork.GATEWAY_MAC);
    Ethernet.setSource(b, 12, 0x5254_0000_0077L);
    from.send(b);
  }

  /** Storm control spares the gateway, so what it says to all is charged to who has asked. */
  @Test
  void questionsToTheGatewayAloneAreNoWayAroundStormControl() {
    InMemoryPort hostile = hostile();
    for (int i = 0; i < 1000; i++) {
      toTheGateway(hostile, solicitation(NONE, GATEWAY, false));
    }
    hostile.drain();
    assertThat(net.guest.drain().size()).isBetween(1, 200);
    assertThat(net.network.problem(hostile)).contains("a storm of requests");
    assertThat(net.exchange(solicitation(NONE, GATEWAY, false))).as("another's").hasSize(1);
    hostile.drain();
    hostile.close();
  }

  /** The switch knows no such address, and would flood the answer. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void anAnswerToAMadeUpMacAddressReachesThePortThatAsksAlone(boolean arp) {
    InMemoryPort hostile = hostile();
    for (int i = 0; i < 100; i++) {
      toTheGateway(
          hostile,
          arp
              ? TestNetwork.arp(
                  TestNetwork.GATEWAY_MAC,
                  Arp.REQUEST,
                  0x5254_0100_0000L + i,
                  TestNetwork.GUEST + 1,
                  0,
                  TestNetwork.GATEWAY)
              : discovery(
                  GUEST,
                  Ipv6Frames.solicited(GATEWAY),
                  135,
                  255,
                  join(new byte[4], GATEWAY.toBytes(), hex("0101 52540100%04x".formatted(i)))));
    }
    assertThat(net.guest.drain()).isEmpty();
    assertThat(hostile.drain()).hasSize(100);
    hostile.close();
  }

  @Test
  void whatIsNotOfThisLinkOrMakesNoSenseIsNotBelieved() {
    byte[] target = join(new byte[4], GATEWAY.toBytes());
    Address group = Ipv6Frames.solicited(GATEWAY);
    byte[] good = join(target, hex("0101525400000010"));
    byte[] wrongSum = discovery(GUEST, group, 135, 255, good);
    wrongSum[56]++;
    List<byte[]> bad =
        List.of(
            discovery(GUEST, group, 135, 254, good),
            wrongSum,
            discovery(GUEST, group, 135, 255, target[4]),
            discovery(GUEST, group, 135, 255, join(target, hex("0100525400000010"))),
            discovery(GUEST, group, 135, 255, join(target, hex("0102525400000010"))),
            discovery(GUEST, group, 135, 255, join(target, hex("0101ffffffffffff"))),
            discovery(GUEST, group, 135, 255, join(new byte[4], ALL_NODES.toBytes())),
            discovery(NONE, group, 135, 255, good),
            discovery(NONE, GATEWAY, 135, 255, target),
            discovery(GUEST, ALL_NODES, 136, 255, join(hex("40000000"), GUEST.toBytes())),
            discovery(NONE, ALL_ROUTERS, 133, 255, hex("00000000 0101525400000010")));
    for (byte[] frame : bad) {
      assertThat(net.exchange(frame)).isEmpty();
    }
    assertThat(count(GatewayCount.BAD_ND)).isEqualTo(bad.size());
    assertThat(known(GUEST)).isNull();
    assertThat(net.exchange(discovery(GUEST, group, 135, 255, good))).hasSize(1);
  }

  @Test
  void aStationThatClaimsTheGatewaysAddressIsNotBelievedAndAnsweredOnce() {
    LogWatch.expect("event=address-conflict network=\"test\" port=\"guest\" address=\"" + GATEWAY);
    byte[] claim =
        discovery(GUEST, ALL_NODES, 136, 255, join(hex("20000000"), GATEWAY.toBytes(), link("10")));
    assertThat(net.exchange(claim)).hasSize(1);
    assertThat(net.exchange(claim)).isEmpty();
    assertThat(known(GATEWAY)).isNull();
  }

  private static byte[] link(String last) {
    return hex("0201 5254000000" + last);
  }

  @Test
  void anAddressMovesToAnotherStationOnlyWhereThatSaysSo() {
    introduce();
    InMemoryPort other = InMemoryPort.attached("other", Offloads.NONE, net.network);
    for (String flags : List.of("00000000", "20000000")) {
      byte[] claim =
          discovery(GUEST, ALL_NODES, 136, 255, join(hex(flags), GUEST.toBytes(), link("20")));
      claim[11] = 0x20;
      ByteBuf frame = TestNetwork.frame(claim);
      other.send(frame);
      net.timers.advance(Duration.ofSeconds(1)); // in which its former station is silent
      Neighbour guest = Objects.requireNonNull(known(GUEST));
      assertThat(guest.mac())
          .isEqualTo(flags.startsWith("0") ? 0x5254_0000_0010L : 0x5254_0000_0020L);
    }
    other.close();
  }

  @Test
  void theAddressesOfAStationInBothFamiliesAreKnown() {
    Ipv6Names names = Ipv6Names.of(gateway);
    Address ipv4 = Address.ofIpv4(TestNetwork.GUEST);
    assertThat(names.beside(ipv4)).isEmpty();
    net.exchange(
        TestNetwork.arp(
            Ethernet.BROADCAST,
            Arp.REQUEST,
            TestNetwork.GUEST_MAC,
            TestNetwork.GUEST,
            0,
            TestNetwork.GATEWAY));
    introduce();
    net.exchange(solicitation(GUEST_LINK, GATEWAY, true));
    assertThat(names.beside(ipv4)).containsExactly(GUEST);
    assertThat(names.ipv4Beside(GUEST)).isEqualTo(ipv4);
    assertThat(names.beside(Address.ofIpv4(TestNetwork.GATEWAY))).containsExactly(GATEWAY);
    assertThat(names.ipv4Beside(GATEWAY)).isEqualTo(Address.ofIpv4(TestNetwork.GATEWAY));
    assertThat(names.beside(Address.ofIpv4(TestNetwork.HOST))).isEmpty();
  }

  @Test
  void pingsAreAnsweredAlsoThoseToAllNodes() {
    introduce();
    List<byte[]> answers = net.exchange(echo(GUEST, GATEWAY));
    assertThat(ofType(answers, 129)).hasSize(1);
    assertThat(source(answers.getFirst())).isEqualTo(GATEWAY);
    List<byte[]> all = net.exchange(echo(GUEST_LINK, ALL_NODES));
    assertThat(source(all.getFirst()).isLinkLocal()).isTrue();
  }

  @ParameterizedTest
  @CsvSource({
    "::ffff:192.168.127.10, fd6c:616e:7961:8::2, MARTIAN_SOURCE",
    "fd6c:616e:7961:8::10, ::ffff:192.168.127.2, MARTIAN_SOURCE",
    "ff02::1, fd6c:616e:7961:8::2, MARTIAN_SOURCE",
    "2001:db8::7, fd6c:616e:7961:8::2, MARTIAN_SOURCE",
    "fd6c:616e:7961:8::2, fd6c:616e:7961:8::2, MARTIAN_SOURCE",
    "fd6c:616e:7961:8::, fd6c:616e:7961:8::2, MARTIAN_SOURCE",
    "::, fd6c:616e:7961:8::2, MARTIAN_SOURCE",
    "::1, fd6c:616e:7961:8::2, MARTIAN_SOURCE",
    "fd6c:616e:7961:8::10, ff02::fb, NOT_FOR_US",
    "fd6c:616e:7961:8::10, ff05::2, NOT_FOR_US",
  })
  void packetsFromOrToWhereNoneCanBeAreDropped(String from, String to, GatewayCount why) {
    assertThat(net.exchange(echo(parse(from), parse(to)))).isEmpty();
    assertThat(count(why)).isEqualTo(1);
  }

  /** Also the mapped form, which means the IPv4 address here. */
  private static Address parse(String text) {
    return text.startsWith("::ffff:")
        ? Address.parse(text.substring("::ffff:".length()))
        : Address.parse(text);
  }

  @Test
  void whatGoesNowhereIsSaidSo() {
    introduce();
    isError(net.exchange(echo(GUEST, Address.LOOPBACK_IPV6)), 1, 1, 0);
    isError(net.exchange(echo(GUEST, Address.parse("::127.0.0.1"))), 1, 1, 0);
    isError(net.exchange(echo(GUEST, WORLD)), 1, 0, 0);
    isError(net.exchange(echo(GUEST, HOST)), 1, 3, 0);
    isError(net.exchange(echo(GUEST_LINK, WORLD)), 1, 2, 0);
    isError(net.exchange(packet(GUEST, GATEWAY, 132, 64, new byte[8])), 4, 1, 6);
    isError(net.exchange(packet(GUEST, GATEWAY, 1, 64, new byte[8])), 4, 1, 6);
    isError(net.exchange(packet(GUEST, GATEWAY, 17, 64, udp(GUEST, GATEWAY, 9, 9))), 1, 4, 0);
  }

  @Test
  void aDatagramWithoutAChecksumIsNone() {
    introduce();
    byte[] datagram = udp(GUEST, GATEWAY, 9, 9, (byte) 1);
    datagram[6] = 0;
    datagram[7] = 0;
    assertThat(net.exchange(packet(GUEST, GATEWAY, 17, 64, datagram))).isEmpty();
    assertThat(count(GatewayCount.BAD_TRANSPORT_CHECKSUM)).isEqualTo(1);
  }

  private static byte[] ping() {
    return icmp(GUEST, GATEWAY, 128, 0, hex("12340001 68656c6c6f"));
  }

  @Test
  void extensionHeadersAreWalkedOver() {
    introduce();
    byte[] padded = hex("3c00 0104 00000000 2b00 0104 00000000 3a00 0000 00000000");
    assertThat(ofType(net.exchange(packet(GUEST, GATEWAY, 0, 64, join(padded, ping()))), 129))
        .hasSize(1);
    // An option that may be skipped.
    byte[] option = hex("3a00 1e04 00000000");
    assertThat(ofType(net.exchange(packet(GUEST, GATEWAY, 60, 64, join(option, ping()))), 129))
        .hasSize(1);
  }

  @Test
  void extensionHeadersThatAreWrongAreRefusedAsTheySay() {
    introduce();
    // Unknown options: 01 drops, 10 tells, 11 tells unless it was to a group.
    assertThat(send(60, "3a00 5e04 00000000")).isEmpty();
    isError(send(60, "3a00 9e04 00000000"), 4, 2, 42);
    isError(send(60, "3a00 de04 00000000"), 4, 2, 42);
    // A source route with a way to go; of type 0, and of any other.
    isError(send(43, "3a00 0001 00000000"), 4, 0, 42);
    isError(send(43, "3a00 fd01 00000000"), 4, 0, 42);
    // Hop-by-hop options that are not the first.
    isError(send(60, "0000 0104 00000000 3a00 0104 00000000"), 4, 1, 40);
    // An option beyond its header, and a header beyond the packet.
    assertThat(send(60, "3a00 1e09 00000000")).isEmpty();
    assertThat(net.exchange(packet(GUEST, GATEWAY, 60, 64, hex("3a09 0104 00000000")))).isEmpty();
    assertThat(net.exchange(packet(GUEST, GATEWAY, 60, 64, hex("3a")))).isEmpty();
    // More headers than anybody needs.
    assertThat(send(60, "3c00 0104 00000000".repeat(9) + "3a00 0104 00000000")).isEmpty();
    assertThat(count(GatewayCount.BAD_IPV6)).isEqualTo(10);
    assertThat(count(GatewayCount.ECHO_ANSWERED)).isZero();
  }

  private List<byte[]> send(int next, String headers) {
    return net.exchange(packet(GUEST, GATEWAY, next, 64, join(hex(headers), ping())));
  }

  private static byte[] piece(int next, int offset, boolean more, int id, byte... data) {
    String header = "%02x00%04x%08x".formatted(next, offset | (more ? 1 : 0), id);
    return packet(GUEST, GATEWAY, 44, 64, join(hex(header), data));
  }

  private static byte[] part(byte[] whole, int from, int to) {
    return java.util.Arrays.copyOfRange(whole, from, to);
  }

  @Test
  void fragmentsArePutTogetherInAnyOrder() {
    introduce();
    byte[] ping = icmp(GUEST, GATEWAY, 128, 0, new byte[60]);
    assertThat(net.exchange(piece(58, 32, false, 7, part(ping, 32, 64)))).isEmpty();
    assertThat(ofType(net.exchange(piece(58, 0, true, 7, part(ping, 0, 32))), 129)).hasSize(1);
    assertThat(count(GatewayCount.REASSEMBLED)).isEqualTo(1);
  }

  @Test
  void aFragmentThatIsTheWholePacketWaitsForNothing() {
    introduce();
    net.exchange(piece(58, 8, true, 7, new byte[8])); // another packet with its number
    assertThat(ofType(net.exchange(piece(58, 0, false, 7, ping())), 129)).hasSize(1);
  }

  @Test
  void fragmentsThatOverlapGiveUpTheirPacket() {
    introduce();
    byte[] ping = icmp(GUEST, GATEWAY, 128, 0, new byte[60]);
    net.exchange(piece(58, 0, true, 7, part(ping, 0, 32)));
    net.exchange(piece(58, 24, true, 7, part(ping, 24, 40)));
    assertThat(net.exchange(piece(58, 32, false, 7, part(ping, 32, 64)))).isEmpty();
    assertThat(count(GatewayCount.REASSEMBLY_FAILED)).isEqualTo(1);
  }

  @Test
  void aFragmentWithinAnotherOverlapsIt() {
    introduce();
    byte[] ping = icmp(GUEST, GATEWAY, 128, 0, new byte[60]);
    net.exchange(piece(58, 0, true, 7, part(ping, 0, 32)));
    net.exchange(piece(58, 8, true, 7, part(ping, 8, 16)));
    assertThat(net.exchange(piece(58, 32, false, 7, part(ping, 32, 64)))).isEmpty();
    assertThat(count(GatewayCount.REASSEMBLY_FAILED)).isEqualTo(1);
    net.exchange(piece(58, 0, true, 8, part(ping, 0, 16)));
    net.exchange(piece(58, 16, true, 8, part(ping, 16, 32)));
    net.exchange(piece(58, 0, true, 8, part(ping, 0, 32)));
    assertThat(net.exchange(piece(58, 32, false, 8, part(ping, 32, 64)))).isEmpty();
    assertThat(count(GatewayCount.REASSEMBLY_FAILED)).isEqualTo(2);
  }

  @Test
  void aFragmentThatComesTwiceDoesNoHarm() {
    introduce();
    byte[] ping = icmp(GUEST, GATEWAY, 128, 0, new byte[60]);
    for (int i = 0; i < 2; i++) {
      net.exchange(piece(58, 0, true, 7, part(ping, 0, 16)));
      net.exchange(piece(58, 16, true, 7, part(ping, 16, 32)));
    }
    assertThat(ofType(net.exchange(piece(58, 32, false, 7, part(ping, 32, 64))), 129)).hasSize(1);
  }

  @Test
  void whatComesAfterAnOverlapIsOfNoPacketUntilItsTimeIsOver() {
    introduce();
    byte[] ping = icmp(GUEST, GATEWAY, 128, 0, new byte[60]);
    net.exchange(piece(58, 0, true, 7, part(ping, 0, 32)));
    net.exchange(piece(58, 24, true, 7, part(ping, 24, 40)));
    net.exchange(piece(58, 0, true, 7, part(ping, 0, 32)));
    assertThat(net.exchange(piece(58, 32, false, 7, part(ping, 32, 64)))).isEmpty();
    net.timers.advance(Duration.ofSeconds(31));
    net.guest.drain();
    assertThat(net.exchange(piece(58, 0, true, 7, part(ping, 0, 32)))).isEmpty();
    assertThat(ofType(net.exchange(piece(58, 32, false, 7, part(ping, 32, 64))), 129)).hasSize(1);
  }

  @Test
  void aPacketWhoseFragmentsOverlapIsCountedOnceThoughItMakesPlaceForAnother() {
    introduce();
    net.exchange(piece(58, 0, true, 7, new byte[32]));
    net.exchange(piece(58, 24, true, 7, new byte[16]));
    for (int i = 0; i < Reassembly.PER_STATION; i++) {
      net.exchange(piece(58, 0, true, 100 + i, new byte[16]));
    }
    assertThat(count(GatewayCount.REASSEMBLY_FAILED)).isEqualTo(1);
  }

  @Test
  void aFirstFragmentHasAllHeaders() {
    introduce();
    // The chain goes on in the next fragment; the transport's header does.
    isError(net.exchange(piece(60, 0, true, 7, hex("0603 0104 00000000"))), 4, 3, 0);
    isError(net.exchange(piece(6, 0, true, 8, new byte[16])), 4, 3, 0);
    isError(net.exchange(piece(58, 0, true, 9, new byte[9])), 4, 0, 4);
    isError(net.exchange(piece(58, 65528, false, 9, new byte[16])), 4, 0, 42);
  }

  @Test
  void neighbourDiscoveryInFragmentsIsNotBelieved() {
    byte[] whole = solicitation(GUEST, GATEWAY, true);
    byte[] message = part(whole, 54, whole.length);
    byte[] atomic =
        packet(
            GUEST, Ipv6Frames.solicited(GATEWAY), 44, 255, join(hex("3a000000 00000007"), message));
    assertThat(net.exchange(atomic)).isEmpty();
    assertThat(known(GUEST)).isNull();
    assertThat(count(GatewayCount.BAD_ND)).isEqualTo(1);
    introduce();
    net.exchange(piece(58, 0, true, 8, part(message, 0, 16)));
    assertThat(net.exchange(piece(58, 16, false, 8, part(message, 16, 32)))).isEmpty();
    assertThat(count(GatewayCount.BAD_IPV6)).isEqualTo(1);
  }

  @Test
  void theSenderOfAPacketThatNeverBecomesWholeIsTold() {
    introduce();
    net.exchange(piece(17, 0, true, 7, new byte[16]));
    net.timers.advance(Duration.ofSeconds(31));
    List<byte[]> told = ofType(net.guest.drain(), 3);
    assertThat(told).hasSize(1);
    assertThat(TestNetwork.view(told.getFirst()).getUnsignedByte(55)).isEqualTo((short) 1);
  }

  @Test
  void aNetworkWithoutIpv6SaysNothingAndHearsNothing() {
    gateway.close();
    net.guest.drain();
    gateway = gateway(null);
    assertThat(net.guest.drain()).hasSize(1); // ARP
    assertThat(net.exchange(solicitation(GUEST, GATEWAY, true))).isEmpty();
    assertThat(net.exchange(discovery(NONE, ALL_ROUTERS, 133, 255, hex("00000000")))).isEmpty();
    assertThat(net.exchange(echo(GUEST, GATEWAY))).isEmpty();
    net.timers.advance(Duration.ofMinutes(20));
    gateway.close();
    assertThat(net.guest.drain()).isEmpty();
    assertThat(count(GatewayCount.NOT_FOR_US)).isEqualTo(3);
    assertThat(count(GatewayCount.IPV6_IN)).isZero();
  }
}
