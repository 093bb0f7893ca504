package io.lanyard.vswitch.port;

import io.lanyard.base.Causes;
import io.lanyard.linux.Errno;
import io.lanyard.linux.EventFd;
import io.lanyard.linux.HostInterface;
import io.lanyard.linux.Libc;
import io.lanyard.net.MacAddress;
import io.lanyard.vswitch.Offloads;
import io.lanyard.vswitch.frame.Ethernet;
import io.lanyard.vswitch.frame.OffloadHeader;
import io.lanyard.vswitch.frame.UnfinishedFrame;
import io.lanyard.vswitch.pcap.PcapLibrary;
import io.lanyard.vswitch.pcap.PcapSession;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/**
 * An interface's frames by libpcap.
 *
 * <p>libpcap copies each frame, locks, and may wait; so two threads of its own do that, with a
 * bounded ring between each and the loop.
 *
 * <pre>
 *   libpcap --- reader: marks ---&gt; ring ---&gt; loop (woken by an event descriptor)
 *   libpcap &lt;-- writer &lt;--------- ring &lt;--- loop
 * </pre>
 *
 * <p>libpcap does not say which checksums the host has left unfinished, nor that a frame is a
 * super-frame of the host or of GRO: {@link UnfinishedFrame} finds it out. It sends wire frames
 * only, so that the switch finishes and cuts everything before it comes here.
 *
 * <p>What does not fit into a ring is dropped and counted.
 */
final class PcapWire implements Wire {
  /** Frames that wait for the loop: 5 ms at 200,000 frames per second. */
  private static final int IN_SLOTS = 1024;

  /** Frames that wait for the interface. */
  private static final int OUT_SLOTS = 512;

  /** libpcap gives each frame a slot for the largest: some 500 of 64 KiB. */
  private static final int BUFFER = 32 << 20;

  /** A packet of the MTU and its tags: a longer one is cut. */
  private static final int LARGEST = OffloadHeader.LENGTH + Ethernet.LARGEST_FRAME;

  /** How long the writer keeps the buffers of frames that have left. */
  private static final long TRIM_NANOS = TimeUnit.SECONDS.toNanos(1);

  private static final int VECTOR = 16;
  private static final MemorySegment MEMORY = allMemory();
  private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;

  private final HostInterface at;
  private final PcapSession session;
  private final int fd;
  private final FrameRing in;
  private final FrameRing out;

  /** Whether the loop was woken and has not looked since. */
  private final AtomicBoolean woken = new AtomicBoolean();

  private final AtomicLong overrun = new AtomicLong();
  private final AtomicInteger unsent = new AtomicInteger();

  /** The threads that still use the session. */
  private final AtomicInteger users = new AtomicInteger(2);

  private final Thread writer;
  private volatile boolean writerSleeps;
  private volatile boolean closed;

  /** Whether the writer's ring may have buffers that it does not need. Writer only. */
  private boolean kept = true;

  /** Whether the interface is down: libpcap would say so when the frame has left this. */
  private volatile boolean down;

  private volatile String ended = "";
  private long missedBefore;
  private long source;

  @SuppressWarnings("restricted") // addresses come from the port's own buffers
  private static MemorySegment allMemory() {
    return MemorySegment.NULL.reinterpret(Long.MAX_VALUE);
  }

  private PcapWire(HostInterface at, PcapSession session, int fd, PortBuffers buffers) {
    this.in = new FrameRing(IN_SLOTS, buffers);
    this.out = new FrameRing(OUT_SLOTS, buffers);
    this.at = at;
    this.session = session;
    this.fd = fd;
    this.writer = Thread.ofPlatform().daemon().name("pcap-out-" + at.name()).unstarted(this::send);
  }

  /**
   * Opens an interface.
   *
   * @param at the interface, of the calling thread's namespace
   * @param library libpcap
   * @param withHost whether frames for the host itself are wanted, too
   * @param vlan the VLAN whose frames alone are wanted, with their tags; 0 for all
   * @param buffers the memory of the rings
   */
  static PcapWire open(
      HostInterface at, PcapLibrary library, boolean withHost, int vlan, PortBuffers buffers)
      throws IOException {
    if (!at.isEthernet()) {
      throw new IOException(
          at.name() + " is no Ethernet interface; choose another one for an uplink");
    }
    // The host receives these for itself: a copy would be dropped.
    String others = withHost ? "" : "not ether dst " + new MacAddress(at.mac());
    String own = vlan == 0 ? "" : "vlan " + vlan;
    String filter = own.isEmpty() || others.isEmpty() ? own + others : own + " and " + others;
    PcapSession session = library.open(at.name(), BUFFER, filter);
    boolean done = false;
    try {
      PcapWire wire = new PcapWire(at, session, EventFd.create(), buffers);
      wire.writer.start();
      Thread.ofPlatform().daemon().name("pcap-in-" + at.name()).start(wire::capture);
      done = true;
      return wire;
    } finally {
      if (!done) {
        session.close();
      }
    }
  }

  @Override
  public HostInterface at() {
    return at;
  }

  @Override
  public int fd() {
    return fd;
  }

  /** The reader's thread. */
  private void capture() {
    ByteBuf scratch = PooledByteBufAllocator.DEFAULT.directBuffer(LARGEST);
    try {
      session.run(frame -> captured(frame, scratch));
    } catch (IOException | RuntimeException e) {
      ended = Causes.of(e);
    } finally {
      scratch.release();
      leave();
    }
  }

  private void captured(byte[] frame, ByteBuf scratch) {
    if (frame.length < Ethernet.HEADER_LENGTH || frame.length > LARGEST - OffloadHeader.LENGTH) {
      overrun.incrementAndGet();
      return;
    }
    scratch.setIndex(0, 0);
    scratch.setIndex(0, OffloadHeader.LENGTH + frame.length);
    OffloadHeader.clear(scratch, 0);
    scratch.setBytes(OffloadHeader.LENGTH, frame);
    UnfinishedFrame.mark(scratch, at.mtu());
    if (in.offer(scratch) != null) {
      overrun.incrementAndGet();
    }
    if (!woken.getAndSet(true)) {
      int _ = EventFd.signal(fd);
    }
  }

  @Override
  public int read(long vectors, int count) {
    if (closed) {
      return -Errno.EBADFD;
    }
    ByteBuf frame = in.peek();
    if (frame == null) {
      int _ = EventFd.take(fd);
      woken.set(false);
      frame = in.peek(); // it may have come before the reader could know
      if (frame == null) {
        return -Errno.EAGAIN;
      }
      woken.set(true);
    }
    int length = frame.readableBytes();
    source = Ethernet.source(frame, OffloadHeader.LENGTH);
    long from = frame.memoryAddress();
    int done = 0;
    for (int i = 0; i < count && done < length; i++) {
      long vector = vectors + (long) i * VECTOR;
      long room = MEMORY.get(LONG, vector + Long.BYTES);
      int part = (int) Math.min(room, length - done);
      MemorySegment.copy(MEMORY, from + done, MEMORY, MEMORY.get(LONG, vector), part);
      done += part;
    }
    in.next();
    return done < length ? -Errno.EMSGSIZE : length;
  }

  @Override
  public int lead() {
    return 0; // libpcap has put the tag back
  }

  @Override
  public long source() {
    return source;
  }

  @Override
  public int write(long address, int length) {
    if (closed) {
      return -Errno.EBADFD;
    }
    if (down || !ended.isEmpty()) {
      return -Errno.ENETDOWN;
    }
    if (out.offer(MEMORY.asSlice(address, length)) != null) {
      return -Errno.ENOBUFS;
    }
    VarHandle.fullFence(); // the writer sees the frame, or this its sleep
    if (writerSleeps) {
      LockSupport.unpark(writer);
    }
    return length;
  }

  /** The writer's thread. */
  private void send() {
    byte[] bytes = new byte[LARGEST];
    try {
      while (!closed) {
        ByteBuf frame = out.peek();
        if (frame == null) {
          sleep();
          continue;
        }
        int length = frame.readableBytes() - OffloadHeader.LENGTH;
        frame.getBytes(OffloadHeader.LENGTH, bytes, 0, length);
        out.next();
        kept = true;
        try {
          session.send(bytes, length);
        } catch (IOException e) {
          unsent.incrementAndGet(); // the port counts it; why, the interface's state says
        }
      }
    } finally {
      out.close();
      leave();
    }
  }

  private void sleep() {
    writerSleeps = true;
    if (out.isEmpty() && !closed) {
      if (kept) {
        LockSupport.parkNanos(this, TRIM_NANOS);
        kept = !out.isEmpty() || out.trim();
      } else {
        LockSupport.park(this);
      }
    }
    writerSleeps = false;
  }

  @Override
  public int missed() {
    boolean _ = closed || in.trim();
    long all = closed ? missedBefore : session.missed() + overrun.get();
    int since = (int) Math.min(Integer.MAX_VALUE, Math.max(0, all - missedBefore));
    missedBefore = Math.max(all, missedBefore);
    return since;
  }

  @Override
  public int unsent() {
    return unsent.getAndSet(0);
  }

  @Override
  public void follow(HostInterface now) {
    down = !now.isUp();
  }

  @Override
  public String ended() {
    return ended;
  }

  @Override
  public Offloads offloads() {
    return Offloads.NONE;
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      in.close();
      LockSupport.unpark(writer);
      session.stop();
    }
  }

  /** The last thread that goes closes what both used: a number of a descriptor is used again. */
  private void leave() {
    if (users.decrementAndGet() == 0) {
      session.close();
      Libc.close(fd);
    }
  }
}
