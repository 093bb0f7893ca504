package io.lanyard.nat.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.base.Counters;
import io.lanyard.nat.NatNetwork;
import io.lanyard.nat.NatOptions;
import io.lanyard.testing.LogWatch;
import io.lanyard.vswitch.Offloads;
import io.lanyard.vswitch.SinkPort;
import io.lanyard.vswitch.Switch;
import io.lanyard.vswitch.frame.Arp;
import io.lanyard.vswitch.frame.Ethernet;
import io.lanyard.vswitch.frame.Ipv4;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import java.time.Duration;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/**
 * A million hostile frames into the whole gateway, TCP engine included. Nothing leaves: the network
 * does not translate.
 */
class GatewayFuzzTest {
  private static final int FRAMES = 1_000_000;

  private final TestNetwork net = new TestNetwork();
  private final UnpooledByteBufAllocator allocator = new UnpooledByteBufAllocator(true, true);

  private static List<byte[]> seeds() {
    byte[] data = new byte[64];
    byte[] tcp = new byte[40];
    tcp[0] = 0x30;
    tcp[3] = 80;
    tcp[12] = (byte) 0xa0;
    tcp[13] = 2;
    byte[] tagged = new byte[64];
    ByteBuf writer = TestNetwork.view(tagged);
    Ethernet.write(writer, 0, TestNetwork.GATEWAY_MAC, TestNetwork.GUEST_MAC, Ethernet.TYPE_VLAN);
    writer.setShort(14, 10);
    return List.of(
        tagged,
        TestNetwork.arp(
            Ethernet.BROADCAST,
            Arp.REQUEST,
            TestNetwork.GUEST_MAC,
            TestNetwork.GUEST,
            0,
            TestNetwork.GATEWAY),
        TestNetwork.echo(TestNetwork.GATEWAY, 64, data),
        TestNetwork.echo(TestNetwork.WORLD, 64, data),
        TestNetwork.udp(TestNetwork.GUEST, TestNetwork.GATEWAY, 1000, 67, data),
        TestNetwork.udp(TestNetwork.GUEST, TestNetwork.GATEWAY, 1000, 9, data),
        TestNetwork.udp(TestNetwork.GUEST, TestNetwork.WORLD, 1000, 9, data),
        TestNetwork.ipv4(
            TestNetwork.GUEST, TestNetwork.GATEWAY, Ipv4.UDP, 64, 3, Ipv4.MORE_FRAGMENTS, data),
        TestNetwork.ipv4(TestNetwork.GUEST, TestNetwork.GATEWAY, Ipv4.UDP, 64, 3, 8, data),
        TestNetwork.ipv4(TestNetwork.GUEST, TestNetwork.GATEWAY, Ipv4.TCP, 64, 3, 0, tcp),
        TestNetwork.ipv4(
            TestNetwork.GUEST,
            TestNetwork.GATEWAY,
            Ipv4.ICMP,
            64,
            3,
            0,
            TestNetwork.icmp(3, 0, new byte[40])));
  }

  /** Repairs the IPv4 header's checksum most of the time, so that the inner parsers see input. */
  private static void mutate(ByteBuf frame, byte[] seed, SplittableRandom random) {
    frame.clear();
    frame.writeZero(12).writeBytes(seed);
    int changes = random.nextInt(6);
    for (int i = 0; i < changes; i++) {
      frame.setByte(12 + random.nextInt(seed.length), random.nextInt(256));
    }
    if (random.nextInt(8) == 0) {
      frame.setByte(random.nextInt(12), random.nextInt(256));
    } else if (random.nextInt(2) == 0) {
      // The port vouches for the checksums.
      frame.setByte(0, 2);
    }
    if (random.nextInt(16) == 0) {
      frame.writerIndex(12 + random.nextInt(seed.length));
    }
    if (frame.readableBytes() >= 12 + 14 + 60 && random.nextInt(4) != 0) {
      Ipv4.finishChecksum(frame, 26);
    }
  }

  @Test
  void a_million_hostile_frames_do_no_harm() throws Exception {
    LogWatch.expect("address-conflict");
    EventLoopGroup group = new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
    try {
      EventLoop loop = group.next();
      loop.submit(() -> attack(loop)).get(120, TimeUnit.SECONDS);
    } finally {
      group.shutdownGracefully(0, 1, TimeUnit.SECONDS).sync();
    }
    assertThat(allocator.metric().usedDirectMemory()).isZero();
    assertThat(allocator.metric().usedHeapMemory()).isZero();
  }

  private void attack(EventLoop loop) {
    SplittableRandom random = new SplittableRandom(20261122);
    int[] received = new int[1];
    Switch network = new Switch("fuzz", net.timers, loop, allocator);
    SinkPort guest =
        new SinkPort(
            "guest",
            Offloads.ALL,
            network,
            frame -> {
              assertThat(frame.readableBytes()).isGreaterThanOrEqualTo(12 + 14);
              received[0]++;
            });
    NatNetwork nat =
        new NatNetwork(
            loop,
            network,
            net.timers,
            allocator,
            NatOptions.of("fuzz", TestNetwork.addresses(false)).withTranslate(false),
            nic -> null);
    nat.serve(67, (payload, from) -> from.answer(payload.copy()));
    List<byte[]> seeds = seeds();
    ByteBuf frame = allocator.directBuffer(2048);
    for (int i = 0; i < FRAMES; i++) {
      if (random.nextInt(4) == 0) {
        byte[] noise = new byte[random.nextInt(120)];
        random.nextBytes(noise);
        frame.clear().writeBytes(noise);
        if (noise.length < 12) {
          frame.writeZero(12 - noise.length);
        }
      } else {
        mutate(frame, seeds.get(random.nextInt(seeds.size())), random);
      }
      network.receive(guest, frame);
      if (i % 32 == 0) {
        network.flush();
      }
      if (i % 1000 == 0) {
        net.timers.advance(Duration.ofMillis(200));
      }
    }
    frame.release();
    Counters<GatewayCount> counters = nat.gateway().counters();
    assertThat(counters.get(GatewayCount.INTERNAL_ERROR)).isZero();
    for (GatewayCount expected :
        List.of(
            GatewayCount.BAD_FRAME,
            GatewayCount.BAD_ARP,
            GatewayCount.BAD_IPV4,
            GatewayCount.BAD_IPV4_CHECKSUM,
            GatewayCount.MARTIAN_SOURCE,
            GatewayCount.BAD_TRANSPORT,
            GatewayCount.BAD_TRANSPORT_CHECKSUM,
            GatewayCount.FRAGMENTS_IN,
            GatewayCount.REASSEMBLY_FAILED,
            GatewayCount.ADDRESS_CONFLICT,
            GatewayCount.ICMP_ERRORS_LIMITED,
            GatewayCount.ECHO_ANSWERED)) {
      assertThat(counters.get(expected)).as(expected.name()).isPositive();
    }
    assertThat(received[0]).isPositive();
    nat.close();
    network.close();
    net.guest.close();
  }
}
