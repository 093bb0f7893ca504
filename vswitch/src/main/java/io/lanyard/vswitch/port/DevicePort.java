package io.lanyard.vswitch.port;

import io.lanyard.base.Causes;
import io.lanyard.base.DumpNode;
import io.lanyard.base.Dumpable;
import io.lanyard.base.Timers;
import io.lanyard.linux.Errno;
import io.lanyard.linux.LinkNews;
import io.lanyard.vswitch.DropCause;
import io.lanyard.vswitch.ObservedPort;
import io.lanyard.vswitch.Offloads;
import io.lanyard.vswitch.Passage;
import io.lanyard.vswitch.Port;
import io.lanyard.vswitch.PortState;
import io.netty.buffer.ByteBuf;
import io.netty.channel.epoll.EpollIoHandle;
import java.io.IOException;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * A device of the host, in the daemon's network namespace or another: a host adapter, or the way in
 * for a VMM or a container that has its network there.
 *
 * <p>Super-frames and unfinished checksums pass as they are, in both directions, unless the device
 * has no offloads. One system call per frame and direction.
 *
 * <p>A device that cannot be opened, or was lost, is opened by the port itself, after {@value
 * #FIRST_RETRY_MILLIS} ms at first and {@value #LAST_RETRY_MILLIS} ms at most. The kernel says when
 * a device was deleted. It does not say when a namespace was: its name is gone, but the device's
 * own descriptor keeps it alive. So a source that has a name to follow is asked every {@value
 * #CHECK_MILLIS} ms whether the name still leads to the device.
 *
 * <p>An interface that is down has no carrier until it is set up, which the kernel says. The port
 * learns that it is down when it opens it, by news, or by the first frame that it refuses. Frames
 * to it are tried and dropped meanwhile.
 *
 * <p>A source with news of its own ({@link DeviceSource#news}) is asked when there are some:
 * whether the device was replaced, whether it has a carrier, and which MAC address. A port that has
 * failed opens its device then.
 *
 * <pre>
 *               start            opened
 *   no-carrier --------> opening --------> up
 *                          ^  |            | deleted, or replaced
 *                    retry |  | cannot     |
 *                          |  v            |
 *                         failed &lt;---------+
 *
 *        is down
 *     up --------------> no-carrier
 *        &lt;-------------
 *          is set up
 * </pre>
 *
 * <p>Thread: the network's loop only.
 */
public final class DevicePort extends ObservedPort implements Dumpable {
  static final int FIRST_RETRY_MILLIS = 250;
  static final int LAST_RETRY_MILLIS = 4000;
  static final int CHECK_MILLIS = 1000;

  /** News come in groups, as for an interface that goes down and is deleted then. */
  static final int NEWS_MILLIS = 50;

  private final DeviceSource source;
  private final PortBuffers buffers;
  private final PortContext context;
  private final Timers.Timer timer;

  /** The present device and the loop's hold on it: both or neither. */
  private @Nullable FrameDevice device;

  private @Nullable DeviceLink link;
  private @Nullable NewsLink news;

  /** Whether a thread opens a device, or looks after the present one. */
  private boolean busy;

  /** Whether there were news since that began. */
  private boolean newsCame;

  private int deviceMtu;
  private Offloads offloads = Offloads.NONE;
  private long hardwareAddress;
  private int retryMillis = FIRST_RETRY_MILLIS;
  private long opened;
  private boolean closed;

  /**
   * Makes a port, to be attached by the caller and then started.
   *
   * @param name the port's name
   * @param kind its kind, as {@code tap}
   * @param mtu the largest IP packet on it, in bytes
   * @param source opens the device
   * @param context the network
   * @throws IllegalArgumentException if the network's loop is not of epoll
   */
  public DevicePort(String name, String kind, int mtu, DeviceSource source, PortContext context) {
    super(name, kind, mtu, new PortState.NoCarrier("the device is not open yet", ""));
    if (!context.loop().isCompatible(EpollIoHandle.class)) {
      throw new IllegalArgumentException(
          "a device port needs a loop made with EpollIoHandler, not " + context.loop());
    }
    this.source = source;
    this.buffers = PortBuffers.of(context.network(), name, context.allocator());
    this.context = context;
    this.timer = context.timers().create(this::tick);
  }

  /** {@inheritDoc} The device is opened by a thread that may wait. */
  @Override
  public void start() {
    open();
  }

  @Override
  public void portLeft(Port other, int number) {
    source.portLeft(number);
  }

  private void open() {
    long mac = hardwareAddress;
    busy = true;
    try {
      context.blocking().execute(() -> open(mac));
    } catch (RuntimeException | Error e) {
      failed(reason(e));
    }
  }

  /** On a thread that may wait. */
  private void open(long mac) {
    openNews();
    FrameDevice made = null;
    try {
      made = source.open(mac, buffers);
      FrameDevice device = made;
      long address = made.hardwareAddress();
      post(() -> opened(device, address), device::close);
    } catch (IOException | RuntimeException | Error e) {
      if (made != null) {
        made.close();
      }
      post(() -> failed(reason(e)), () -> {});
    }
  }

  /** Without news the port looks and tries again from time to time, as it does anyway. */
  private void openNews() {
    try {
      LinkNews made = source.news();
      if (made != null) {
        post(() -> follow(made), made::close);
      }
    } catch (IOException | RuntimeException | Error e) {
      post(() -> follow(null), () -> {});
    }
  }

  /** Those of before may be of another namespace: what was opened last counts. */
  private void follow(@Nullable LinkNews made) {
    NewsLink former = news;
    news = null;
    if (former != null) {
      former.close();
    }
    if (made != null && closed) {
      made.close();
    } else if (made != null) {
      NewsLink began = new NewsLink(made, context.loop(), this::newsCame);
      news = began;
      began.start();
    }
  }

  private void newsCame() {
    if (busy) {
      newsCame = true;
    } else if (!closed) {
      timer.arm(NEWS_MILLIS * 1_000_000L);
    }
  }

  /** An error too is a reason, as where the host has no thread left: its name says more. */
  private static String reason(Throwable cause) {
    return cause instanceof Error ? cause.toString() : Causes.of(cause);
  }

  /** Does something on the loop, or something else if the network has ended meanwhile. */
  private void post(Runnable task, Runnable otherwise) {
    try {
      context.loop().execute(task);
    } catch (RejectedExecutionException e) {
      otherwise.run();
    }
  }

  private void opened(FrameDevice made, long address) {
    if (closed) {
      made.close();
      return;
    }
    DeviceLink began;
    try {
      began = new DeviceLink(made, this, context);
    } catch (RuntimeException | Error e) {
      made.close();
      failed(reason(e));
      return;
    }
    opened++;
    retryMillis = FIRST_RETRY_MILLIS;
    device = made;
    link = began;
    offloads = made.offloads();
    deviceMtu = made.mtu();
    hardwareAddress = address;
    began.start();
    if (link == began) { // else the loop does not watch it
      lookLater();
      if (made.isSetUp()) {
        become(PortState.up());
      } else {
        carrierIsLost(began, made.downReason());
      }
    }
  }

  private void lookLater() {
    busy = false;
    if (newsCame) {
      newsCame = false;
      timer.arm(NEWS_MILLIS * 1_000_000L);
    } else if (source.mayBeReplaced()) {
      timer.arm(CHECK_MILLIS * 1_000_000L);
    }
  }

  private void failed(String reason) {
    busy = false;
    newsCame = false;
    if (!closed) {
      become(new PortState.Failed(reason, PortState.Failed.TRIED_AGAIN));
      timer.arm(retryMillis * 1_000_000L);
      retryMillis = Math.min(2 * retryMillis, LAST_RETRY_MILLIS);
    }
  }

  private void tick() {
    FrameDevice present = device;
    DeviceLink its = link;
    if (closed) {
      return;
    }
    if (present == null || its == null) {
      open();
      return;
    }
    int missed = present.missed();
    if (missed > 0) {
      counters().receiveDropped(DropCause.NO_BUFFERS, missed);
    }
    int unsent = present.unsent();
    if (unsent > 0) {
      counters().transmitDropped(DropCause.HOST_ERROR, unsent);
    }
    busy = true;
    try {
      context.blocking().execute(() -> look(present, its));
    } catch (RuntimeException | Error e) {
      lost(unchecked(e));
    }
  }

  /** On a thread that may wait. */
  private void look(FrameDevice present, DeviceLink its) {
    DeviceSource.Look found;
    try {
      found = source.look(present);
    } catch (RuntimeException | Error e) {
      found = new DeviceSource.Look(unchecked(e), null);
    }
    DeviceSource.Look look = found;
    post(() -> looked(look, its), () -> {});
  }

  private void looked(DeviceSource.Look found, DeviceLink its) {
    FrameDevice present = device;
    if (link != its || present == null || closed) {
      return; // it was lost meanwhile
    }
    if (!found.replaced().isEmpty()) {
      lost(found.replaced());
      return;
    }
    deviceMtu = present.mtu();
    lookLater();
    if (found.mac() != 0 && found.mac() != hardwareAddress) {
      hardwareAddress = found.mac();
      tellAddress();
    }
    String down = found.down();
    if (down != null && down.isEmpty()) {
      carrierIsBack(its);
    } else if (down != null) {
      carrierIsLost(its, down);
    }
  }

  private static String unchecked(Throwable cause) {
    return "nothing says whether the device was replaced: " + reason(cause);
  }

  /** Hears from its link that the device is gone, as when somebody deleted it. */
  void lost(DeviceLink from, int errno) {
    FrameDevice gone = device;
    if (link == from && gone != null) {
      lost("the device " + gone.name() + " was deleted (" + Errno.name(errno) + ")");
    }
  }

  /** Hears from its link that the loop does not watch the device. */
  void notWatched(DeviceLink from, Throwable cause) {
    if (link == from) {
      lost("the device is not watched: " + Causes.of(cause));
    }
  }

  /** Hears from its link that what is read from the device cannot be handed over. */
  void broke(DeviceLink from, Throwable cause) {
    if (link == from) {
      lost("the device's frames cannot be handed over: " + reason(cause));
    }
  }

  private void lost(String reason) {
    drop();
    failed(reason);
  }

  private void drop() {
    DeviceLink present = link;
    device = null;
    link = null;
    if (present != null) {
      present.close(); // or epoll reports it without end
    }
  }

  @Override
  public boolean transmit(Passage passage, ByteBuf frame) {
    FrameDevice present = device;
    if (present == null) {
      counters().transmitDropped(DropCause.NO_CARRIER, passage.segments());
      return false;
    }
    if (passage.largestPacket() > deviceMtu) {
      counters().transmitDropped(DropCause.BAD_LENGTH, passage.segments());
      return false;
    }
    int length = frame.readableBytes();
    int result = present.write(passage, frame.memoryAddress() + frame.readerIndex(), length);
    if (result < 0) {
      refused(present, -result, passage.segments());
    }
    return result >= 0;
  }

  private void refused(FrameDevice present, int errno, int frames) {
    boolean isDown = present.isDown(errno);
    counters()
        .transmitDropped(
            switch (errno) {
              case Errno.EBADFD, Errno.ENXIO, Errno.ENODEV -> DropCause.NO_CARRIER;
              case Errno.ENOBUFS, Errno.ENOMEM -> DropCause.NO_BUFFERS;
              case Errno.EAGAIN -> DropCause.QUEUE_FULL;
              case Errno.EMSGSIZE -> DropCause.BAD_LENGTH;
              default -> isDown ? DropCause.NO_CARRIER : DropCause.HOST_ERROR;
            },
            frames);
    DeviceLink its = link;
    if (isDown && its != null) {
      carrierIsLost(its, present.downReason());
    }
  }

  /** Hears that no frame passes its device now, and why. */
  void carrierIsLost(DeviceLink from, String reason) {
    FrameDevice present = device;
    if (link == from && present != null) {
      if (present.tellsCarrier()) {
        from.awaitCarrier(true);
      }
      become(new PortState.NoCarrier(reason, ""));
    }
  }

  /** Hears that frames pass again. */
  void carrierIsBack(DeviceLink from) {
    FrameDevice present = device;
    if (link == from && present != null) {
      if (present.tellsCarrier()) {
        from.awaitCarrier(false);
      }
      become(PortState.up());
    }
  }

  @Override
  public void flush() {
    // Each frame left with its own system call: a device takes no more than one at a time.
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      timer.cancel();
      drop();
      follow(null);
      buffers.close();
      become(PortState.closed());
    }
  }

  /**
   * Lets a device of this daemon's end with the port that would stay otherwise. On the loop, before
   * {@link #close}.
   *
   * @param unless the name of a device that is to stay, because it is opened again; may be empty
   */
  public void forgo(String unless) {
    FrameDevice present = device;
    if (present != null && !present.name().equals(unless)) {
      present.forgo();
    }
  }

  /**
   * The MAC address of the device: the host's, or the container's that has the device.
   *
   * @return the low 48 bits, of the last device if there is none now; 0 before the first
   */
  public long hardwareAddress() {
    return hardwareAddress;
  }

  @Override
  public Offloads offloads() {
    return offloads;
  }

  @Override
  public String limitation() {
    FrameDevice present = device;
    if (present == null) {
      return "";
    }
    boolean looksAfter = !present.tellsCarrier();
    return looksAfter && state() instanceof PortState.NoCarrier(String reason, _)
        ? reason
        : present.limitation();
  }

  @Override
  public DumpNode dump() {
    FrameDevice present = device;
    return DumpNode.of("device " + (present == null ? "" : present.name()).strip())
        .with("offloads", offloads.checksum())
        .with("uso", offloads.uso())
        .with("opened", opened)
        .build();
  }
}
