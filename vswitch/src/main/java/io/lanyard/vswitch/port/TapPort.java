package io.lanyard.vswitch.port;

import io.lanyard.base.DumpNode;
import io.lanyard.base.Dumpable;
import io.lanyard.linux.Errno;
import io.lanyard.linux.Ifreq;
import io.lanyard.linux.NetworkNamespace;
import io.lanyard.linux.TapDevice;
import io.lanyard.vswitch.DropCause;
import io.lanyard.vswitch.LoopClosing;
import io.lanyard.vswitch.Offloads;
import io.lanyard.vswitch.Passage;
import io.lanyard.vswitch.Port;
import io.lanyard.vswitch.PortCounters;
import io.lanyard.vswitch.Switch;
import io.lanyard.vswitch.frame.Ethernet;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.IoEvent;
import io.netty.channel.IoEventLoop;
import io.netty.channel.IoRegistration;
import io.netty.channel.epoll.EpollIoEvent;
import io.netty.channel.epoll.EpollIoHandle;
import io.netty.channel.epoll.EpollIoOps;
import io.netty.channel.unix.FileDescriptor;
import java.io.IOException;
import java.lang.System.Logger.Level;
import org.jspecify.annotations.Nullable;

/**
 * A TAP device, in the daemon's network namespace or another: a host adapter, or the way in for a
 * VMM or a container that has its network there.
 *
 * <p>Super-frames and unfinished checksums pass as they are, in both directions, unless the
 * offloads are switched off. One system call a frame each way.
 *
 * <p>Thread: {@link #open} any; everything else the network's loop.
 */
public final class TapPort implements Port, Dumpable {
  private static final System.Logger LOG = System.getLogger(TapPort.class.getName());

  private final String name;
  private final TapDevice device;
  private final int mtu;
  private final Offloads offloads;
  private final PortCounters counters = new PortCounters();
  private final DeviceBurst burst;
  private @Nullable IoRegistration registration;
  private @Nullable IoEventLoop loop;
  private @Nullable Switch network;
  private boolean closed;
  private boolean lost;
  private boolean reading;

  /**
   * What a TAP port is made of.
   *
   * @param name the port's name
   * @param device the device's name; may hold one {@code %d}
   * @param namespace a network namespace's name or path, or null for the daemon's own
   * @param offloads whether super-frames and unfinished checksums may pass
   * @param mtu the device's MTU, or 0 to leave it alone
   * @param address an IPv4 address to give to the device, or null
   * @param up whether to switch the device on
   */
  public record Settings(
      String name,
      String device,
      @Nullable String namespace,
      boolean offloads,
      int mtu,
      @Nullable HostAddress address,
      boolean up) {
    /**
     * A device that somebody else configures.
     *
     * @param name the port's name
     * @param device the device's name
     * @param namespace a network namespace's name or path, or null for the daemon's own
     * @return settings with offloads, and nothing said about MTU, address and state
     */
    public static Settings plain(String name, String device, @Nullable String namespace) {
      return new Settings(name, device, namespace, true, 0, null, false);
    }
  }

  /**
   * An IPv4 address with its subnet.
   *
   * @param address the address as a big-endian int
   * @param prefixLength bits of the netmask
   */
  public record HostAddress(int address, int prefixLength) {
    /** Checks the prefix length. */
    public HostAddress {
      if (prefixLength < 0 || prefixLength > 32) {
        throw new IllegalArgumentException("a prefix length is 0 to 32, not " + prefixLength);
      }
    }
  }

  private TapPort(Settings settings, TapDevice device, ByteBufAllocator allocator) {
    this.name = settings.name();
    this.device = device;
    this.mtu = settings.mtu() > 0 ? settings.mtu() : Ethernet.LARGEST_PACKET;
    boolean on = device.offloads();
    this.offloads = Offloads.of(on, on, on, device.uso());
    this.burst = new DeviceBurst(allocator);
  }

  /**
   * Makes or takes over the device and configures it. Blocks for a few system calls.
   *
   * @param settings what to make
   * @param allocator where frames are read to; direct and pooled
   * @return a port to be attached and started, or closed
   * @throws IOException if the device cannot be had; the message says what to do
   */
  public static TapPort open(Settings settings, ByteBufAllocator allocator) throws IOException {
    TapDevice device = TapDevice.open(settings.device(), settings.namespace(), settings.offloads());
    boolean done = false;
    try {
      NetworkNamespace.run(
          settings.namespace(),
          () -> {
            configure(device.name(), settings);
            return true;
          });
      TapPort port = new TapPort(settings, device, allocator);
      done = true;
      return port;
    } finally {
      if (!done) {
        device.close();
      }
    }
  }

  private static void configure(String device, Settings settings) throws IOException {
    if (settings.mtu() > 0) {
      Ifreq.setMtu(device, settings.mtu());
    }
    HostAddress address = settings.address();
    if (address != null) {
      Ifreq.setAddress(device, address.address(), address.prefixLength());
    }
    if (settings.up()) {
      Ifreq.up(device);
    }
  }

  /**
   * Begins to read.
   *
   * @param loop the network's loop, one whose I/O is epoll
   * @param to the switch that this port is attached to
   * @throws IllegalArgumentException if the loop is of another kind
   */
  public void start(IoEventLoop loop, Switch to) {
    if (!loop.isCompatible(Handle.class)) {
      throw new IllegalArgumentException(
          "a TAP port needs a loop made with EpollIoHandler, not " + loop);
    }
    this.loop = loop;
    network = to;
    loop.register(new Handle())
        .addListener(future -> {
          if (future.isSuccess()) {
            registered((IoRegistration) future.getNow());
          } else {
            LOG.log(Level.ERROR, "event=tap-not-registered port=" + name, future.cause());
          }
        });
  }

  private void registered(IoRegistration made) {
    if (closed) {
      made.cancel();
    } else {
      registration = made;
      made.submit(EpollIoOps.EPOLLIN);
    }
  }

  /** What epoll calls; the port itself shows nothing of Netty's. */
  private final class Handle implements EpollIoHandle {
    private final FileDescriptor descriptor = new FileDescriptor(device.fd());

    @Override
    public FileDescriptor fd() {
      return descriptor;
    }

    @Override
    public void handle(IoRegistration ready, IoEvent event) {
      if (((EpollIoEvent) event).ops().contains(EpollIoOps.EPOLLIN)) {
        read();
      } else {
        lose(Errno.EBADFD);
      }
    }

    @Override
    public void close() {
      TapPort.this.close();
    }
  }

  /** Reads one burst; what is left makes epoll report the device again. */
  private void read() {
    Switch to = network;
    if (to == null) {
      return;
    }
    reading = true;
    try {
      for (int i = 0; i < DeviceBurst.FRAMES && burst.hasRoom() && !closed; i++) {
        int length = device.read(burst.vectors(), DeviceBurst.VECTORS);
        if (length < 0) {
          if (length != -Errno.EAGAIN && length != -Errno.EINTR && length != -Errno.EIO) {
            lose(-length);
          }
          break;
        }
        burst.take(to, this, length);
      }
      burst.deliver(to, this);
      to.flush();
    } finally {
      reading = false;
      if (closed) {
        burst.release();
      }
    }
  }

  /** The device is gone, as when its namespace was deleted: stop, or epoll reports it for ever. */
  private void lose(int errno) {
    if (!lost && !closed) {
      lost = true;
      LOG.log(
          Level.WARNING,
          "event=tap-lost port="
              + name
              + " device="
              + device.name()
              + " error="
              + Errno.name(errno)
              + " advice=\"the device was deleted; restart the daemon to have it made anew\"");
      if (registration != null) {
        registration.cancel();
        registration = null;
      }
      if (network != null) {
        network.carrierLost(this);
      }
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
    // Each frame left with its own system call: a TAP takes no more than one at a time.
  }

  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    if (registration != null) {
      registration.cancel();
      registration = null;
    }
    IoEventLoop watching = loop;
    if (watching == null) {
      device.close();
    } else {
      LoopClosing.close(watching, device.fd(), device::close);
    }
    if (!reading) { // else a frame is still lent
      burst.release();
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
    return offloads;
  }

  @Override
  public PortCounters counters() {
    return counters;
  }

  @Override
  public DumpNode dump() {
    return DumpNode.of("tap " + device.name())
        .with("offloads", offloads.checksum())
        .with("uso", offloads.uso())
        .with("carrier", !closed && !lost)
        .build();
  }
}
