package io.lanyard.dns;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.nat.tcp.HostStream;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.ByteArrayOutputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How many TCP connections a port may have to the name server, and what that leaves the others. */
class StreamPlacesTest {
  @TempDir private Path folder;
  private final List<HostStream> streams = new ArrayList<>();
  private ForwarderScene scene;

  @BeforeEach
  void start() throws Exception {
    scene = new ForwarderScene(folder);
    scene.upstream.answer = response -> null;
  }

  @AfterEach
  void stop() throws Exception {
    scene.onLoop(() -> {
      streams.forEach(HostStream::abort);
      return true;
    });
    assertThat(scene.gauge("streams")).isZero();
    scene.close();
  }

  /** Connects and sends something, on the loop. */
  private DnsStreamTest.Guest connect(String port, byte[] sent) throws Exception {
    return connect(new DnsStreamTest.Guest(), port, sent);
  }

  private DnsStreamTest.Guest connect(DnsStreamTest.Guest guest, String port, byte[] sent)
      throws Exception {
    return scene.onLoop(() -> {
      HostStream stream =
          new DnsStreamService(scene.forwarder, scene.link)
              .open(guest, scene.guest(port).station(), 1);
      if (guest.refused) {
        stream.abort(); // As the engine does.
        return guest;
      }
      streams.add(stream);
      ByteBuf bytes = Unpooled.wrappedBuffer(sent);
      stream.write(bytes);
      bytes.release();
      stream.flush();
      return guest;
    });
  }

  @Test
  void aPortsOldestIdleConnectionGivesItsPlaceToItsNewestAndToNobodyElses() throws Exception {
    List<DnsStreamTest.Guest> hostile = new ArrayList<>();
    byte[] half = {0, 100, 1, 2, 3};
    DnsStreamTest.Guest honest = connect("honest", half);
    for (int i = 0; i < 400; i++) {
      hostile.add(connect("hostile", half));
    }
    assertThat(scene.gauge("streams")).isLessThanOrEqualTo(65);
    assertThat(hostile.getFirst().ended).isTrue();
    assertThat(hostile.getLast().ended).isFalse();
    assertThat(hostile.stream().filter(guest -> !guest.ended)).hasSizeBetween(60, 64);
    assertThat(honest.ended).isFalse();
    DnsStreamTest.Guest other = connect("other", DnsStreamTest.framed("gateway.lan."));
    assertThat(other.answers()).hasSize(1);
  }

  @Test
  void aPortWhoseConnectionsAllWaitGetsNoMoreAndOthersDo() throws Exception {
    List<DnsStreamTest.Guest> hostile = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      hostile.add(connect("hostile", DnsStreamTest.framed("slow" + i + ".example.")));
    }
    assertThat(hostile.stream().filter(guest -> guest.connected)).hasSize(64);
    assertThat(hostile.stream().filter(guest -> guest.refused)).hasSize(36);
    assertThat(scene.count(DnsCount.STREAM_REFUSED)).isEqualTo(36);
    DnsStreamTest.Guest honest = connect("honest", DnsStreamTest.framed("gateway.lan."));
    assertThat(honest.connected).isTrue();
    assertThat(honest.answers()).hasSize(1);
  }

  /** A connection of an exhausted port has room for a byte, and each answer may have 64 KiB. */
  @Test
  void noMoreIsAskedAtATimeThanTheConnectionHasRoomForTheAnswers() throws Exception {
    ByteArrayOutputStream many = new ByteArrayOutputStream();
    for (int i = 0; i < 40; i++) {
      many.writeBytes(DnsStreamTest.framed("slow" + i + ".example."));
    }
    var _ = connect(new DnsStreamTest.Guest(1), "exhausted", many.toByteArray());
    assertThat(scene.gauge("outstanding")).isEqualTo(1);
    var _ = connect(new DnsStreamTest.Guest(64 << 10), "scarce", many.toByteArray());
    assertThat(scene.gauge("outstanding")).isEqualTo(1 + 5);
    var _ = connect("usual", many.toByteArray());
    assertThat(scene.gauge("outstanding")).isEqualTo(1 + 5 + 32);
  }
}
