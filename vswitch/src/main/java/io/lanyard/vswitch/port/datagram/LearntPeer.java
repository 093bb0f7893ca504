package io.lanyard.vswitch.port.datagram;

import io.lanyard.base.Clock;
import io.lanyard.linux.BatchSocket;
import io.lanyard.linux.DatagramBatch;
import io.lanyard.linux.SocketName;
import io.lanyard.vswitch.Passage;
import io.lanyard.vswitch.PortState;
import io.lanyard.vswitch.frame.UnfinishedFrame;
import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/**
 * The client that has sent first, as vfkit and libkrun have it: it binds a socket of its own,
 * connects it to the port's, and may introduce itself with the four bytes {@code VFKT}. A datagram
 * is a raw frame, with the work that a virtio device has left ({@link UnfinishedFrame}).
 *
 * <p>Another client takes its place once nobody has the first one's socket open any more. Until
 * then it is foreign.
 *
 * <pre>
 *              a datagram from a socket with a name
 *   nobody ----------------------------------------------> client
 *          &lt;----------------------------------------------
 *              refuses a datagram, or its socket is closed
 * </pre>
 */
public final class LearntPeer implements Addressing {
  private static final PortState NOBODY =
      new PortState.NoCarrier("no client has sent anything yet");

  private static final int HELLO = 0x56464b54;

  /** A look whether the old client lives costs three system calls, and a stranger asks for it. */
  private static final long LOOK_NANOS = 50_000_000;

  private final Clock clock;
  private final int mtu;
  private @Nullable SocketName client;
  private boolean isNew;
  private long lookedAt;

  /**
   * Makes an addressing that waits for its client.
   *
   * @param mtu the port's MTU, in bytes, to which the client's super-frames are cut
   * @param clock limits how often strangers are looked at
   */
  public LearntPeer(int mtu, Clock clock) {
    this.mtu = mtu;
    this.clock = clock;
    this.lookedAt = clock.nanoTime() - LOOK_NANOS;
  }

  @Override
  public Verdict judge(DatagramBatch batch, int slot, ByteBuf datagram, int index) {
    SocketName known = client;
    if (known == null || !batch.isFrom(slot, known)) {
      if (known != null && isAlive(known)) {
        return Verdict.FOREIGN;
      }
      SocketName sender = batch.sender(slot);
      if (sender == null) {
        return Verdict.FOREIGN; // nobody could answer it
      }
      client = sender;
      isNew = true;
    }
    boolean first = isNew;
    isNew = false;
    return first && batch.length(slot) == Integer.BYTES && datagram.getInt(index) == HELLO
        ? Verdict.CONTROL
        : Verdict.FRAME;
  }

  private boolean isAlive(SocketName known) {
    long now = clock.nanoTime();
    if (now - lookedAt < LOOK_NANOS) {
      return true;
    }
    lookedAt = now;
    return BatchSocket.isOpen(known);
  }

  @Override
  public void received(ByteBuf frame) {
    UnfinishedFrame.mark(frame, mtu);
  }

  @Override
  public int route(Passage passage) {
    return client == null ? 0 : 1;
  }

  @Override
  public @Nullable SocketName receiver(int number) {
    return client;
  }

  @Override
  public void gone(SocketName receiver) {
    if (receiver.equals(client)) {
      client = null;
    }
  }

  @Override
  public boolean needsChecks() {
    return true;
  }

  @Override
  public void check() {
    SocketName known = client;
    if (known != null && !BatchSocket.isOpen(known)) {
      client = null;
    }
  }

  @Override
  public PortState state() {
    return client == null ? NOBODY : PortState.up();
  }
}
