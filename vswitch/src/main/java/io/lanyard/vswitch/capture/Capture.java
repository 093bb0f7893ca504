package io.lanyard.vswitch.capture;

import io.lanyard.base.Clock;
import io.lanyard.base.DumpNode;
import io.lanyard.base.Dumpable;
import io.lanyard.base.LogEvent;
import io.lanyard.net.Address;
import io.lanyard.vswitch.FrameTap;
import io.lanyard.vswitch.Passage;
import io.lanyard.vswitch.Port;
import io.lanyard.vswitch.Switch;
import io.lanyard.vswitch.frame.Checksum;
import io.lanyard.vswitch.frame.OffloadHeader;
import io.lanyard.vswitch.frame.SuperFrame;
import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.channels.WritableByteChannel;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * A capture that runs: it copies wire frames from a switch into a pcapng stream.
 *
 * <p>Thread: {@link #start} and {@link #close} on the network's loop; a virtual thread writes.
 */
public final class Capture implements FrameTap, Dumpable, AutoCloseable {
  /** The usual "whole frame". */
  public static final int WHOLE_FRAMES = 262144;

  /** Captures of the process at a time; each costs 150 KiB besides what waits. */
  public static final int MOST = 32;

  /** Bytes that may wait for the writer: what a disk's hiccup of 6 ms costs at 10 Gbit/s. */
  private static final long QUEUE_BYTES = 8 << 20;

  /** Of all captures of the process together: they lie on the heap, which others need too. */
  private static final long ALL_QUEUES_BYTES = 24 << 20;

  private static final AtomicLong ALL_QUEUED_BYTES = new AtomicLong();

  private static final AtomicInteger RUNNING = new AtomicInteger();

  /** The cost of a frame besides its bytes: array, record and the queue's node. */
  private static final int FRAME_OVERHEAD = 96;

  private static final System.Logger LOG = System.getLogger(Capture.class.getName());

  private final Switch network;
  private final @Nullable Port only;
  private final @Nullable FrameFilter filter;
  private final CaptureLabels labels;
  private final CaptureLabels.Names names;
  private final int snapLength;
  private final Clock clock;
  private final WritableByteChannel channel;
  private final LinkedBlockingQueue<Entry> queue = new LinkedBlockingQueue<>();
  private final AtomicLong queuedBytes = new AtomicLong();
  private final Map<String, Interface> interfaces = new LinkedHashMap<>();
  private final CompletableFuture<Summary> done = new CompletableFuture<>();
  private final ByteBuf scratch;
  private volatile boolean failed;
  private boolean closed;
  private int described;
  private long frames;
  private long dropped;

  /**
   * A capture's outcome.
   *
   * @param frames wire frames in the file
   * @param dropped wire frames that the queue had no room for
   */
  public record Summary(long frames, long dropped) {}

  /** A port as the file has it. Its number is its place in the file, -1 until it is there. */
  private static final class Interface {
    final String name;
    final String description;
    final PortDrops drops;
    int number = -1;

    // Written on the loop; the writer reads them after the last entry has come by the queue.
    long captured;
    long dropped;
    long droppedSinceLast;

    Interface(Port port, CaptureLabels labels) {
      this.name = port.name();
      this.description = labels.describe(port);
      this.drops = new PortDrops(port.counters());
    }
  }

  /** An entry of the queue. */
  private sealed interface Entry {}

  @SuppressWarnings(
      "ArrayRecordComponent") // made on the loop, read once by the writer, never compared
  private record Frame(
      Interface on, long nanos, boolean inbound, byte[] data, int length, long droppedBefore)
      implements Entry {}

  /**
   * The end of the capture.
   *
   * @param names those that were not known when it began
   * @param interfaces the ports with frames, and those that dropped some
   * @param comments what each of these dropped, in words
   */
  private record End(
      long nanos, CaptureLabels.Names names, List<Interface> interfaces, List<String> comments)
      implements Entry {}

  private Capture(
      Switch network,
      @Nullable Port only,
      @Nullable FrameFilter filter,
      CaptureLabels labels,
      int snapLength,
      Clock clock,
      WritableByteChannel channel,
      ByteBuf scratch) {
    this.network = network;
    this.only = only;
    this.filter = filter;
    this.labels = labels;
    this.names = labels.names();
    this.snapLength = snapLength;
    this.clock = clock;
    this.channel = channel;
    this.scratch = scratch;
  }

  /**
   * Begins a capture.
   *
   * @param network the switch to watch
   * @param only the port to watch, both ways; null for the whole network, each frame where it comes
   *     in
   * @param filter tells which frames are taken; null for all
   * @param labels what the file says of ports and addresses
   * @param snapLength bytes of a frame that are kept; {@link #WHOLE_FRAMES} for all
   * @param clock what stamps the frames
   * @param channel where blocks are written to; closed when the capture ends
   * @param scratch a direct buffer that segments are made in; released when the capture ends
   * @return the capture, to be closed
   * @throws IllegalStateException if {@link #MOST} run already; the scratch buffer has been
   *     released
   */
  public static Capture start(
      Switch network,
      @Nullable Port only,
      @Nullable FrameFilter filter,
      CaptureLabels labels,
      int snapLength,
      Clock clock,
      WritableByteChannel channel,
      ByteBuf scratch) {
    if (RUNNING.incrementAndGet() > MOST) {
      RUNNING.decrementAndGet();
      scratch.release();
      throw new IllegalStateException(MOST + " captures run already");
    }
    Capture capture =
        new Capture(
            network, only, filter, labels, Math.max(1, snapLength), clock, channel, scratch);
    for (Port port : only == null ? network.ports() : List.of(only)) {
      capture.on(port);
    }
    // A viewer waits for the one interface; those of a network come with their first frames.
    Interface first = only == null ? null : capture.on(only);
    network.addTap(capture);
    Thread _ =
        Thread.ofVirtual().name("capture-" + network.name()).start(() -> capture.write(first));
    return capture;
  }

  /**
   * The number of captures whose readers may still be there.
   *
   * @return captures of the process
   */
  public static int running() {
    return RUNNING.get();
  }

  @Override
  @SuppressWarnings("ReferenceEquality") // a port is itself
  public void frame(Passage passage, Port port, boolean received, ByteBuf frame) {
    if (failed || closed || (only == null ? !received : only != port)) {
      return;
    }
    Interface on = on(port);
    Instant now = clock.now();
    long nanos = now.getEpochSecond() * 1_000_000_000L + now.getNano();
    if (passage.headerLength() != 0) {
      for (int i = 0; i < passage.segments(); i++) {
        SuperFrame.copySegment(frame, passage.network(), passage.headerLength(), i, scratch);
        add(on, nanos, received, scratch);
      }
    } else if (OffloadHeader.flags(frame, frame.readerIndex()) == OffloadHeader.NEEDS_CSUM) {
      scratch.clear();
      scratch.writeBytes(frame, frame.readerIndex(), frame.readableBytes());
      Checksum.complete(scratch);
      add(on, nanos, received, scratch);
    } else {
      add(on, nanos, received, frame);
    }
  }

  private Interface on(Port port) {
    Interface on = interfaces.get(port.name());
    if (on == null) {
      on = new Interface(port, labels);
      interfaces.put(port.name(), on);
    }
    return on;
  }

  private void add(Interface on, long nanos, boolean received, ByteBuf frame) {
    int length = frame.readableBytes() - OffloadHeader.LENGTH;
    if (filter != null
        && !filter.matches(frame, frame.readerIndex() + OffloadHeader.LENGTH, length)) {
      return;
    }
    int kept = Math.min(length, snapLength);
    int cost = kept + FRAME_OVERHEAD;
    if (queuedBytes.get() + cost > QUEUE_BYTES
        || ALL_QUEUED_BYTES.get() + cost > ALL_QUEUES_BYTES) {
      dropped++;
      on.dropped++;
      on.droppedSinceLast++;
      return;
    }
    byte[] data = new byte[kept];
    frame.getBytes(frame.readerIndex() + OffloadHeader.LENGTH, data);
    book(cost);
    frames++;
    on.captured++;
    queue.add(new Frame(on, nanos, received, data, length, on.droppedSinceLast));
    on.droppedSinceLast = 0;
    if (failed) {
      discard();
    }
  }

  private void book(long bytes) {
    queuedBytes.addAndGet(bytes);
    ALL_QUEUED_BYTES.addAndGet(bytes);
  }

  /** Nobody will write what waits. Either thread, when the capture has failed. */
  private void discard() {
    for (Entry entry = queue.poll(); entry != null; entry = queue.poll()) {
      if (entry instanceof Frame frame) {
        book(-(frame.data.length + FRAME_OVERHEAD));
      }
    }
  }

  /** The writer's thread. */
  private void write(@Nullable Interface first) {
    PcapngWriter writer = new PcapngWriter(channel);
    try (channel) {
      writer.section();
      writer.names(names);
      if (first != null) {
        describe(writer, first);
      }
      while (true) {
        Entry entry = queue.poll();
        if (entry == null) {
          writer.flush(); // a viewer wants to see what there is
          entry = queue.take();
        }
        switch (entry) {
          case Frame frame -> write(writer, frame);
          case End end -> {
            end(writer, end);
            done.complete(new Summary(frames, dropped));
            return;
          }
        }
      }
    } catch (IOException e) {
      fail(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      fail(new IOException("the capture was interrupted", e));
    } finally {
      RUNNING.decrementAndGet();
    }
  }

  private void end(PcapngWriter writer, End end) throws IOException {
    writer.names(end.names);
    for (int i = 0; i < end.interfaces.size(); i++) {
      Interface on = end.interfaces.get(i);
      describe(writer, on);
      writer.statistics(on.number, end.nanos, on.captured, on.dropped, end.comments.get(i));
    }
    writer.flush();
  }

  /** Describes an interface before its first frame, or before its numbers. */
  private void describe(PcapngWriter writer, Interface on) throws IOException {
    if (on.number < 0) {
      on.number = described++;
      writer.describe(on.name, on.description, snapLength);
    }
  }

  private void write(PcapngWriter writer, Frame frame) throws IOException {
    book(-(frame.data.length + FRAME_OVERHEAD));
    describe(writer, frame.on);
    writer.packet(
        frame.on.number, frame.nanos, frame.inbound, frame.data, frame.length, frame.droppedBefore);
  }

  private void fail(IOException e) {
    failed = true;
    discard();
    LogEvent.of("capture-failed")
        .with("network", network.name())
        .with("cause", e)
        .with("advice", "check the disk, or the program that reads the capture")
        .log(LOG, Level.WARNING);
    done.completeExceptionally(e);
  }

  /**
   * The capture's outcome, once everything is written.
   *
   * @return completes with the outcome, or with the {@link IOException} that ended the capture
   */
  public CompletableFuture<Summary> done() {
    return done;
  }

  /** Ends the capture; what was captured is still written. A second call does nothing. */
  @Override
  public void close() {
    if (!closed) {
      closed = true;
      network.removeTap(this);
      scratch.release();
      queue.add(end());
    }
  }

  private End end() {
    Instant now = clock.now();
    List<Interface> told = new ArrayList<>();
    List<String> comments = new ArrayList<>();
    for (Interface on : interfaces.values()) {
      String drops = on.drops.words();
      if (only != null || on.captured + on.dropped > 0 || !drops.isEmpty()) {
        told.add(on);
        comments.add(drops);
      }
    }
    CaptureLabels.Names late = labels.names();
    Map<Address, String> addresses = new LinkedHashMap<>(late.addresses());
    addresses.entrySet().removeAll(names.addresses().entrySet());
    Map<Long, String> macs = new LinkedHashMap<>(late.macs());
    macs.entrySet().removeAll(names.macs().entrySet());
    return new End(
        now.getEpochSecond() * 1_000_000_000L + now.getNano(),
        new CaptureLabels.Names(addresses, macs),
        told,
        comments);
  }

  @Override
  public DumpNode dump() {
    return DumpNode.of("capture")
        .with("port", only == null ? "all" : only.name())
        .with("frames", frames)
        .with("dropped", dropped)
        .with("waitingBytes", queuedBytes.get())
        .with("failed", failed)
        .build();
  }
}
