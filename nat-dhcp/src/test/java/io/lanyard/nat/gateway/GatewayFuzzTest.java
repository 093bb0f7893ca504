package io.lanyard.nat.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.lanyard.base.Counters;
import io.lanyard.nat.HostResources;
import io.lanyard.nat.NatNetwork;
import io.lanyard.nat.TestNetworks;
import io.lanyard.testing.FuzzInput;
import io.lanyard.testing.LogWatch;
import io.lanyard.testing.SteppedTimers;
import io.lanyard.vswitch.Offloads;
import io.lanyard.vswitch.SinkPort;
import io.lanyard.vswitch.Switch;
import io.lanyard.vswitch.frame.Icmpv6;
import io.lanyard.vswitch.frame.Ipv4;
import io.lanyard.vswitch.frame.Ipv6;
import io.lanyard.vswitch.frame.WireFrame;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.channel.DefaultEventLoop;
import io.netty.channel.EventLoop;
import java.time.Duration;

/**
 * Frames of any form into the whole gateway: ARP, neighbour discovery, ICMP, extension headers,
 * fragments, UDP and TCP, in both families. Nothing leaves, as the network does not translate; what
 * is answered is well formed, and nothing is kept in the end.
 *
 * <p>An input is a series of steps: a choice, then length, offload header and frame; or time that
 * passes. By the choice the checksum of the IPv4 header or of ICMPv6 is put right, so that the
 * parsers behind it see what comes.
 */
class GatewayFuzzTest {
  private static final int MOST_STEPS = 64;
  private static final int PACKET = 26;
  private static final String IPV6 = "ipv6: {subnet: \"" + Ipv6Frames.SUBNET + "\"}";

  /** Never runs: the test is the loop. */
  private static final EventLoop LOOP = new DefaultEventLoop();

  private final UnpooledByteBufAllocator allocator = new UnpooledByteBufAllocator(true, true);

  @FuzzTest
  void framesOfAnyFormDoNoHarm(byte[] input) {
    LogWatch.allowWarnings();
    SteppedTimers timers = new SteppedTimers();
    Switch network = new Switch("fuzz", timers, allocator);
    SinkPort guest =
        new SinkPort("guest", Offloads.NONE, network, frame -> check(new WireFrame(frame)));
    NatNetwork nat =
        TestNetworks.inward(
            LOOP,
            network,
            timers,
            allocator,
            TestNetworks.named("test", IPV6),
            HostResources.alone(),
            nic -> null);
    nat.serve(67, (payload, from) -> from.answer(payload.copy()));
    FuzzInput in = new FuzzInput(input);
    ByteBuf frame = allocator.directBuffer(2048);
    for (int step = 0; step < MOST_STEPS && in.hasNext(); step++) {
      int choice = in.choice(8);
      if (choice == 7) {
        timers.advance(Duration.ofMillis(1L << in.choice(18)));
        continue;
      }
      frame.clear().writeBytes(in.chunk());
      if (frame.readableBytes() < 12) {
        frame.writeZero(12 - frame.readableBytes());
      }
      int length = frame.readableBytes() - PACKET;
      if (choice < 5 && length >= 60) {
        Ipv4.finishChecksum(frame, PACKET);
      } else if (choice >= 5 && length >= 48 && Ipv6.nextHeader(frame, PACKET) == Ipv6.ICMPV6) {
        int at = PACKET + Ipv6.HEADER_LENGTH;
        int said = Ipv6.payloadLength(frame, PACKET);
        int message = said >= 8 && said <= length - 40 ? said : length - 40;
        Icmpv6.finishChecksum(frame, PACKET, at, message);
      }
      network.receive(guest, frame);
      if (choice < 3) {
        network.flush();
      }
    }
    frame.release();
    Counters<GatewayCount> counters = nat.gateway().counters();
    assertThat(counters.get(GatewayCount.INTERNAL_ERROR)).isZero();
    nat.close();
    network.close();
    assertThat(allocator.metric().usedDirectMemory()).isZero();
    assertThat(allocator.metric().usedHeapMemory()).isZero();
  }

  /** The gateway speaks in its own name, in whole packets. */
  private static void check(WireFrame frame) {
    assertThat(frame.source()).isEqualTo(TestNetwork.GATEWAY_MAC);
    assertThat(frame.type()).isIn(0x0800, 0x0806, 0x86dd);
    if (frame.type() == 0x0800) {
      frame.isWholeIpv4();
    } else if (frame.type() == 0x86dd) {
      frame.isWholeIpv6();
    }
  }
}
