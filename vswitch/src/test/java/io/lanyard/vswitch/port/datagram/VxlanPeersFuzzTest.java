package io.lanyard.vswitch.port.datagram;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.lanyard.linux.SocketName;
import io.lanyard.net.Address;
import io.lanyard.net.Endpoint;
import io.lanyard.testing.FuzzInput;
import io.lanyard.testing.SteppedClock;
import io.lanyard.vswitch.port.datagram.Addressing.Verdict;
import io.netty.buffer.Unpooled;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Datagrams of VXLAN are frames of their host, or are none, as the header of RFC 7348 says; an
 * address is behind the host that it came from last.
 *
 * <p>An input is a series of steps: who sends, then the datagram.
 */
class VxlanPeersFuzzTest {
  private static final int VNI = 0x4d;
  private static final int PORT = 4789;
  private static final List<Address> HOSTS =
      List.of(Address.parse("198.18.0.1"), Address.parse("198.18.0.2"), Address.parse("fd00::3"));
  private static final Address STRANGER = Address.parse("198.18.0.4");

  @FuzzTest
  void aDatagramIsAFrameOfItsHostOrNone(byte[] input) {
    VxlanPeers peers = new VxlanPeers(VNI, HOSTS, PORT, new SteppedClock());
    Map<Long, Address> behind = new HashMap<>();
    FuzzInput in = new FuzzInput(input);
    for (int step = 0; step < 64 && in.hasNext(); step++) {
      int from = in.choice(4);
      Address sender = from == 3 ? STRANGER : HOSTS.get(from);
      byte[] datagram = in.chunk();
      // A heap buffer of exactly these bytes: an access beyond them throws.
      Verdict verdict =
          peers.judge(
              sender.high(), sender.low(), datagram.length, Unpooled.wrappedBuffer(datagram), 0);
      assertThat(verdict).isEqualTo(expected(from == 3, datagram));
      if (verdict == Verdict.FRAME && (datagram[14] & 1) == 0 && source(datagram) != 0) {
        if ((datagram[8] & 1) == 0) {
          behind.put(source(datagram), sender);
        } else { // the clock stands still: who was heard was heard just now
          behind.putIfAbsent(source(datagram), sender);
        }
      }
      behind.forEach((mac, host) -> {
        assertThat(peers.route(mac)).isEqualTo(1);
        assertThat(peers.receiver(0)).isEqualTo(SocketName.of(new Endpoint(host, PORT)));
      });
    }
    assertThat(peers.route(0xffff_ffff_ffffL)).as("all").isEqualTo(HOSTS.size());
    assertThat(peers.route(0)).as("nobody's").isEqualTo(HOSTS.size());
  }

  private static Verdict expected(boolean strange, byte[] datagram) {
    if (strange) {
      return Verdict.FOREIGN;
    }
    boolean fits =
        datagram.length >= 22
            && (datagram[0] & 8) != 0
            && datagram[4] == 0
            && datagram[5] == 0
            && datagram[6] == VNI;
    return fits ? Verdict.FRAME : Verdict.MALFORMED;
  }

  private static long source(byte[] datagram) {
    long mac = 0;
    for (int i = 14; i < 20; i++) {
      mac = mac << 8 | (datagram[i] & 255);
    }
    return mac;
  }
}
