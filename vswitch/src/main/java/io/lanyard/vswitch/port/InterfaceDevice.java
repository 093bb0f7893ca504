package io.lanyard.vswitch.port;

import io.lanyard.linux.Errno;
import io.lanyard.linux.HostInterface;
import io.lanyard.linux.IngressRedirect;
import io.lanyard.linux.NetworkNamespace;
import io.lanyard.vswitch.Offloads;
import io.lanyard.vswitch.Passage;
import io.lanyard.vswitch.frame.Ethernet;
import io.lanyard.vswitch.frame.OffloadHeader;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.security.SecureRandom;
import org.jspecify.annotations.Nullable;

/**
 * An interface of the host as a port uses it: a {@link Wire}, and a way into the host's own stack
 * beside it.
 *
 * <pre>
 *   frame --+-- to the interface's own address ---------------&gt; host's stack
 *           +-- to a group ------------------+---------------&gt; host's stack
 *           |                                +---------------&gt; wire
 *           +-- to anybody else -----------------------------&gt; wire
 * </pre>
 *
 * <p>What the host sends is seen on the wire. What was led into the host's stack comes in at the
 * interface, so that it is seen too: such a frame, known by its source, is dropped. Those to the
 * interface's own address stay in the kernel.
 */
final class InterfaceDevice implements FrameDevice {
  private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;
  private static final MemorySegment MEMORY = allMemory();

  /** Frames of our own that are dropped in one call; then it is another's turn. */
  private static final int MOST_OWN = 64;

  private final Wire wire;
  private final @Nullable IngressRedirect host;
  private final String hostProblem;
  private final @Nullable String place;
  private final NetworkNamespace.@Nullable Identity namespace;
  private final long mac;
  private final @Nullable SharedMac shared;

  /** Puts the tag into what goes to the host's stack; null where there is none. */
  private final @Nullable VlanTag hostTag;

  /** Where frames are rewritten; empty where none is. */
  private final ByteBuf scratch;

  private final RecentSources own = new RecentSources(new SecureRandom().nextLong());
  private final int wantedMtu;
  private volatile int mtu;

  /**
   * Makes one.
   *
   * @param wire carries its frames
   * @param host the way into the host's stack; null for none
   * @param hostProblem why there is none though there should be; else empty
   * @param place the name or path of the network namespace, or null for the daemon's own
   * @param namespace which namespace that was; null if that cannot be known
   * @param wantedMtu the largest packet that the port is to pass
   * @param shared the addresses of the guests, which share the interface's MAC address then; null
   *     for guests that have their own
   * @param vlan the VLAN of the wire that this is; 0 for all frames as they are
   */
  InterfaceDevice(
      Wire wire,
      @Nullable IngressRedirect host,
      String hostProblem,
      @Nullable String place,
      NetworkNamespace.@Nullable Identity namespace,
      int wantedMtu,
      @Nullable SharedAddresses shared,
      int vlan) {
    this.wire = wire;
    this.hostTag = vlan == 0 || host == null ? null : new VlanTag(vlan);
    this.host = host;
    this.hostProblem = hostProblem;
    this.place = place;
    this.namespace = namespace;
    this.mac = wire.at().mac();
    if (shared == null) {
      this.scratch = Unpooled.EMPTY_BUFFER;
      this.shared = null;
    } else {
      this.scratch = Unpooled.directBuffer(SharedMac.capacity(), SharedMac.capacity());
      this.shared = new SharedMac(mac, shared, scratch, wire::write);
    }
    this.wantedMtu = wantedMtu;
    this.mtu = wire.at().mtu();
  }

  @SuppressWarnings("restricted") // addresses come from the port's own buffers
  private static MemorySegment allMemory() {
    return MemorySegment.NULL.reinterpret(Long.MAX_VALUE);
  }

  /** The interface as it was when the device was opened. */
  HostInterface at() {
    return wire.at();
  }

  /** Where the device was opened; null if that could not be known. */
  NetworkNamespace.@Nullable Identity namespace() {
    return namespace;
  }

  /** Notes what the interface is now. On any thread. */
  void follow(HostInterface now) {
    mtu = now.mtu();
    wire.follow(now);
  }

  @Override
  public String name() {
    return wire.at().name();
  }

  @Override
  public int fd() {
    return wire.fd();
  }

  @Override
  public int read(long vectors, int count) {
    int length = wire.read(vectors, count);
    for (int i = 0; length >= 0 && (isOwn() || isForHost(vectors, length)); i++) {
      if (i == MOST_OWN) {
        return -Errno.EAGAIN; // this one is dropped, too; the rest wait for the next turn
      }
      length = wire.read(vectors, count);
    }
    return length;
  }

  /** Whether a frame that was read is the host's alone; else it has its guest's address now. */
  private boolean isForHost(long vectors, int length) {
    SharedMac sharing = shared;
    if (sharing == null) {
      return false;
    }
    int inOnePiece = Math.min(length, (int) MEMORY.get(LONG, vectors + Long.BYTES) + wire.lead());
    long start = MEMORY.get(LONG, vectors) - wire.lead() + OffloadHeader.LENGTH;
    return !sharing.receive(start, inOnePiece - OffloadHeader.LENGTH);
  }

  private int send(Passage passage, long address, int length) {
    SharedMac sharing = shared;
    return sharing == null ? wire.write(address, length) : sharing.write(passage, address, length);
  }

  private boolean isOwn() {
    return host != null
        && own.contains(wire.source())
        && own.isRecent(wire.source(), System.nanoTime());
  }

  @Override
  public int lead() {
    return wire.lead();
  }

  @Override
  public int write(Passage passage, long address, int length) {
    wire.admit(passage.source()); // before the answer can come
    IngressRedirect way = host;
    long destination = passage.destination();
    if (way == null) {
      return destination == mac && !hostProblem.isEmpty()
          ? -Errno.EHOSTUNREACH
          : send(passage, address, length);
    }
    boolean isGroup = Ethernet.isGroup(destination);
    if (!isGroup && destination != mac) {
      return send(passage, address, length);
    }
    if (!isGroup) {
      return toHost(way, address, length);
    }
    own.add(passage.source(), System.nanoTime());
    int sent = send(passage, address, length); // first: the host may answer at once
    int heard = toHost(way, address, length);
    return sent < 0 ? sent : heard;
  }

  /** The host hears of a VLAN what its own device of that VLAN would, by the tag. */
  private int toHost(IngressRedirect way, long address, int length) {
    VlanTag tag = hostTag;
    return tag == null
        ? way.write(address, length)
        : way.write(tag.tagged(address, length), length + Ethernet.TAG_LENGTH);
  }

  @Override
  public int missed() {
    return wire.missed();
  }

  @Override
  public int unsent() {
    return wire.unsent();
  }

  /** Why no frame comes any more while the interface is up; empty while frames come. */
  String ended() {
    return wire.ended();
  }

  @Override
  public int mtu() {
    return mtu;
  }

  @Override
  public String limitation() {
    int now = mtu;
    String small =
        now < wantedMtu
            ? "the MTU of "
                + name()
                + " is "
                + now
                + ", so longer packets are dropped; let the network's mtu be "
                + now
            : "";
    return small.isEmpty() || hostProblem.isEmpty()
        ? small + hostProblem
        : small + "; " + hostProblem;
  }

  @Override
  public boolean isGone(int errno) {
    return errno == Errno.EBADFD || errno == Errno.ENXIO || errno == Errno.ENODEV;
  }

  @Override
  public boolean isDown(int errno) {
    return errno == Errno.ENETDOWN;
  }

  @Override
  public boolean tellsCarrier() {
    return false;
  }

  @Override
  public String downReason() {
    return "the interface "
        + name()
        + " is down; "
        + Namespaces.remedy(place, "link set " + name() + " up");
  }

  @Override
  public Offloads offloads() {
    return wire.offloads();
  }

  @Override
  public long hardwareAddress() {
    return mac;
  }

  @Override
  public void close() {
    if (scratch.refCnt() > 0) {
      scratch.release();
    }
    wire.close();
    if (hostTag != null) {
      hostTag.close();
    }
    if (host != null) {
      host.close();
    }
  }
}
