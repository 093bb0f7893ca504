package io.lanyard.vswitch.capture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.lanyard.vswitch.frame.Frames;
import io.lanyard.vswitch.frame.OffloadHeader;
import io.lanyard.vswitch.pcap.FilterException;
import io.lanyard.vswitch.pcap.Pcap;
import io.netty.buffer.ByteBuf;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Expressions of pcap-filter(7), compiled by libpcap and run over frames. Needs libpcap. */
class CompiledFilterTest {
  private static final long A = 0x525400000001L;
  private static final long B = 0x525400000002L;

  private static boolean matches(String filter, ByteBuf frame) throws Exception {
    return new FrameFilter(Pcap.library().compile(filter))
        .matches(
            frame,
            frame.readerIndex() + OffloadHeader.LENGTH,
            frame.readableBytes() - OffloadHeader.LENGTH);
  }

  @ParameterizedTest
  @CsvSource({
    "udp, true",
    "ip, true",
    "tcp, false",
    "arp, false",
    "ip6, false",
    "port 53, true",
    "udp port 5353, true",
    "tcp port 53, false",
    "udp dst port 53, true",
    "udp src port 53, false",
    "portrange 50-60, true",
    "host 10.0.0.1, true",
    "src host 10.0.0.1, false",
    "net 10.0.0.0/24, true",
    "net 10.0.1.0/24, false",
    "ether host 52:54:00:00:00:01, true",
    "ether host 52:54:00:00:00:03, false",
    "! tcp && udp, true",
    "not (tcp or udp), false",
    "(tcp or udp) and port 53, true",
    "broadcast, false",
    "multicast, false",
    "len > 60, true",
    "len > 62, false",
    "udp[8] = 7, true",
    "ip[8] < 64 or ip[6] & 0x20 != 0, false",
    "ether[0:4] = 0x52540000, true",
    "vlan, false"
  })
  void aDatagramMatchesWhatIsSaidOfIt(String filter, boolean expected) throws Exception {
    byte[] payload = new byte[20];
    payload[0] = 7;
    ByteBuf frame = Frames.udp4(A, B, 0x0a000002, 5353, 0x0a000001, 53, payload);
    try {
      assertThat(matches(filter, frame)).isEqualTo(expected);
    } finally {
      frame.release();
    }
  }

  @Test
  void aTagIsNamedFirst() throws Exception {
    ByteBuf udp = Frames.udp4(A, B, 0x0a000002, 5353, 0x0a000001, 53, new byte[20]);
    byte[] packet = new byte[udp.readableBytes() - OffloadHeader.LENGTH - 14];
    udp.getBytes(udp.readerIndex() + OffloadHeader.LENGTH + 14, packet);
    ByteBuf tagged = Frames.tagged(A, B, 20, 0x0800, packet);
    assertThat(matches("udp port 53", tagged)).isFalse();
    assertThat(matches("vlan 20 and udp port 53", tagged)).isTrue();
    udp.release();
    tagged.release();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "tcp prt 80|5|at column 5: \"prt 80\", behind \"tcp\"",
        "host 10.0.0.1 andd udp|15|at column 15: \"andd udp\", behind \"host 10.0.0.1\"",
        "tcp and|5|\"and\"",
        "tcp and port 99999|5|illegal port number 99999 > 65535",
        "(tcp|1|syntax error",
        "tcp)|4|\")\"",
        "tcp[300000]|1|syntax error",
        "ether host zz|1|unknown ether host 'zz'"
      })
  void aWrongExpressionIsAnErrorThatSaysWhere(String filter, int column, String said) {
    FilterException wrong =
        catchThrowableOfType(FilterException.class, () -> Pcap.library().compile(filter));
    assertThat(wrong.column()).isEqualTo(column);
    assertThat(wrong).hasMessageContaining(said);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"and", "not", "host", "port -1", "ether 1", "src", "\u0000", "tcp \u00e9"})
  void whatIsNoFilterIsSaid(String text) {
    assertThatThrownBy(() -> Pcap.library().compile(text))
        .isInstanceOf(FilterException.class)
        .hasMessageNotContaining("null");
  }

  @Test
  void whatIsLongOrDeepIsRefusedOrCompiledButEnds() throws Exception {
    for (String text :
        List.of("(".repeat(900), "not ".repeat(250), "tcp or ".repeat(200), "x ".repeat(450))) {
      assertThatThrownBy(() -> Pcap.library().compile(text)).isInstanceOf(FilterException.class);
    }
    assertThat(Pcap.library().compile("not ".repeat(240) + "tcp")).isNotEmpty();
  }
}
