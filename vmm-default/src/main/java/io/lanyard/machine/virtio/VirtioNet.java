package io.lanyard.machine.virtio;

import io.lanyard.virtio.Chain;
import io.lanyard.virtio.Features;
import io.lanyard.virtio.ReceiveQueue;
import io.lanyard.virtio.VirtQueue;
import io.lanyard.vmm.NicOffloads;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A NIC (VIRTIO 1.2 section 5.1): one pair of queues and a control queue.
 *
 * <p>Frames carry their 12-byte {@code virtio_net_hdr_v1} through this class untouched, but for
 * what the guest's driver did not negotiate. A frame from the guest is copied once, out of guest
 * RAM, before anyone looks at it: the guest could change it between a check and a use. A frame for
 * the guest is written straight into its buffers by the network's thread.
 *
 * <p>Thread: {@link #receive} by the network's loop, notifications by harts; each direction has a
 * lock.
 */
public final class VirtioNet implements VirtioDevice {
  /** Length of the header before each frame. */
  public static final int HEADER = 12;

  /** Longest frame with its header: VLAN tag and a 64 KiB IP packet, rounded up. */
  public static final int MAX_FRAME = HEADER + 65_600;

  private static final int MIN_FRAME = HEADER + 14;

  /**
   * Most descriptors of a chain. Linux needs 19 for 64 KiB in pages of 4 KiB (header, linear part,
   * MAX_SKB_FRAGS = 17), QEMU takes 1,024. A guest may name single bytes, and each costs the
   * network's loop 6 ns.
   */
  static final int MOST_DESCRIPTORS = 64;

  private static final int RECEIVE = 0;
  private static final int TRANSMIT = 1;
  private static final int CONTROL = 2;

  /** Frames of so many lengths can be on their way in turns; a power of two. */
  private static final int KEPT_SLICES = 64;

  private static final long F_CSUM = 1L;
  private static final long F_GUEST_CSUM = 1L << 1;
  private static final long F_CTRL_GUEST_OFFLOADS = 1L << 2;
  private static final long F_MTU = 1L << 3;
  private static final long F_MAC = 1L << 5;
  private static final long F_GUEST_TSO4 = 1L << 7;
  private static final long F_GUEST_TSO6 = 1L << 8;
  private static final long F_GUEST_ECN = 1L << 9;
  private static final long F_HOST_TSO4 = 1L << 11;
  private static final long F_HOST_TSO6 = 1L << 12;
  private static final long F_HOST_ECN = 1L << 13;
  private static final long F_MRG_RXBUF = 1L << 15;
  private static final long F_STATUS = 1L << 16;
  private static final long F_CTRL_VQ = 1L << 17;
  private static final long F_GUEST_USO4 = 1L << 54;
  private static final long F_GUEST_USO6 = 1L << 55;
  private static final long F_HOST_USO = 1L << 56;
  private static final long GUEST_OFFLOADS =
      F_GUEST_CSUM | F_GUEST_TSO4 | F_GUEST_TSO6 | F_GUEST_ECN | F_GUEST_USO4 | F_GUEST_USO6;

  private static final int NEEDS_CSUM = 1;
  private static final int GSO_TCPV4 = 1;
  private static final int GSO_TCPV6 = 4;
  private static final int GSO_UDP_L4 = 5;
  private static final int GSO_ECN = 0x80;

  /** The network behind the NIC. */
  public interface Backend {
    /**
     * Sends a frame of the guest's.
     *
     * @param frame header and frame, lent for the length of the call
     */
    void transmit(MemorySegment frame);

    /** The guest sent something that is no frame. */
    void malformed();

    /** Ends a burst. */
    void flushNetwork();

    /**
     * Whether a network is attached.
     *
     * @return the link status that the guest sees
     */
    boolean up();

    /**
     * The offloads that the network takes.
     *
     * @return decides what is offered to the guest's driver
     */
    NicOffloads networkOffloads();
  }

  private final Backend backend;
  private final byte[] config = new byte[12];
  private final Object receiveLock = new Object();
  private final Object transmitLock = new Object();
  private final MemorySegment frame = Arena.ofAuto().allocate(MAX_FRAME, 8);
  private final @Nullable MemorySegment[] slices = new MemorySegment[KEPT_SLICES];
  private @Nullable Link link;

  // Under receiveLock.
  private @Nullable ReceiveQueue receive;
  private volatile long guestOffloads;
  private volatile NicOffloads offloads = NicOffloads.NONE;

  /** Those that {@link #guestOffloads} may be chosen from. */
  private volatile long negotiated;

  // Under transmitLock.
  private @Nullable VirtQueue transmit;
  private @Nullable Chain outgoing;
  private @Nullable VirtQueue control;
  private @Nullable Chain command;

  /**
   * Makes a NIC.
   *
   * @param mac its address, in the low 48 bits
   * @param mtu what the guest is told
   * @param backend where frames go
   */
  public VirtioNet(long mac, int mtu, Backend backend) {
    this.backend = backend;
    for (int i = 0; i < 6; i++) {
      config[i] = (byte) (mac >>> (40 - 8 * i));
    }
    config[8] = 1; // max_virtqueue_pairs
    config[10] = (byte) mtu;
    config[11] = (byte) (mtu >>> 8);
  }

  @Override
  public int type() {
    return 1;
  }

  @Override
  public int pciClass() {
    return 0x020000;
  }

  @Override
  public long features() {
    NicOffloads other = backend.networkOffloads();
    long features =
        Features.COMMON
            | F_MAC
            | F_MTU
            | F_STATUS
            | F_MRG_RXBUF
            | F_CTRL_VQ
            | F_CTRL_GUEST_OFFLOADS
            | GUEST_OFFLOADS;
    if (other.checksum()) {
      features |= F_CSUM;
      features |= other.tso4() ? F_HOST_TSO4 | F_HOST_ECN : 0;
      features |= other.tso6() ? F_HOST_TSO6 | F_HOST_ECN : 0;
      features |= other.uso() ? F_HOST_USO : 0;
    }
    return features;
  }

  @Override
  public int queues() {
    return 3;
  }

  @Override
  public int queueSize(int queue) {
    return queue == CONTROL ? 64 : 256;
  }

  @Override
  public int config(int offset) {
    if (offset == 6) {
      return backend.up() ? 1 : 0;
    }
    return offset < config.length ? config[offset] & 0xff : 0;
  }

  @Override
  public void attach(Link transport) {
    link = transport;
  }

  /** Tells the guest that a network was attached or detached. Thread: any. */
  public void linkChanged() {
    if (link != null) {
      link.configurationChanged();
    }
  }

  @Override
  public void activate(long features, List<@Nullable VirtQueue> queues) {
    synchronized (receiveLock) {
      VirtQueue buffers = queues.get(RECEIVE);
      boolean mergeable = (features & F_MRG_RXBUF) != 0;
      receive = buffers == null ? null : new ReceiveQueue(buffers, mergeable, HEADER);
      negotiated = features & GUEST_OFFLOADS;
      take(negotiated);
      if (buffers != null) {
        buffers.notifications(false); // receive() looks at the ring itself
      }
    }
    synchronized (transmitLock) {
      transmit = queues.get(TRANSMIT);
      outgoing = transmit == null ? null : transmit.newChain(MOST_DESCRIPTORS);
      control = queues.get(CONTROL);
      command = control == null ? null : control.newChain();
    }
  }

  @Override
  public void reset() {
    synchronized (receiveLock) {
      receive = null;
      negotiated = 0;
      take(0);
    }
    synchronized (transmitLock) {
      transmit = null;
      control = null;
    }
  }

  @Override
  public void notified(int queue) {
    if (queue == RECEIVE) {
      return;
    }
    synchronized (transmitLock) {
      if (queue == TRANSMIT && transmit != null && outgoing != null) {
        transmitAll(transmit, outgoing);
      } else if (queue == CONTROL && control != null && command != null) {
        controlAll(control, command);
      }
    }
  }

  private void transmitAll(VirtQueue queue, Chain chain) {
    do {
      queue.notifications(false);
      while (queue.pop(chain)) {
        long length = chain.readable();
        if (length < MIN_FRAME || length > MAX_FRAME) { // 0 if it had too many descriptors
          backend.malformed();
        } else {
          chain.read(0, frame, 0, length);
          backend.transmit(slice((int) length));
        }
        queue.push(chain, 0);
      }
      queue.publish();
      queue.notifications(true);
    } while (queue.hasNext());
    backend.flushNetwork();
  }

  /**
   * The first bytes of {@link #frame} as a segment. Those of the lengths that come often are kept,
   * so that a frame in a steady stream makes no object.
   */
  private MemorySegment slice(int length) {
    int slot = length & (KEPT_SLICES - 1);
    MemorySegment kept = slices[slot];
    if (kept == null || kept.byteSize() != length) {
      kept = frame.asSlice(0, length);
      slices[slot] = kept;
    }
    return kept;
  }

  /**
   * The offloads that the guest takes.
   *
   * @return nothing while no driver is ready
   */
  public NicOffloads guestOffloads() {
    return offloads;
  }

  /** Under receiveLock: notes what the guest takes, once for all frames until it changes. */
  private void take(long on) {
    guestOffloads = on;
    long uso = F_GUEST_USO4 | F_GUEST_USO6;
    offloads =
        (on & F_GUEST_CSUM) == 0
            ? NicOffloads.NONE
            : new NicOffloads(
                true, (on & F_GUEST_TSO4) != 0, (on & F_GUEST_TSO6) != 0, (on & uso) == uso);
  }

  /** True if the guest negotiated what this header asks of it. */
  private boolean understood(int flags, int gso) {
    if ((flags & NEEDS_CSUM) != 0 && (guestOffloads & F_GUEST_CSUM) == 0) {
      return false;
    }
    long needed =
        switch (gso & ~GSO_ECN) {
          case 0 -> 0;
          case GSO_TCPV4 -> F_GUEST_TSO4;
          case GSO_TCPV6 -> F_GUEST_TSO6;
          case GSO_UDP_L4 -> F_GUEST_USO4 | F_GUEST_USO6;
          default -> -1;
        };
    return (guestOffloads & needed) == needed;
  }

  /**
   * Puts a frame into the guest's buffers; {@link #flushReceive} tells the guest.
   *
   * @param incoming header and frame
   * @return false if the guest has no room, no driver, or no understanding of it
   */
  public boolean receive(MemorySegment incoming) {
    long length = incoming.byteSize();
    if (length < MIN_FRAME || length > MAX_FRAME) {
      return false;
    }
    int flags = incoming.get(ValueLayout.JAVA_BYTE, 0);
    int gso = incoming.get(ValueLayout.JAVA_BYTE, 1) & 0xff;
    synchronized (receiveLock) {
      ReceiveQueue buffers = receive;
      boolean trusts = (guestOffloads & F_GUEST_CSUM) != 0;
      if (buffers == null || !understood(flags, gso) || !buffers.put(incoming, 0, length, trusts)) {
        return false;
      }
      buffers.queue().expose();
      return true;
    }
  }

  /** Tells the guest of what {@link #receive} put into its buffers. */
  public void flushReceive() {
    synchronized (receiveLock) {
      if (receive != null) {
        receive.queue().publish();
      }
    }
  }

  private void controlAll(VirtQueue queue, Chain chain) {
    do {
      queue.notifications(false);
      while (queue.pop(chain)) {
        if (chain.writable() > 0) {
          chain.writeByte(0, control(chain) ? 0 : 1);
          queue.push(chain, 1);
        } else {
          queue.push(chain, 0);
        }
      }
      queue.publish();
      queue.notifications(true);
    } while (queue.hasNext());
  }

  /** Section 5.1.6.5.6: VIRTIO_NET_CTRL_GUEST_OFFLOADS is the one command that is offered. */
  private boolean control(Chain chain) {
    if (chain.readable() < 10 || chain.readByte(0) != 5 || chain.readByte(1) != 0) {
      return false;
    }
    long wanted = chain.readNumber(2, 8);
    if ((wanted & ~negotiated) != 0) {
      return false;
    }
    synchronized (receiveLock) {
      take(wanted);
    }
    return true;
  }
}
