package io.lanyard.vswitch.port.datagram;

import io.lanyard.linux.BatchSocket;
import io.lanyard.linux.DatagramBatch;
import io.lanyard.linux.SocketName;
import io.lanyard.net.Endpoint;
import io.lanyard.vswitch.Passage;
import io.lanyard.vswitch.PortState;
import io.netty.buffer.ByteBuf;
import java.nio.file.Path;

/**
 * One peer, whose address is known: a UNIX path, or an IP endpoint. A datagram is a raw frame.
 *
 * <p>A UNIX peer is there while somebody has its socket open, which is looked at every second and
 * seen from each datagram. UDP has no such sign: the port is up.
 */
public final class FixedPeer implements Addressing {
  private final SocketName peer;
  private final boolean unix;
  private final PortState absent;
  private boolean present;

  private FixedPeer(SocketName peer, boolean unix) {
    this.peer = peer;
    this.unix = unix;
    this.present = !unix;
    this.absent =
        new PortState.NoCarrier(
            "nobody has " + peer + " open", "start the program at the other end");
  }

  /**
   * A UNIX datagram socket.
   *
   * @param path as the peer binds it, letter by letter
   * @return an addressing for one port
   */
  public static FixedPeer unix(Path path) {
    return new FixedPeer(SocketName.of(path), true);
  }

  /**
   * A UDP socket.
   *
   * @param remote its endpoint
   * @return an addressing for one port
   */
  public static FixedPeer udp(Endpoint remote) {
    return new FixedPeer(SocketName.of(remote), false);
  }

  @Override
  public Verdict judge(DatagramBatch batch, int slot, ByteBuf datagram, int index) {
    if (!batch.isFrom(slot, peer)) {
      return Verdict.FOREIGN;
    }
    present = true;
    return Verdict.FRAME;
  }

  @Override
  public int route(Passage passage) {
    return present ? 1 : 0;
  }

  @Override
  public SocketName receiver(int number) {
    return peer;
  }

  @Override
  public void gone(SocketName receiver) {
    present = !unix;
  }

  @Override
  public boolean needsChecks() {
    return unix;
  }

  @Override
  public void check() {
    present = BatchSocket.isOpen(peer);
  }

  @Override
  public PortState state() {
    return present ? PortState.up() : absent;
  }
}
