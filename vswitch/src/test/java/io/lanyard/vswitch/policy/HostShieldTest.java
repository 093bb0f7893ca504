package io.lanyard.vswitch.policy;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.vswitch.DropCause;
import io.lanyard.vswitch.frame.Ethernet;
import io.lanyard.vswitch.frame.Frames;
import io.lanyard.vswitch.frame.Ipv4;
import io.netty.buffer.ByteBuf;
import java.util.HexFormat;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A guest, and the host's adapter with its shield. */
class HostShieldTest extends HostPortScene {
  private static final int FROM = Ipv4.parse("10.0.0.10");
  private static final int TO = Ipv4.parse("10.0.0.1");

  /** From version and class to the addresses; the length and the next header are filled in. */
  private static final String ADDRESSES =
      "fe800000000000000000000000000001" + "ff020000000000000000000000000001";

  HostShieldTest() {
    attachHost(HostShield.SHIELD);
  }

  private static ByteBuf ipv6(int next, String payload) {
    byte[] bytes =
        HexFormat.of()
            .parseHex(
                "60000000%04x%02xff".formatted(payload.length() / 2, next) + ADDRESSES + payload);
    return Frames.ethernet(0x3333_0000_0001L, GUEST, Ethernet.TYPE_IPV6, bytes);
  }

  @ParameterizedTest
  @CsvSource({"67, 68, false", "9, 68, false", "68, 67, true", "53, 5353, true"})
  void anAnswerOfDhcpDoesNotReachTheHost(int fromPort, int toPort, boolean arrives) {
    assertThat(
            arrives(
                Frames.udp4(Ethernet.BROADCAST, GUEST, FROM, fromPort, TO, toPort, new byte[240])))
        .isEqualTo(arrives);
    assertThat(host.counters().transmitDrops(DropCause.GUARD_SERVER)).isEqualTo(arrives ? 0 : 1);
  }

  @ParameterizedTest
  @CsvSource({
    "58, 8600000000000000, false", // router advertisement
    "58, 8900000000000000, false", // redirect
    "58, 8800000000000000, true", // neighbour advertisement
    "58, 8000000000000000, true", // echo
    "17, 0223022200080000, false", // DHCPv6, to the client
    "17, 0222022300080000, true",
    "6, 0000000000000000, true",
    "0, 3a00000000000000" + "8600000000000000, false", // behind a hop-by-hop header
    "44, 3a00000100000001" + "8600000000000000, false", // the first of some fragments
    "58, 86, false", // cut short
    "0, 3aff000000000000, false" // an extension longer than the packet
  })
  void whatConfiguresAHostByIpv6DoesNotReachIt(int next, String payload, boolean arrives) {
    assertThat(arrives(ipv6(next, payload))).isEqualTo(arrives);
  }

  @Test
  void whateverComesIsJudged() {
    Random random = new Random(9);
    for (int i = 0; i < 20_000; i++) {
      byte[] bytes = new byte[random.nextInt(100)];
      random.nextBytes(bytes);
      int type = random.nextBoolean() ? Ethernet.TYPE_IPV4 : Ethernet.TYPE_IPV6;
      boolean _ = arrives(Frames.ethernet(Ethernet.BROADCAST, GUEST, type, bytes));
    }
    assertThat(arrives(Frames.udp4(Ethernet.BROADCAST, GUEST, FROM, 1, TO, 2, new byte[9])))
        .isTrue();
  }
}
