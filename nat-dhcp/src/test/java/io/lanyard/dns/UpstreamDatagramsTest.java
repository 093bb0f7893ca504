package io.lanyard.dns;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.SocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.xbill.DNS.Flags;
import org.xbill.DNS.Message;
import org.xbill.DNS.Rcode;
import org.xbill.DNS.Section;

/** The sockets of queries over UDP: who is heard by them, and who pays for it. */
class UpstreamDatagramsTest {
  @TempDir Path folder;
  private ForwarderScene scene;

  @BeforeEach
  void open() throws Exception {
    scene = new ForwarderScene(folder);
  }

  @AfterEach
  void close() throws Exception {
    scene.close();
  }

  @Test
  void whatComesFromTheServerIsChargedToThePortThatAsked() throws Exception {
    assertThat(scene.ask("p1", "www.example.").getRcode()).isEqualTo(Rcode.NOERROR);
    assertThat(scene.chargedLast).isTrue();
  }

  /** The first question waits until the host's files have been read. */
  @Test
  void anAnswerFromTheHostsFileIsChargedToThePortThatAsked() throws Exception {
    Files.writeString(folder.resolve("hosts"), "10.1.2.3 nas.example\n");
    ForwarderScene reading = new ForwarderScene(folder, "dns: {hosts-file: true}");
    try {
      assertThat(reading.ask("p1", "nas.example.").getSection(Section.ANSWER)).isNotEmpty();
      assertThat(reading.chargedLast).isTrue();
    } finally {
      reading.close();
    }
  }

  @Test
  void aRefusalByTheHostIsChargedToThePortThatAsked() throws Exception {
    scene.ask("p1", "earlier.example."); // the server's port is known now
    scene.upstream.close();
    assertThat(scene.ask("p1", "www.example.").getRcode()).isEqualTo(Rcode.SERVFAIL);
    assertThat(scene.chargedLast).isTrue();
    scene.await(() -> scene.sockets.held() == 0);
  }

  @Test
  void anAnswerOverTcpIsChargedToThePortThatAsked() throws Exception {
    AtomicBoolean isOverTcp = new AtomicBoolean();
    scene.upstream.bytes =
        wire -> {
          if (!isOverTcp.getAndSet(true)) {
            wire[2] |= 2; // TC
          }
          return wire;
        };
    assertThat(scene.ask("p1", "www.example.").getRcode()).isEqualTo(Rcode.NOERROR);
    assertThat(scene.count(DnsCount.UPSTREAM_TCP)).isEqualTo(1);
    assertThat(scene.chargedLast).isTrue();
    scene.await(() -> scene.sockets.held() == 0);
  }

  /** RFC 5452 section 9.1: an answer counts only if it comes from whom was asked. */
  @Test
  void anAnswerFromAStrangerIsNotTaken() throws Exception {
    AtomicReference<SocketAddress> asker = new AtomicReference<>();
    try (DatagramSocket stranger = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
      scene.upstream.asker = asker::set;
      scene.upstream.bytes =
          wire -> {
            try {
              Message forged = new Message(wire);
              forged.getHeader().setRcode(Rcode.NXDOMAIN);
              forged.getHeader().setFlag(Flags.QR);
              byte[] bytes = forged.toWire();
              stranger.send(new DatagramPacket(bytes, bytes.length, asker.get()));
              // The honest answer follows once the stranger's has been looked at.
              while (scene.count(DnsCount.UPSTREAM_MISMATCH) == 0) {
                Thread.onSpinWait();
              }
            } catch (IOException e) {
              throw new UncheckedIOException(e);
            } catch (Exception e) {
              throw new AssertionError(e);
            }
            return wire;
          };
      assertThat(scene.ask("p1", "www.example.").getRcode()).isEqualTo(Rcode.NOERROR);
      assertThat(scene.count(DnsCount.UPSTREAM_MISMATCH)).isEqualTo(1);
    }
  }
}
