package io.lanyard.vswitch.policy;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.lanyard.testing.FuzzInput;
import io.lanyard.testing.LogWatch;
import io.lanyard.testing.SteppedTimers;
import io.lanyard.vswitch.InMemoryPort;
import io.lanyard.vswitch.Offloads;
import io.lanyard.vswitch.PortRules;
import io.lanyard.vswitch.Switch;
import io.lanyard.vswitch.frame.Frames;
import io.lanyard.vswitch.frame.WireFrame;
import io.netty.buffer.ByteBuf;
import java.util.List;

/**
 * No router's nor DHCP server's message reaches the host, as a reader finds who shares no code with
 * the shield, whatever stands before it.
 *
 * <p>An input is a series of frames of a guest that nothing guards: length, offload header and
 * frame.
 */
class HostShieldFuzzTest {
  @FuzzTest
  void nothingConfiguresTheHost(byte[] input) {
    LogWatch.allowWarnings();
    Switch network = new Switch("fuzz", new SteppedTimers(), Frames.UNTRACKED);
    InMemoryPort guest = InMemoryPort.attached("guest", Offloads.ALL, network);
    InMemoryPort host = new InMemoryPort("host", Offloads.NONE);
    host.attachTo(
        network,
        new PortRules(
            List.of(), List.of(HostShield.SHIELD), PortRules.Reach.ORDINARY, 8, true, null));
    FuzzInput in = new FuzzInput(input);
    for (int step = 0; step < 32 && in.hasNext(); step++) {
      ByteBuf frame = Frames.untracked(256).writeBytes(in.chunk());
      if (frame.readableBytes() < Frames.PAYLOAD) {
        frame.writeZero(Frames.PAYLOAD - frame.readableBytes());
      }
      guest.send(frame);
      for (ByteBuf got = host.poll(); got != null; got = host.poll()) {
        configuresNothing(new WireFrame(got));
        got.release();
      }
    }
    guest.close();
    host.close();
    network.close();
  }

  private static void configuresNothing(WireFrame frame) {
    int ip = frame.network();
    if (frame.type() == 0x0800) {
      boolean later = (frame.word(ip + 6) & 0x1fff) != 0;
      if (!later) {
        upper(frame, frame.octet(ip + 9), ip + 4 * (frame.octet(ip) & 15), false);
      }
    } else if (frame.type() == 0x86dd) {
      ipv6(frame, ip);
    }
  }

  /** RFC 8200 section 4, RFC 4302 section 2.2; a chain without an end was not to pass. */
  private static void ipv6(WireFrame frame, int ip) {
    int next = frame.octet(ip + 6);
    int at = ip + 40;
    for (int headers = 0; headers < 64; headers++) {
      switch (next) {
        case 0, 43, 60 -> {
          next = frame.octet(at);
          at += 8 * (frame.octet(at + 1) + 1);
        }
        case 51 -> {
          next = frame.octet(at);
          at += 4 * (frame.octet(at + 1) + 2);
        }
        case 44 -> {
          if ((frame.word(at + 2) & 0xfff8) != 0) {
            return; // a later fragment has no header to read
          }
          next = frame.octet(at);
          at += 8;
        }
        default -> {
          upper(frame, next, at, true);
          return;
        }
      }
    }
    throw new AssertionError("a chain without an end");
  }

  private static void upper(WireFrame frame, int protocol, int at, boolean ipv6) {
    if (protocol == 17) {
      assertThat(frame.word(at + 2)).as("for a DHCP client").isNotEqualTo(ipv6 ? 546 : 68);
    } else if (protocol == (ipv6 ? 58 : 1)) {
      assertThat(frame.octet(at))
          .as("of a router")
          .isNotIn(ipv6 ? List.of(134, 137) : List.of(5, 9));
    }
  }
}
