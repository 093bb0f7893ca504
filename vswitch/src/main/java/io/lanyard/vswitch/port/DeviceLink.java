package io.lanyard.vswitch.port;

import io.lanyard.base.LogEvent;
import io.lanyard.linux.Errno;
import io.lanyard.vswitch.DropCause;
import io.lanyard.vswitch.LoopWatch;
import io.lanyard.vswitch.Switch;
import io.lanyard.vswitch.Turn;
import io.lanyard.vswitch.Work;
import io.netty.channel.epoll.EpollIoOps;
import java.lang.System.Logger.Level;

/**
 * A device that a port has open: the loop watches it, and its frames go to the switch in bursts.
 *
 * <p>A port whose device was lost closes the link and opens another.
 *
 * <p>Thread: the network's loop only.
 */
final class DeviceLink extends Work implements LoopWatch.Listener {
  private static final System.Logger LOG = System.getLogger(DeviceLink.class.getName());

  private final FrameDevice device;
  private final DevicePort port;
  private final Switch network;
  private final DeviceBurst burst;
  private final LoopWatch watch;
  private final Turn turn;
  private boolean awaitsCarrier;
  private boolean closed;
  private boolean reading;

  DeviceLink(FrameDevice device, DevicePort port, PortContext context) {
    this.device = device;
    this.port = port;
    this.network = context.network();
    this.turn = network.turns().of(port);
    this.watch = new LoopWatch(device.fd(), device::close, context.loop(), this);
    this.burst = new DeviceBurst(context.allocator());
  }

  /** Begins to read. */
  void start() {
    watch.start(expected());
  }

  /** Frames, and the return of the carrier while that is awaited. */
  private EpollIoOps expected() {
    return awaitsCarrier ? EpollIoOps.EPOLLIN.with(EpollIoOps.EPOLLOUT) : EpollIoOps.EPOLLIN;
  }

  /**
   * Begins or ends to wait until the interface is up: its descriptor is writable then. A second
   * call does nothing.
   *
   * @param awaits whether to tell the port of it
   */
  void awaitCarrier(boolean awaits) {
    if (awaitsCarrier != awaits) {
      awaitsCarrier = awaits;
      watch.expect(expected());
    }
  }

  @Override
  public void notWatched(Throwable cause) {
    LogEvent.of("device-not-registered")
        .with("network", network.name())
        .with("port", port.name())
        .log(LOG, Level.ERROR, cause);
    port.notWatched(this, cause);
  }

  @Override
  public void ready(EpollIoOps ops) {
    boolean writable = ops.contains(EpollIoOps.EPOLLOUT);
    if (writable) {
      port.carrierIsBack(this);
    }
    if (ops.contains(EpollIoOps.EPOLLIN) || (!writable && !closed)) {
      turn.ready(this); // an event without a name is an error: a read says which
    }
  }

  @Override
  public void loopEnded() {
    close();
  }

  /** Reads one burst, or goes on with one that the last turn had no time for. */
  @Override
  protected boolean run() {
    if (closed) {
      return false;
    }
    boolean more = true;
    reading = true;
    try {
      if (!burst.hasMore()) {
        more = read();
      }
      more |= !burst.deliver(network, port, turn);
      network.flush();
    } finally {
      reading = false;
      if (closed) {
        burst.release();
      }
    }
    return more && !closed;
  }

  @Override
  protected void broke(Throwable cause) {
    port.broke(this, cause);
  }

  /** Reads until no more frame fits. Returns whether there may be another. */
  private boolean read() {
    for (int i = 0; i < DeviceBurst.FRAMES && burst.hasRoom() && !closed; i++) {
      int length = device.read(burst.vectors(), DeviceBurst.VECTORS);
      if (length < 0) {
        return unread(-length);
      }
      if (burst.take(network, port, length, device.lead()) && turn.isOver()) {
        return true; // each large frame may cost as much as many small ones
      }
    }
    return true;
  }

  /** Hears why there is no frame. Returns whether there may be another. */
  private boolean unread(int errno) {
    if (device.isGone(errno)) {
      port.lost(this, errno);
    } else if (device.isDown(errno)) {
      port.carrierIsLost(this, device.downReason());
    } else if (errno == Errno.EINVAL) {
      port.counters().receiveDropped(DropCause.BAD_OFFLOAD_HEADER);
      return true;
    } else if (errno == Errno.EMSGSIZE) {
      port.counters().receiveDropped(DropCause.BAD_LENGTH);
      return true;
    }
    return false;
  }

  /** Stops reading and closes the device; a second call does nothing. */
  void close() {
    if (closed) {
      return;
    }
    closed = true;
    watch.close();
    if (!reading) { // else a frame is still lent
      burst.release();
    }
  }
}
