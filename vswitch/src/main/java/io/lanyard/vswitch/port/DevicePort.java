package io.lanyard.vswitch.port;

import io.lanyard.base.DumpNode;
import io.lanyard.base.Dumpable;
import io.lanyard.linux.Errno;
import io.lanyard.vswitch.DropCause;
import io.lanyard.vswitch.Offloads;
import io.lanyard.vswitch.Passage;
import io.lanyard.vswitch.Port;
import io.lanyard.vswitch.PortCounters;
import io.lanyard.vswitch.Switch;
import io.lanyard.vswitch.frame.Ethernet;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.IoEventLoop;
import io.netty.channel.epoll.EpollIoHandle;
import java.io.IOException;
import java.lang.System.Logger.Level;
import org.jspecify.annotations.Nullable;

/**
 * A device of the host, in the daemon's network namespace or another: a host adapter, or the way in
 * for a VMM or a container that has its network there.
 *
 * <p>Super-frames and unfinished checksums pass as they are, in both directions, unless the device
 * has no offloads. One system call per frame and direction.
 *
 * <p>Thread: {@link #open} any; everything else the network's loop.
 */
public final class DevicePort implements Port, Dumpable {
  private static final System.Logger LOG = System.getLogger(DevicePort.class.getName());

  private final String name;
  private final int mtu;
  private final FrameDevice device;
  private final ByteBufAllocator allocator;
  private final PortCounters counters = new PortCounters();
  private @Nullable Switch network;
  private @Nullable DeviceLink link;
  private boolean closed;
  private boolean lost;

  private DevicePort(TapSettings settings, FrameDevice device, ByteBufAllocator allocator) {
    this.name = settings.name();
    this.mtu = settings.mtu() > 0 ? settings.mtu() : Ethernet.LARGEST_PACKET;
    this.device = device;
    this.allocator = allocator;
  }

  /**
   * Makes or takes over the device and configures it. Blocks for a few system calls.
   *
   * @param settings what to make
   * @param allocator where frames are read to; direct and pooled
   * @return a port to be attached and started, or closed
   * @throws IOException if the device cannot be had; the message says what to do
   */
  public static DevicePort open(TapSettings settings, ByteBufAllocator allocator)
      throws IOException {
    return new DevicePort(settings, settings.open(), allocator);
  }

  /**
   * Begins to read.
   *
   * @param loop the network's loop, one whose I/O is epoll
   * @param to the switch that this port is attached to
   * @throws IllegalArgumentException if the loop is of another kind
   */
  public void start(IoEventLoop loop, Switch to) {
    if (!loop.isCompatible(EpollIoHandle.class)) {
      throw new IllegalArgumentException(
          "a device port needs a loop made with EpollIoHandler, not " + loop);
    }
    network = to;
    link = new DeviceLink(device, this, loop, to, allocator);
    link.start();
  }

  /** Hears that the device is gone, as when its namespace was deleted. */
  void lost(DeviceLink from, int errno) {
    if (lost || closed) {
      return;
    }
    lost = true;
    from.close(); // or epoll reports it without end
    LOG.log(
        Level.WARNING,
        "event=tap-lost port="
            + name
            + " device="
            + device.name()
            + " error="
            + Errno.name(errno)
            + " advice=\"the device was deleted; restart the daemon to have it made anew\"");
    if (network != null) {
      network.carrierLost(this);
    }
  }

  @Override
  public String problem() {
    return lost
        ? "the device " + device.name() + " was deleted; restart the daemon to have it made anew"
        : "";
  }

  @Override
  public boolean transmit(Passage passage, ByteBuf frame) {
    if (closed || lost) {
      counters.transmitDropped(DropCause.NO_CARRIER);
      return false;
    }
    int length = frame.readableBytes();
    int result = device.write(frame.memoryAddress() + frame.readerIndex(), length);
    if (result < 0) {
      counters.transmitDropped(
          switch (-result) {
            case Errno.EIO, Errno.EBADFD, Errno.ENXIO, Errno.ENODEV -> DropCause.NO_CARRIER;
            case Errno.ENOBUFS, Errno.ENOMEM -> DropCause.NO_BUFFERS;
            case Errno.EAGAIN -> DropCause.QUEUE_FULL;
            default -> DropCause.HOST_ERROR;
          });
    }
    return result >= 0;
  }

  @Override
  public void flush() {
    // Each frame left with its own system call: a device takes no more than one at a time.
  }

  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    if (link == null) {
      device.close();
    } else {
      link.close();
    }
  }

  @Override
  public String name() {
    return name;
  }

  /**
   * The device's name.
   *
   * @return the kernel's choice, where it had one
   */
  public String device() {
    return device.name();
  }

  /**
   * The MAC address of the device: the host's, or the container's that has the device.
   *
   * @return the low 48 bits
   * @throws IOException if the device is gone
   */
  public long hardwareAddress() throws IOException {
    return device.hardwareAddress();
  }

  @Override
  public int mtu() {
    return mtu;
  }

  @Override
  public Offloads offloads() {
    return device.offloads();
  }

  @Override
  public PortCounters counters() {
    return counters;
  }

  @Override
  public DumpNode dump() {
    return DumpNode.of("tap " + device.name())
        .with("offloads", device.offloads().checksum())
        .with("uso", device.offloads().uso())
        .with("carrier", !closed && !lost)
        .build();
  }
}
