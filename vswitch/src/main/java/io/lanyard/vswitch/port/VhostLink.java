package io.lanyard.vswitch.port;

import io.lanyard.base.Causes;
import io.lanyard.base.DumpNode;
import io.lanyard.linux.Errno;
import io.lanyard.linux.Libc;
import io.lanyard.linux.MessageSocket;
import io.lanyard.linux.SharedMemory;
import io.lanyard.virtio.VirtQueue;
import io.lanyard.vswitch.LoopWatch;
import io.lanyard.vswitch.Offloads;
import io.lanyard.vswitch.Passage;
import io.lanyard.vswitch.Turn;
import io.lanyard.vswitch.Work;
import io.lanyard.vswitch.vhost.VhostDevice;
import io.lanyard.vswitch.vhost.VhostException;
import io.lanyard.vswitch.vhost.VhostNic;
import io.lanyard.vswitch.vhost.VhostSession;
import io.lanyard.vswitch.vhost.Vring;
import io.netty.buffer.ByteBuf;
import io.netty.channel.epoll.EpollIoOps;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * One front end of a vhost-user port: its socket, the session that follows its messages, and the
 * rings of its guest.
 *
 * <p>Thread: the network's loop only.
 */
final class VhostLink extends Work implements VhostDevice {
  /** Messages before the loop is given back: a guest's start takes about forty. */
  private static final int MESSAGES = 32;

  /** An event descriptor is not read. */
  private static final EpollIoOps EDGES = EpollIoOps.EPOLLIN.with(EpollIoOps.EPOLLET);

  private final VhostUserPort port;
  private final PortContext context;
  private final int descriptor;
  private final MessageSocket socket;
  private final MemorySegment message =
      Arena.ofAuto().allocate(VhostSession.HEADER + VhostSession.MOST_PAYLOAD, 8);
  private final int[] descriptors = new int[MessageSocket.MOST_DESCRIPTORS];
  private final VhostSession session;
  private final VhostSender toGuest;
  private final VhostReceiver fromGuest;

  private final LoopWatch watch;
  private final @Nullable LoopWatch[] kicks;
  private final Turn turn;
  private int descriptorCount;
  private int have;
  private int payload;
  private long brokenRings;

  /** Why a ring is dead, by ring; null for one that is not. */
  private final @Nullable String[] broken;

  /** Whether the front end has taken away memory that it had shared. */
  private boolean faulted;

  private boolean closed;

  /**
   * Makes one.
   *
   * @param descriptor of the connected socket, owned by the link
   */
  VhostLink(int descriptor, VhostNic nic, VhostUserPort port, PortContext context) {
    this.descriptor = descriptor;
    this.port = port;
    this.context = context;
    this.socket = new MessageSocket(descriptor);
    this.session = new VhostSession(nic, this);
    this.turn = context.network().turns().of(port);
    this.toGuest = new VhostSender(session, port, this, context);
    this.fromGuest = new VhostReceiver(session, port, this, context);
    this.kicks = new @Nullable LoopWatch[session.ringCount()];
    this.broken = new @Nullable String[session.ringCount()];
    this.watch = watch(descriptor, this);
  }

  /** Begins to read messages. */
  void start() {
    watch.start(EpollIoOps.EPOLLIN);
  }

  /** A watch that owns a descriptor, and has some work done at each event. */
  private LoopWatch watch(int watched, Work work) {
    LoopWatch.Listener listener =
        new LoopWatch.Listener() {
          @Override
          public void ready(EpollIoOps ops) {
            turn.ready(work);
          }

          @Override
          public void notWatched(Throwable cause) {
            end("its descriptor is not watched: " + cause);
          }
        };
    return new LoopWatch(watched, () -> Libc.close(watched), context.loop(), listener);
  }

  /** Whether the front end has closed, so that another may take its place. */
  boolean isHungUp() {
    return Libc.hungUp(descriptor);
  }

  /** Follows the messages that are there. */
  @Override
  protected boolean run() {
    if (faulted) {
      end("it took away memory that it had shared");
    }
    for (int i = 0; i < MESSAGES && !closed; i++) {
      try {
        if (!read()) {
          return false;
        }
        SharedMemory.settle();
      } catch (VhostException e) {
        end(Causes.of(e));
      } catch (InternalError e) {
        end("it took away memory that it had shared");
      }
    }
    return !closed;
  }

  @Override
  protected void broke(Throwable cause) {
    end("its messages cannot be followed: " + cause);
  }

  /**
   * Reads on in the present message, and follows it once it is whole. False if no more is there.
   */
  private boolean read() throws VhostException {
    int whole = have < VhostSession.HEADER ? VhostSession.HEADER : VhostSession.HEADER + payload;
    int bytes = socket.receive(message, have, whole - have);
    if (bytes == -Errno.EAGAIN) {
      return false;
    }
    if (bytes == -Errno.EINTR) {
      return true;
    }
    if (bytes == 0) {
      hungUp();
      return false;
    }
    if (bytes == -Errno.EMSGSIZE) {
      throw new VhostException("it sent more descriptors than a message has, or than are free");
    }
    if (bytes < 0) {
      throw new VhostException("its connection broke: " + Errno.name(-bytes));
    }
    gather();
    have += bytes;
    if (have == VhostSession.HEADER && whole == VhostSession.HEADER) {
      payload = VhostSession.payloadLength(message);
    }
    if (have == VhostSession.HEADER + payload && have >= whole) {
      follow();
    }
    return true;
  }

  private void gather() throws VhostException {
    int more = socket.descriptors();
    boolean fits = descriptorCount + more <= descriptors.length;
    for (int i = 0; i < more; i++) {
      if (fits) {
        descriptors[descriptorCount++] = socket.descriptor(i);
      } else {
        int _ = Libc.close(socket.descriptor(i));
      }
    }
    if (!fits) {
      throw new VhostException("a message came with more than 8 descriptors");
    }
  }

  private void follow() throws VhostException {
    int count = descriptorCount;
    have = 0;
    descriptorCount = 0;
    long refused = session.refused();
    int length = session.handle(message, descriptors, count);
    payload = 0;
    if (session.refused() != refused) {
      port.messageRefused(session.lastRefusal());
    }
    if (length == 0 || closed) {
      return;
    }
    int with = session.takeReplyDescriptor();
    int sent =
        with < 0
            ? socket.send(session.reply(), length)
            : socket.send(session.reply(), length, with);
    if (with >= 0) {
      int _ = Libc.close(with);
    }
    if (sent != length) {
      throw new VhostException("it does not read the replies that it asks for");
    }
  }

  @Override
  public void started(Vring ring) {
    VirtQueue queue = ring.queue();
    if (queue != null && !queue.broken()) {
      broken[ring.index()] = null;
    }
    Work served = ring.index() % 2 == 0 ? toGuest : fromGuest;
    if (served == toGuest) {
      toGuest.started(ring);
    } else {
      fromGuest.started(ring);
    }
    if (kicks[ring.index()] == null) {
      LoopWatch made = watch(ring.kick(), served);
      kicks[ring.index()] = made;
      made.start(EDGES);
    }
    turn.later(served); // for chains that were there before
  }

  @Override
  public void stopping(Vring ring) {
    broken[ring.index()] = null;
    if (ring.index() % 2 == 0) {
      toGuest.stopping(ring, !closed);
    } else {
      fromGuest.stopping(ring);
    }
  }

  @Override
  public void closeKick(Vring ring, int kick) {
    LoopWatch watched = kicks[ring.index()];
    kicks[ring.index()] = null;
    if (watched == null) {
      int _ = Libc.close(kick);
    } else {
      watched.close();
    }
  }

  @Override
  public void changed() {
    toGuest.update();
    turn.later(fromGuest); // for chains that have waited until their ring was enabled
    port.linkChanged(this);
  }

  @Override
  public void broken(Vring ring, String why) {
    brokenRings++;
    broken[ring.index()] = why;
    toGuest.update();
    port.ringBroke(this, ring.index(), why);
  }

  @Override
  public void unmap(SharedMemory memory) {
    try {
      context.blocking().execute(memory::unmap);
    } catch (RejectedExecutionException e) {
      memory.unmap(); // the daemon ends
    }
  }

  /** Whether frames can reach the guest. */
  boolean isLive() {
    return toGuest.isLive();
  }

  /** Why a ring is dead; an empty text if none is. */
  String brokenReason() {
    for (int i = 0; i < broken.length; i++) {
      if (broken[i] != null) {
        return "the guest's driver broke ring " + i + ": " + broken[i];
      }
    }
    return "";
  }

  Offloads offloads() {
    return toGuest.offloads();
  }

  boolean transmit(Passage passage, ByteBuf frame) {
    try {
      return toGuest.transmit(passage, frame);
    } catch (InternalError e) {
      fault();
      return false;
    }
  }

  void flush() {
    try {
      toGuest.flush();
    } catch (InternalError e) {
      fault();
    }
  }

  /** Notes that pages are gone. The link ends in a turn of its own, not amid another port's. */
  void fault() {
    if (!faulted) {
      faulted = true;
      turn.later(this);
    }
  }

  /** Ends the link because its front end has closed. */
  void hungUp() {
    if (!closed) {
      port.linkEnded(this, "it has closed", false);
    }
  }

  /** Ends the link because its front end broke the rules. */
  void end(String reason) {
    if (!closed) {
      port.linkEnded(this, reason, true);
    }
  }

  /** Closes the socket, the rings and the memory; a second call does nothing. */
  void close() {
    if (closed) {
      return;
    }
    closed = true;
    for (int i = 0; i < descriptorCount; i++) {
      int _ = Libc.close(descriptors[i]);
    }
    descriptorCount = 0;
    session.close(); // touches no shared memory: pages may be gone
    fromGuest.close();
    toGuest.close();
    watch.close();
  }

  void describe(DumpNode.Builder node) {
    node.with("features", "0x" + Long.toHexString(session.features()))
        .with("sharedBytes", session.sharedBytes())
        .with("sealed", session.sealed())
        .with("messages", session.messages())
        .withNonZero("refusedMessages", session.refused())
        .withNonZero("brokenRings", brokenRings);
    node.withNonZero("waitingFrames", toGuest.waiting());
    for (int i = 0; i < session.ringCount(); i++) {
      Vring ring = session.ring(i);
      VirtQueue queue = ring.queue();
      if (queue != null) {
        node.child(
            DumpNode.of("ring " + i)
                .with("to", i % 2 == 0 ? "guest" : "network")
                .with("entries", queue.size())
                .with("enabled", ring.enabled())
                .with("next", queue.nextAvailable())
                .with("interrupts", ring.interrupts())
                .build());
      }
    }
  }
}
