package io.lanyard.nat.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.nat.gateway.NatScene.Guest;
import io.lanyard.nat.station.PortBudget;
import io.lanyard.vswitch.frame.Ethernet;
import io.lanyard.vswitch.frame.Ipv4;
import io.lanyard.vswitch.frame.Tcp;
import io.netty.buffer.ByteBuf;
import java.net.ServerSocket;
import java.net.Socket;
import org.junit.jupiter.api.Test;

/** A peer on the host that reads late what a guest has sent before both of them ended. */
class SlowPeerTest {
  private static final int PORT = 20_000;

  /** The guest's side of a connection: sends as far as the window goes. */
  private static final class Upload {
    private static final byte[] TEXT = new byte[1400];

    private final Guest guest;
    private final int server;
    private int seq = NatScene.ISN;
    private int ack;
    private int edge;
    private boolean ended;

    Upload(Guest guest, int server) {
      this.guest = guest;
      this.server = server;
      send(Tcp.SYN, 1);
    }

    private void send(int flags, int span, byte... text) {
      guest.segment(PORT, TestNetwork.HOST, server, seq, ack, flags, text);
      seq += span;
    }

    /** Takes what has come; true once the handshake is through. */
    boolean listen() {
      for (byte[] frame : guest.port.drain()) {
        ByteBuf b = TestNetwork.view(frame);
        if (Ethernet.type(b, 0) == Ethernet.TYPE_IPV4 && Ipv4.protocol(b, 14) == Ipv4.TCP) {
          edge = Tcp.acknowledgment(b, 34) + Tcp.window(b, 34);
          int flags = Tcp.flags(b, 34);
          if ((flags & (Tcp.SYN | Tcp.FIN)) != 0) {
            ack = Tcp.sequence(b, 34) + 1;
            ended = (flags & Tcp.FIN) != 0;
            send(Tcp.ACK, 0);
          }
        }
      }
      return ack != 0;
    }

    void sendSome() {
      for (int i = 0; i < 16 && edge - seq > TEXT.length; i++) {
        send(Tcp.ACK, TEXT.length, TEXT);
      }
    }

    /** Bytes of text that were sent. */
    int sent() {
      return seq - NatScene.ISN - 2;
    }
  }

  WireFamily family() {
    return WireFamily.IPV4;
  }

  @Test
  void whatIsHeldForItIsChargedToTheGuestsPortUntilItReads() throws Exception {
    try (NatScene scene = new NatScene(family());
        ServerSocket listener = new ServerSocket()) {
      listener.setSoTimeout(60_000);
      listener.setReceiveBufferSize(4096);
      listener.bind(family().anyPort());
      Guest guest = scene.guest(10);
      PortBudget budget = scene.on(() -> scene.nat.gateway().stations().budget(guest.port));
      Upload upload = scene.on(() -> new Upload(guest, listener.getLocalPort()));
      try (Socket peer = listener.accept()) {
        assertThat(scene.becomes(upload::listen)).isTrue();
        assertThat(
                scene.becomes(() -> {
                  upload.listen();
                  if (budget.flows().memory().bytes() > 0) {
                    return true;
                  }
                  upload.sendSome();
                  return false;
                }))
            .isTrue();
        peer.shutdownOutput();
        assertThat(scene.becomes(() -> upload.listen() && upload.ended)).isTrue();
        scene.on(() -> {
          upload.send(Tcp.FIN | Tcp.ACK, 1);
          return true;
        });
        // A loop that stood still may take the guest's frames a turn later.
        assertThat(
                scene.becomes(() -> scene.nat.listFlows().getFirst().state().equals("lingering")))
            .isTrue();
        assertThat(budget.flows().memory().bytes()).isPositive();
        assertThat(budget.descriptors().held()).isEqualTo(1);
        assertThat(peer.getInputStream().readAllBytes()).hasSize(upload.sent());
        assertThat(scene.becomes(() -> budget.descriptors().held() == 0)).isTrue();
        assertThat(budget.flows().memory().bytes()).isZero();
        assertThat(scene.on(() -> scene.nat.listFlows().getFirst().state())).isEqualTo("time-wait");
      }
    }
  }
}
