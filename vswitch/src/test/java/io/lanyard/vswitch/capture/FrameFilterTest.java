package io.lanyard.vswitch.capture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lanyard.vswitch.frame.Frames;
import io.lanyard.vswitch.frame.OffloadHeader;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class FrameFilterTest {
  private static final long A = 0x525400000001L;
  private static final long B = 0x525400000002L;

  private static boolean matches(String filter, ByteBuf frame) {
    return FrameFilter.parse(filter)
        .matches(
            frame,
            frame.readerIndex() + OffloadHeader.LENGTH,
            frame.readableBytes() - OffloadHeader.LENGTH);
  }

  @ParameterizedTest
  @CsvSource({
    "udp, true",
    "ip, true",
    "UDP and IP, true",
    "tcp, false",
    "arp, false",
    "ip6, false",
    "port 53, true",
    "udp port 5353, true",
    "tcp port 53, false",
    "udp dst port 53, true",
    "udp src port 53, false",
    "src port 5353, true",
    "host 10.0.0.1, true",
    "src host 10.0.0.1, false",
    "dst host 10.0.0.1, true",
    "net 10.0.0.0/24, true",
    "net 10.0.1.0/24, false",
    "ether host 52:54:00:00:00:01, true",
    "ether host 52:54:00:00:00:03, false",
    "not tcp, true",
    "! tcp && udp, true",
    "not (tcp or udp), false",
    "tcp or udp and port 1, false",
    "(tcp or udp) and port 53, true",
    "udp and src host 10.0.0.2, true",
    "broadcast, false",
    "multicast, false"
  })
  void aDatagramMatchesWhatIsSaidOfIt(String filter, boolean expected) {
    ByteBuf frame = Frames.udp4(A, B, 0x0a000002, 5353, 0x0a000001, 53, new byte[20]);
    assertThat(matches(filter, frame)).isEqualTo(expected);
    frame.release();
  }

  @Test
  void aTagIsLookedThrough() {
    ByteBuf udp = Frames.udp4(A, B, 0x0a000002, 5353, 0x0a000001, 53, new byte[20]);
    byte[] packet = new byte[udp.readableBytes() - OffloadHeader.LENGTH - 14];
    udp.getBytes(udp.readerIndex() + OffloadHeader.LENGTH + 14, packet);
    ByteBuf tagged = Frames.tagged(A, B, 20, 0x0800, packet);
    assertThat(matches("udp port 53 and host 10.0.0.2", tagged)).isTrue();
    udp.release();
    tagged.release();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        " ",
        "and",
        "tcp and",
        "not",
        "(tcp",
        "tcp)",
        "host",
        "host x",
        "net 10.0.0.0",
        "port",
        "port 65536",
        "port -1",
        "ether 1",
        "ether host 1",
        "src",
        "src tcp",
        "tcp udp",
        "len > 5"
      })
  void whatIsNoFilterIsSaid(String text) {
    assertThatThrownBy(() -> FrameFilter.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageNotContaining("null");
  }

  @Test
  void aFilterIsNeitherLongNorDeep() {
    for (String text :
        List.of("(".repeat(900), "not ".repeat(240) + "tcp", "tcp or ".repeat(200))) {
      assertThatThrownBy(() -> FrameFilter.parse(text))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void noFrameIsReadBeyondItsEnd() {
    Random random = new Random(7);
    FrameFilter filter = FrameFilter.parse("port 1 or net fd00::/8 or arp or tcp or icmp6");
    byte[] types = {0x08, 0x00, (byte) 0x86, (byte) 0xdd, 0x08, 0x06, (byte) 0x81, 0x00};
    for (int i = 0; i < 20_000; i++) {
      byte[] bytes = new byte[random.nextInt(90)];
      random.nextBytes(bytes);
      if (bytes.length > 14) {
        System.arraycopy(types, 2 * random.nextInt(4), bytes, 12, 2);
      }
      // A read beyond the end throws: the buffer is no longer than the frame.
      ByteBuf frame = Unpooled.wrappedBuffer(bytes);
      assertThat(filter.matches(frame, 0, bytes.length)).isIn(true, false);
    }
  }
}
