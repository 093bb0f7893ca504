package io.lanyard.nat.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.net.Address;
import io.lanyard.testing.LogWatch;
import io.lanyard.vswitch.IdlePort;
import io.lanyard.vswitch.InMemoryPort;
import io.lanyard.vswitch.Offloads;
import io.lanyard.vswitch.frame.Icmp;
import io.lanyard.vswitch.frame.Ipv4;
import io.lanyard.vswitch.frame.Udp;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/**
 * The gateway takes packets apart, answers pings and errors, and hands datagrams to its services.
 */
class GatewayTest extends GatewayScene {
  @Test
  void aPacketOfAGuestLooksAtNoPortThatIsIdle() {
    AtomicLong calls = new AtomicLong();
    IdlePort.attach(net.network, 250, calls);
    introduce();
    calls.set(0);
    byte[] echo = TestNetwork.icmp(8, 7, new byte[8]);
    byte[] ping =
        TestNetwork.ipv4(TestNetwork.GUEST, TestNetwork.GATEWAY, Ipv4.ICMP, 64, 7, 0, echo);
    for (int i = 0; i < 100; i++) {
      assertThat(net.exchange(ping)).hasSize(1);
    }
    assertThat(calls).hasValue(0);
  }

  /** The frame with a priority tag behind its addresses. */
  private static byte[] withPriority(byte[] frame) {
    byte[] tagged = new byte[frame.length + 4];
    System.arraycopy(frame, 0, tagged, 0, 12);
    tagged[12] = (byte) 0x81;
    tagged[14] = (byte) 0xa0;
    System.arraycopy(frame, 12, tagged, 16, frame.length - 12);
    return tagged;
  }

  @Test
  void framesWithAPriorityTagAreAnsweredAsUntaggedOnesAre() {
    introduce();
    List<byte[]> arp = net.exchange(ask(TestNetwork.GATEWAY));
    assertThat(net.exchange(withPriority(ask(TestNetwork.GATEWAY))))
        .usingRecursiveComparison()
        .isEqualTo(arp);
    byte[] ping = TestNetwork.echo(TestNetwork.GATEWAY, 64, HELLO);
    assertThat(net.exchange(withPriority(ping))).singleElement().matches(f -> f[12] == 8);
    gateway.serve(67, (payload, from) -> from.answer(payload.copy()));
    byte[] discover = TestNetwork.udp(TestNetwork.GUEST, TestNetwork.GATEWAY, 68, 67, HELLO);
    assertThat(net.exchange(withPriority(discover))).singleElement().matches(f -> f[12] == 8);
  }

  @Test
  void answersPing() {
    introduce();
    List<byte[]> frames = net.exchange(TestNetwork.echo(TestNetwork.GATEWAY, 1, HELLO));
    assertThat(frames).hasSize(1);
    ByteBuf b = view(frames.getFirst());
    assertThat(Ipv4.checksumValid(b, 14)).isTrue();
    assertThat(Ipv4.destination(b, 14)).isEqualTo(TestNetwork.GUEST);
    assertThat(Icmp.type(b, 34)).isEqualTo(Icmp.ECHO_REPLY);
    assertThat(Icmp.checksumValid(b, 34, 13)).isTrue();
    assertThat(b.toString(42, 5, StandardCharsets.UTF_8)).isEqualTo("hello");
  }

  @Test
  void putsFragmentsTogetherInAnyOrderAndAnswersInFragments() {
    introduce();
    byte[] data = new byte[4000];
    Arrays.fill(data, (byte) 'x');
    byte[] icmp = TestNetwork.icmp(Icmp.ECHO_REQUEST, 3, data);
    List<byte[]> answers = new ArrayList<>();
    answers.addAll(net.exchange(fragment(icmp, 2960, icmp.length, false)));
    answers.addAll(net.exchange(fragment(icmp, 1480, 2960, true)));
    answers.addAll(net.exchange(fragment(icmp, 1480, 2960, true)));
    assertThat(answers).isEmpty();
    answers.addAll(net.exchange(fragment(icmp, 0, 1480, true)));
    assertThat(answers).hasSize(3);
    ByteBuf whole = Unpooled.buffer();
    for (byte[] answer : answers) {
      assertThat(answer.length).isLessThanOrEqualTo(1514);
      whole.writeBytes(answer, 34, answer.length - 34);
    }
    assertThat(Icmp.checksumValid(whole, 0, whole.readableBytes())).isTrue();
    assertThat(whole.readableBytes()).isEqualTo(4008);
    assertThat(gateway.counters().get(GatewayCount.REASSEMBLED)).isEqualTo(1);
  }

  @Test
  void whatExceedsTheMtuOfAGuestsPortComesInFragmentsThatPassIt() {
    InMemoryPort narrow = new InMemoryPort("narrow", 1000, Offloads.NONE);
    narrow.attachTo(net.network);
    narrow.send(TestNetwork.frame(ask(TestNetwork.GATEWAY)));
    narrow.drain();
    byte[] icmp = TestNetwork.icmp(Icmp.ECHO_REQUEST, 3, new byte[1400]);
    narrow.send(TestNetwork.frame(fragment(icmp, 0, 960, true)));
    narrow.send(TestNetwork.frame(fragment(icmp, 960, icmp.length, false)));
    ByteBuf whole = Unpooled.buffer();
    for (byte[] answer : narrow.drain()) {
      assertThat(answer.length).isLessThanOrEqualTo(1014);
      whole.writeBytes(answer, 34, answer.length - 34);
    }
    assertThat(whole.readableBytes()).isEqualTo(1408);
    narrow.close();
  }

  private static byte[] fragment(byte[] payload, int from, int to, boolean more) {
    return TestNetwork.ipv4(
        TestNetwork.GUEST,
        TestNetwork.GATEWAY,
        Ipv4.ICMP,
        64,
        77,
        (from / 8) | (more ? Ipv4.MORE_FRAGMENTS : 0),
        Arrays.copyOfRange(payload, from, to));
  }

  @Test
  void overlappingFragmentsAreGivenUp() {
    introduce();
    byte[] icmp = TestNetwork.icmp(Icmp.ECHO_REQUEST, 3, new byte[3000]);
    net.exchange(fragment(icmp, 0, 1480, true));
    net.exchange(fragment(icmp, 1472, 2952, true));
    assertThat(net.exchange(fragment(icmp, 1480, icmp.length, false))).isEmpty();
    assertThat(gateway.counters().get(GatewayCount.REASSEMBLY_FAILED)).isGreaterThan(0);
  }

  @Test
  void tellsTheSenderWhenFragmentsAreMissingForTooLong() {
    introduce();
    byte[] icmp = TestNetwork.icmp(Icmp.ECHO_REQUEST, 3, new byte[3000]);
    net.exchange(fragment(icmp, 0, 1480, true));
    net.timers.advance(Duration.ofSeconds(31));
    ByteBuf b = view(net.guest.drain().getFirst());
    assertThat(Icmp.type(b, 34)).isEqualTo(Icmp.TIME_EXCEEDED);
    assertThat(Icmp.code(b, 34)).isEqualTo(1);
  }

  @Test
  void aClosedPortIsUnreachable() {
    introduce();
    byte[] request = TestNetwork.udp(TestNetwork.GUEST, TestNetwork.GATEWAY, 1000, 2000, HELLO);
    List<byte[]> frames = net.exchange(request);
    assertThat(frames).hasSize(1);
    ByteBuf b = view(frames.getFirst());
    assertThat(Icmp.type(b, 34)).isEqualTo(Icmp.UNREACHABLE);
    assertThat(Icmp.code(b, 34)).isEqualTo(Icmp.PORT_UNREACHABLE);
    assertThat(b.getInt(38)).isZero();
    byte[] quoted = new byte[28 + 5];
    b.getBytes(42, quoted);
    assertThat(quoted).isEqualTo(Arrays.copyOfRange(request, 14, 14 + 33));
  }

  @Test
  void errorsAreLimitedPerGuest() {
    introduce();
    byte[] request = TestNetwork.udp(TestNetwork.GUEST, TestNetwork.GATEWAY, 1000, 2000, HELLO);
    int sent = 0;
    for (int i = 0; i < 1000; i++) {
      sent += net.exchange(request).size();
    }
    assertThat(sent).isBetween(90, 110);
    net.timers.advance(Duration.ofSeconds(1));
    assertThat(net.exchange(request)).hasSize(1);
  }

  @Test
  void neverAnswersAnIcmpErrorWithOne() {
    introduce();
    byte[] error = TestNetwork.icmp(Icmp.UNREACHABLE, 0, new byte[28]);
    assertThat(
            net.exchange(
                TestNetwork.ipv4(
                    TestNetwork.GUEST, Ipv4.parse("127.0.0.1"), Ipv4.ICMP, 64, 1, 0, error)))
        .isEmpty();
  }

  @Test
  void theHostsLoopbackIsProhibitedByAnyAddress() {
    introduce();
    for (String address : List.of("127.0.0.1", "127.8.9.10", "0.0.0.0", "0.1.2.3")) {
      List<byte[]> frames =
          net.exchange(TestNetwork.udp(TestNetwork.GUEST, Ipv4.parse(address), 1000, 53, HELLO));
      assertThat(frames).as(address).hasSize(1);
      assertThat(Icmp.code(view(frames.getFirst()), 34)).isEqualTo(Icmp.ADMIN_PROHIBITED);
    }
    assertThat(
            Icmp.code(
                view(
                    net.exchange(
                            TestNetwork.udp(TestNetwork.GUEST, TestNetwork.HOST, 1000, 53, HELLO))
                        .getFirst()),
                34))
        .isEqualTo(Icmp.HOST_UNREACHABLE);
  }

  @Test
  void multicastAndReservedDestinationsAreDroppedInSilence() {
    introduce();
    for (String address : List.of("224.0.0.251", "239.1.2.3", "240.0.0.1", "255.255.255.254")) {
      assertThat(
              net.exchange(
                  TestNetwork.udp(TestNetwork.GUEST, Ipv4.parse(address), 1000, 53, HELLO)))
          .isEmpty();
    }
    assertThat(gateway.counters().get(GatewayCount.MARTIAN_DESTINATION)).isEqualTo(4);
  }

  @Test
  void aSourceOutsideTheSubnetOrOfTheGatewayIsDropped() {
    introduce();
    for (String address :
        List.of("10.0.0.1", "192.168.127.2", "192.168.127.0", "192.168.127.255", "0.0.0.0")) {
      assertThat(
              net.exchange(
                  TestNetwork.udp(Ipv4.parse(address), TestNetwork.GATEWAY, 1000, 53, HELLO)))
          .isEmpty();
    }
    assertThat(gateway.counters().get(GatewayCount.MARTIAN_SOURCE)).isEqualTo(5);
  }

  @Test
  void aPacketWhoseTimeRunsOutHereIsTold() {
    introduce();
    PacketEngine silent = packet -> {};
    gateway.engines(silent, silent, silent, true);
    ByteBuf b = view(net.exchange(TestNetwork.echo(TestNetwork.WORLD, 1, HELLO)).getFirst());
    assertThat(Icmp.type(b, 34)).isEqualTo(Icmp.TIME_EXCEEDED);
    assertThat(Ipv4.source(b, 14)).isEqualTo(TestNetwork.GATEWAY);
  }

  @Test
  void badHeadersAndChecksumsAreCountedAndDropped() {
    introduce();
    byte[] good = TestNetwork.echo(TestNetwork.GATEWAY, 64, HELLO);
    byte[] checksum = good.clone();
    checksum[24] ^= 1;
    byte[] version = good.clone();
    version[14] = 0x55;
    byte[] length = good.clone();
    length[16] = 0x7f;
    byte[] transport = good.clone();
    transport[45] ^= 1;
    for (byte[] bad : List.of(checksum, version, length, transport)) {
      assertThat(net.exchange(bad)).isEmpty();
    }
    assertThat(gateway.counters().get(GatewayCount.BAD_IPV4_CHECKSUM)).isEqualTo(1);
    assertThat(gateway.counters().get(GatewayCount.BAD_IPV4)).isEqualTo(2);
    assertThat(gateway.counters().get(GatewayCount.BAD_TRANSPORT_CHECKSUM)).isEqualTo(1);
  }

  @Test
  void aServiceTakesDatagramsAndAnswersFromWhereTheyWent() {
    introduce();
    gateway.serve(
        53,
        (payload, from) -> {
          assertThat(from.mac()).isEqualTo(TestNetwork.GUEST_MAC);
          assertThat(from.address()).isEqualTo(Address.ofIpv4(TestNetwork.GUEST));
          from.answer(payload.copy());
        });
    List<byte[]> frames =
        net.exchange(TestNetwork.udp(TestNetwork.GUEST, TestNetwork.GATEWAY, 1000, 53, HELLO));
    assertThat(frames).hasSize(1);
    ByteBuf b = view(frames.getFirst());
    assertThat(Udp.sourcePort(b, 34)).isEqualTo(53);
    assertThat(Udp.destinationPort(b, 34)).isEqualTo(1000);
    assertThat(b.toString(42, 5, StandardCharsets.UTF_8)).isEqualTo("hello");
  }

  @Test
  void dhcpIsHeardFromAClientWithoutAddress() {
    List<Address> heard = new ArrayList<>();
    gateway.serve(67, (payload, from) -> heard.add(from.address()));
    byte[] discover = TestNetwork.udp(0, -1, 68, 67, HELLO);
    Arrays.fill(discover, 0, 6, (byte) 0xff);
    net.exchange(discover);
    assertThat(heard).containsExactly(Address.ANY_IPV4);
  }

  /** It would leave as the guest that was heard before, or nobody. */
  @Test
  void aPacketWithoutASourceReachesNothingButDhcp() {
    List<Packet> out = new ArrayList<>();
    List<Address> heard = new ArrayList<>();
    gateway.serve(67, (payload, from) -> heard.add(from.address()));
    gateway.engines(out::add, out::add, out::add, true);
    List<String> never =
        List.of("192.0.2.1", "192.168.127.77", "192.168.127.1", "192.168.127.255", "127.0.0.1");
    for (int round = 0; round < 2; round++) { // no packet before, and one of a guest
      for (String destination : never) {
        net.exchange(TestNetwork.udp(0, Ipv4.parse(destination), 68, 67, HELLO));
      }
      introduce();
      net.exchange(TestNetwork.echo(TestNetwork.GATEWAY, 64, HELLO));
    }
    assertThat(out).isEmpty();
    assertThat(heard).isEmpty();
    assertThat(gateway.counters().get(GatewayCount.MARTIAN_SOURCE)).isEqualTo(2L * never.size());
    net.exchange(TestNetwork.udp(0, TestNetwork.GATEWAY, 68, 67, HELLO));
    net.exchange(TestNetwork.udp(0, -1, 68, 67, HELLO));
    assertThat(heard).containsExactly(Address.ANY_IPV4, Address.ANY_IPV4);
    assertThat(gateway.counters().get(GatewayCount.INTERNAL_ERROR)).isZero();
  }

  @Test
  void anErrorOfTheGatewaysOwnIsAProblemForAMinute() {
    LogWatch.expect("gateway-error");
    introduce();
    gateway.serve(
        53,
        (payload, from) -> {
          throw new IllegalStateException("a mistake");
        });
    assertThat(gateway.problem()).isEmpty();
    byte[] query = TestNetwork.udp(TestNetwork.GUEST, TestNetwork.GATEWAY, 1000, 53, HELLO);
    net.exchange(query);
    net.timers.advance(Duration.ofSeconds(50));
    net.exchange(query);
    net.timers.advance(Duration.ofSeconds(50));
    assertThat(gateway.problem()).contains("2 internal errors").contains("gateway-error");
    net.timers.advance(Duration.ofSeconds(20));
    assertThat(gateway.problem()).isEmpty();
  }

  @Test
  void aPriorityTagIsNoVlan() {
    List<Address> heard = new ArrayList<>();
    gateway.serve(53, (payload, from) -> heard.add(from.address()));
    byte[] query = TestNetwork.udp(TestNetwork.GUEST, TestNetwork.GATEWAY, 1000, 53, HELLO);
    net.exchange(tagged(0x6000, query));
    assertThat(heard).containsExactly(Address.ofIpv4(TestNetwork.GUEST));
    assertThat(net.exchange(tagged(0x6000, ask(TestNetwork.GATEWAY)))).hasSize(1);
    net.exchange(tagged(0x6007, query));
    assertThat(heard).hasSize(1);
    assertThat(gateway.counters().get(GatewayCount.BAD_FRAME)).isEqualTo(1);
  }

  /** A frame with a tag of IEEE 802.1Q: priority and VLAN. */
  private static byte[] tagged(int control, byte[] frame) {
    ByteBuf b = Unpooled.buffer();
    b.writeBytes(frame, 0, 12).writeShort(0x8100).writeShort(control);
    b.writeBytes(frame, 12, frame.length - 12);
    return Arrays.copyOf(b.array(), b.readableBytes());
  }

  @Test
  void dhcpIsHeardFromAClientThatStillHasAnAddressOfAnotherNetwork() {
    List<Address> heard = new ArrayList<>();
    gateway.serve(67, (payload, from) -> heard.add(from.address()));
    gateway.serve(53, (payload, from) -> heard.add(from.address()));
    int elsewhere = Ipv4.parse("10.0.0.5");
    int linkLocal = Ipv4.parse("169.254.7.7");
    for (int source : new int[] {elsewhere, linkLocal}) {
      net.exchange(TestNetwork.udp(source, -1, 68, 67, HELLO));
    }
    assertThat(heard).containsExactly(Address.ofIpv4(elsewhere), Address.ofIpv4(linkLocal));
    for (String never :
        List.of("127.0.0.1", "0.0.0.9", "224.0.0.1", "255.255.255.255", "192.168.127.255")) {
      net.exchange(TestNetwork.udp(Ipv4.parse(never), -1, 68, 67, HELLO));
    }
    net.exchange(TestNetwork.udp(elsewhere, TestNetwork.GATEWAY, 68, 67, HELLO));
    net.exchange(TestNetwork.udp(elsewhere, -1, 68, 53, HELLO));
    assertThat(heard).hasSize(2);
    assertThat(gateway.counters().get(GatewayCount.MARTIAN_SOURCE)).isEqualTo(7);
  }

  @Test
  void aServiceKnowsThePortOfADatagramWhateverItsAddressesSay() {
    List<String> heard = new ArrayList<>();
    gateway.serve(53, (payload, from) -> heard.add(from.station().toString()));
    InMemoryPort other = InMemoryPort.attached("other", Offloads.NONE, net.network);
    try {
      byte[] query = TestNetwork.udp(TestNetwork.GUEST, TestNetwork.GATEWAY, 1000, 53, HELLO);
      net.exchange(query);
      other.send(TestNetwork.frame(query));
      assertThat(heard).as("the address is behind the other port").hasSize(1);
      int next = TestNetwork.GUEST + 1;
      other.send(TestNetwork.frame(TestNetwork.udp(next, TestNetwork.GATEWAY, 1000, 53, HELLO)));
      assertThat(heard).containsExactly("52:54:00:00:00:10 on guest", "52:54:00:00:00:10 on other");
      assertThat(gateway.stations().budgets()).hasSize(2);
      net.network.detach(other);
      assertThat(gateway.stations().budgets()).hasSize(1);
    } finally {
      other.close();
    }
  }

  @Test
  void aLargeAnswerOfAServiceIsFragmented() {
    introduce();
    gateway.serve(53, (payload, from) -> from.answer(Unpooled.wrappedBuffer(new byte[4000])));
    assertThat(
            net.exchange(TestNetwork.udp(TestNetwork.GUEST, TestNetwork.GATEWAY, 1000, 53, HELLO)))
        .hasSize(3);
  }
}
