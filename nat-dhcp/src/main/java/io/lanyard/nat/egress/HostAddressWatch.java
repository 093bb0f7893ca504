package io.lanyard.nat.egress;

import io.lanyard.base.LogEvent;
import io.lanyard.base.Timers;
import io.lanyard.linux.ErrnoException;
import io.lanyard.linux.Rtnetlink;
import io.lanyard.net.Subnet;
import io.lanyard.vswitch.LoopClosing;
import io.lanyard.vswitch.LoopWatch;
import io.netty.channel.EventLoop;
import io.netty.channel.IoEventLoop;
import io.netty.channel.epoll.EpollIoOps;
import java.lang.System.Logger;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Follows the host's own addresses on the network's loop.
 *
 * <p>Thread: the network's loop only, which is in the network namespace that the host's sockets are
 * in.
 */
public final class HostAddressWatch implements AutoCloseable {
  private static final Logger LOG = System.getLogger(HostAddressWatch.class.getName());

  /** How long until the kernel is asked again for what it did not say. */
  private static final long RETRY_NANOS = 1_000_000_000L;

  /** Opens the kernel's news about addresses. */
  interface Opener {
    /** Opens them anew. */
    Rtnetlink open() throws ErrnoException;
  }

  private final EventLoop loop;
  private final Opener opener;
  private final Consumer<List<Subnet>> listener;
  private final Timers.Timer retry;
  private @Nullable Rtnetlink socket;
  private @Nullable LoopWatch watch;
  private @Nullable ErrnoException failure;
  private boolean watched;
  private boolean complained;
  private boolean closed;

  /**
   * Begins to follow the addresses.
   *
   * @param loop the network's loop, an epoll loop
   * @param timers the network's timers
   * @param listener told of all addresses, by this call if they can be had, and after each change;
   *     not told while they are not known
   */
  public HostAddressWatch(EventLoop loop, Timers timers, Consumer<List<Subnet>> listener) {
    this(loop, timers, listener, Rtnetlink::open);
  }

  HostAddressWatch(EventLoop loop, Timers timers, Consumer<List<Subnet>> listener, Opener opener) {
    this.loop = loop;
    this.opener = opener;
    this.listener = listener;
    retry = timers.create(this::again);
    open();
  }

  /**
   * The reason why nothing leads out.
   *
   * @return text with what to do about it; empty while the addresses are known
   */
  public String problem() {
    Rtnetlink open = socket;
    if (open != null && open.complete()) {
      return "";
    }
    return "the host's own addresses are not known, so guests reach nothing beyond the gateway"
        + (failure == null
            ? "; the kernel is asked again each second"
            : ": " + failure.getMessage() + "; it is tried again each second");
  }

  private void open() {
    try {
      Rtnetlink opened = opener.open();
      socket = opened;
      if (opened.complete()) {
        tell(opened);
      }
      watch(opened);
      failure = null;
    } catch (ErrnoException e) {
      failure = e;
      if (!complained) {
        complained = true;
        LogEvent.of("host-addresses-unknown")
            .with("cause", e)
            .with("advice", "guests reach nothing beyond the gateway until they are known")
            .log(LOG, Logger.Level.WARNING);
      }
    }
    rearm();
  }

  private void watch(Rtnetlink opened) {
    if (loop instanceof IoEventLoop io) {
      LoopWatch made = new LoopWatch(opened.fd(), opened, io, new Watched());
      watch = made;
      watched = true;
      made.start(EpollIoOps.EPOLLIN);
    }
  }

  private void again() {
    Rtnetlink open = socket;
    if (closed) {
      return;
    }
    if (open == null) {
      open();
    } else {
      read(open);
    }
  }

  private void read(Rtnetlink from) {
    if (from.read() && from.complete()) {
      tell(from);
    }
    rearm();
  }

  /** Where the loop does not watch the socket, or an answer is missing, a timer asks again. */
  private void rearm() {
    Rtnetlink open = socket;
    if (!closed && (open == null || open.stale() || !watched)) {
      retry.arm(RETRY_NANOS);
    }
  }

  private void tell(Rtnetlink from) {
    listener.accept(List.copyOf(from.local()));
  }

  /** Ends the watch. */
  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    retry.cancel();
    Rtnetlink open = socket;
    socket = null;
    LoopWatch present = watch;
    if (present != null) {
      present.close();
    } else if (open != null) {
      LoopClosing.close(loop, open.fd(), open);
    }
  }

  /** Hears of news. */
  private final class Watched implements LoopWatch.Listener {
    @Override
    public void ready(EpollIoOps ops) {
      Rtnetlink open = socket;
      if (open != null) {
        read(open);
      }
    }

    @Override
    public void notWatched(Throwable cause) {
      watched = false; // a timer asks
    }

    @Override
    public void loopEnded() {
      HostAddressWatch.this.close();
    }
  }
}
