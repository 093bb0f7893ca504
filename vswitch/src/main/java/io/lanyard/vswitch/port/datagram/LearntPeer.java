package io.lanyard.vswitch.port.datagram;

import io.lanyard.base.Causes;
import io.lanyard.linux.BatchSocket;
import io.lanyard.linux.DatagramBatch;
import io.lanyard.linux.SocketName;
import io.lanyard.vswitch.Passage;
import io.lanyard.vswitch.PortState;
import io.lanyard.vswitch.frame.UnfinishedFrame;
import io.lanyard.vswitch.port.PortContext;
import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * The client that has sent first, as vfkit and libkrun have it: it binds a socket of its own,
 * connects it to the port's, and may introduce itself with the four bytes {@code VFKT}. A datagram
 * is a raw frame, with the work that a virtio device has left ({@link UnfinishedFrame}).
 *
 * <p>A client's first datagram waits until its {@link ClientSocket} is held, off the loop. Another
 * client takes its place once nobody has the first one's socket open any more. Until then it is
 * foreign.
 *
 * <pre>
 *              a datagram from a socket with a path            it is the sender's
 *   nobody ---------------------------------------&gt; a look --------------------&gt; client
 *      ^  ^                                           |                            |
 *      |  +-------------------------------------------+                            |
 *      |       it is no socket, or another user's                                  |
 *      +---------------------------------------------------------------------------+
 *              refuses a datagram, or its socket is closed
 * </pre>
 *
 * <p>The socket of the port has to tell the senders' users ({@link DatagramSource.Unix}).
 */
public final class LearntPeer implements Addressing {
  private static final PortState NOBODY =
      new PortState.NoCarrier(
          "no client has sent anything yet", "start the guest: its first frame says where it is");

  private static final String SECOND =
      "the port has a client that lives; give each guest a port of its own";

  private static final int HELLO = 0x56464b54;

  /** A look at a client's socket costs some system calls, and a stranger asks for it. */
  private static final long LOOK_NANOS = 50_000_000;

  private final int mtu;
  private final PortContext context;
  private Runnable known = () -> {};

  /** The client's, as the kernel writes it beside each datagram. */
  private @Nullable SocketName client;

  /** The client's; kept over its end, since datagrams to it may wait. */
  private @Nullable ClientSocket socket;

  /** Whether it leads to a client's, be it that of one that is gone. */
  private boolean holds;

  private boolean isNew;

  /** The sender whose socket was looked at last without success. */
  private @Nullable SocketName refused;

  private String advice = SECOND;

  /** Whether the datagram that the last look was about has yet to be judged. */
  private boolean hasLooked;

  private boolean looks;
  private long lookedAt;
  private boolean closed;

  /**
   * Makes an addressing that waits for its client.
   *
   * @param mtu the port's MTU, in bytes, to which the client's super-frames are cut
   * @param context the network
   */
  public LearntPeer(int mtu, PortContext context) {
    this.mtu = mtu;
    this.context = context;
    this.lookedAt = now() - LOOK_NANOS;
  }

  private long now() {
    return context.timers().clock().nanoTime();
  }

  @Override
  public void start(Runnable listener) {
    known = listener;
  }

  @Override
  public Verdict judge(DatagramBatch batch, int slot, ByteBuf datagram, int index) {
    boolean hello = batch.length(slot) == Integer.BYTES && datagram.getInt(index) == HELLO;
    SocketName present = client;
    if (present == null || !batch.isFrom(slot, present)) {
      return stranger(batch, slot);
    }
    if (hello && !isNew && !isOpen()) { // it is the next one, which has bound the same path
      client = null;
      return stranger(batch, slot);
    }
    boolean first = isNew;
    isNew = false;
    return first && hello ? Verdict.CONTROL : Verdict.FRAME;
  }

  private Verdict stranger(DatagramBatch batch, int slot) {
    if (looks) {
      return Verdict.LATER;
    }
    SocketName last = refused;
    boolean wasRefused = last != null && batch.isFrom(slot, last);
    if (wasRefused && hasLooked) {
      hasLooked = false;
      return Verdict.FOREIGN;
    }
    hasLooked = false;
    if (client != null || wasRefused) {
      long now = now();
      if (now - lookedAt < LOOK_NANOS) {
        return Verdict.FOREIGN;
      }
      lookedAt = now;
      if (client != null && isOpen()) {
        advice = SECOND;
        return Verdict.FOREIGN;
      }
    }
    client = null;
    SocketName sender = batch.sender(slot);
    Path path = path(sender);
    if (sender == null || path == null) {
      advice = "have the client bind a socket with a path, so that it can be answered";
      return Verdict.FOREIGN;
    }
    return look(sender, path, batch.user(slot));
  }

  /** The path of a sender; null where it has none, or this host's files have no such letters. */
  private static @Nullable Path path(@Nullable SocketName sender) {
    try {
      return sender == null ? null : sender.path();
    } catch (RuntimeException e) {
      return null;
    }
  }

  private Verdict look(SocketName sender, Path path, int user) {
    try {
      looks = true;
      context.blocking().execute(() -> hold(sender, path, user));
      return Verdict.LATER;
    } catch (RuntimeException | Error e) { // the host has no thread for it
      looks = false;
      advice = Causes.of(e);
      return Verdict.FOREIGN;
    }
  }

  /** On a thread that may wait. */
  private void hold(SocketName sender, Path path, int user) {
    try {
      ClientSocket its = ClientSocket.of(path, user);
      post(() -> held(sender, its), its::close);
    } catch (IOException | RuntimeException e) {
      post(() -> refuse(sender, Causes.of(e)), () -> {});
    }
  }

  private void post(Runnable task, Runnable otherwise) {
    try {
      context.loop().execute(task);
    } catch (RejectedExecutionException e) {
      otherwise.run(); // the network has ended
    }
  }

  private void held(SocketName sender, ClientSocket its) {
    if (closed) {
      its.close();
      return;
    }
    try {
      keep(its);
    } catch (IOException e) {
      refuse(sender, Causes.of(e));
      return;
    }
    if (!isOpen()) {
      refuse(sender, "nobody has " + sender + " open");
      return;
    }
    client = sender;
    isNew = true;
    refused = null;
    looked();
  }

  private void keep(ClientSocket its) throws IOException {
    if (socket == null) {
      socket = its;
    } else {
      try (its) {
        socket.become(its);
      }
    }
    holds = true;
  }

  private void refuse(SocketName sender, String cause) {
    if (!closed) {
      refused = sender;
      hasLooked = true;
      advice = cause;
      lookedAt = now();
      looked();
    }
  }

  private void looked() {
    looks = false;
    known.run();
  }

  /** Whether somebody has the client's socket open. */
  private boolean isOpen() {
    return socket != null && BatchSocket.isOpen(socket.name());
  }

  @Override
  public String advice() {
    return advice;
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
    return socket == null ? null : socket.name();
  }

  @Override
  public void gone(SocketName receiver) {
    client = null;
  }

  @Override
  public boolean needsChecks() {
    return true;
  }

  @Override
  public void check() {
    if (client != null && !isOpen()) {
      client = null;
    }
    if (client == null && socket != null && holds) {
      try {
        socket.letGo();
        holds = false;
      } catch (IOException e) {
        // The next client takes its place.
      }
    }
  }

  @Override
  public PortState state() {
    return client == null ? NOBODY : PortState.up();
  }

  @Override
  public void close() {
    closed = true;
    client = null;
    if (socket != null) {
      socket.close();
      socket = null;
    }
  }
}
