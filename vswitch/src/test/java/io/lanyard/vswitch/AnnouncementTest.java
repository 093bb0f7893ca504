package io.lanyard.vswitch;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.vswitch.frame.Ethernet;
import io.lanyard.vswitch.frame.Frames;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The frames by which other switches hear where the addresses are. */
class AnnouncementTest extends SwitchScene {
  private static String announced(String mac) {
    return "ffffffffffff"
        + mac
        + "8035"
        + "0001080006040003"
        + mac
        + "00000000"
        + mac
        + "00000000"
        + "00".repeat(18);
  }

  private static List<String> drained(InMemoryPort port) {
    return port.drain().stream().map(frame -> HexFormat.of().formatHex(frame)).sorted().toList();
  }

  @Test
  void whatIsKnownElsewhereIsAnnouncedAndNothingElse() {
    a.send(frame(Ethernet.BROADCAST, A));
    b.send(frame(Ethernet.BROADCAST, B));
    b.send(Frames.tagged(Ethernet.BROADCAST, 0x525400000009L, 10, 0x0800, new byte[46]));
    c.send(frame(Ethernet.BROADCAST, C));
    a.drain();
    b.drain();
    c.drain();
    network.announce(c);
    assertThat(drained(c)).containsExactly(announced("525400000001"), announced("525400000002"));
    assertThat(a.pending() + b.pending()).isZero();
  }

  @Test
  void aPortIsToldOfThoseAloneWhomItCanReach() {
    InMemoryPort alone =
        attached(
            "alone",
            new PortRules(
                List.of(), List.of(), PortRules.Reach.ISOLATED, Integer.MAX_VALUE, false, null));
    alone.send(frame(Ethernet.BROADCAST, A));
    network.announce(c);
    assertThat(c.pending()).isZero();
    network.detach(c);
    network.announce(c);
    alone.close();
  }

  @Test
  void aTableFullOfAddressesIsNotAnnouncedWhole() {
    for (int i = 0; i < 5000; i++) {
      a.send(frame(Ethernet.BROADCAST, 0x020000000000L + i));
      a.drain();
      b.drain();
      c.drain();
    }
    network.announce(c);
    assertThat(c.pending()).isEqualTo(512);
    c.drain();
  }
}
