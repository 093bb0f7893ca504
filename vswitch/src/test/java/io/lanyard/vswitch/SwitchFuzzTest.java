package io.lanyard.vswitch;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.lanyard.testing.FuzzInput;
import io.lanyard.testing.LogWatch;
import io.lanyard.testing.SteppedTimers;
import io.lanyard.vswitch.frame.Ethernet;
import io.lanyard.vswitch.frame.OffloadHeader;
import io.lanyard.vswitch.frame.WireFrame;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Frames of any form, with any offload header, between ports of several capabilities. Each frame is
 * accounted for, each port gets only what it takes, and what a super-frame is cut into says what it
 * said.
 *
 * <p>An input is a series of steps: the port that sends; zeros that are put behind the frame, so
 * that a small input makes a large one; length, offload header and frame.
 */
class SwitchFuzzTest {
  private static final int MOST_STEPS = 24;

  private final UnpooledByteBufAllocator allocator = new UnpooledByteBufAllocator(true, true);
  private final List<Station> stations = new ArrayList<>();

  /** A port that checks what it is given against what it said it takes. */
  private static final class Station implements Port {
    private final String name;
    private final int mtu;
    private final Offloads offloads;
    private final PortCounters counters = new PortCounters();
    private final List<WireFrame> got = new ArrayList<>();
    private @Nullable ByteBuf kept;
    private int asked;
    private long refused;

    Station(String name, int mtu, Offloads offloads) {
      this.name = name;
      this.mtu = mtu;
      this.offloads = offloads;
    }

    @Override
    public String name() {
      return name;
    }

    @Override
    public String kind() {
      return "station";
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
    public boolean transmit(Passage passage, ByteBuf frame) {
      int reader = frame.readerIndex();
      WireFrame wire = new WireFrame(frame);
      assertThat(wire.largestPacket()).isLessThanOrEqualTo(mtu);
      int flags = OffloadHeader.flags(frame, reader);
      if (!offloads.checksum()) {
        assertThat(flags).isZero();
      }
      switch (OffloadHeader.gsoType(frame, reader) & ~OffloadHeader.GSO_ECN) {
        case OffloadHeader.GSO_NONE -> {}
        case OffloadHeader.GSO_TCPV4 -> assertThat(offloads.tso4()).isTrue();
        case OffloadHeader.GSO_TCPV6 -> assertThat(offloads.tso6()).isTrue();
        case OffloadHeader.GSO_UDP_L4 -> assertThat(offloads.uso()).isTrue();
        default -> throw new AssertionError("a kind of super-frame that nobody takes");
      }
      assertThat(passage.wireBytes()).isEqualTo(wire.wireBytes(passage.segments()));
      assertThat(passage.source()).isEqualTo(wire.source());
      assertThat(passage.destination()).isEqualTo(wire.destination());
      if (++asked % 7 == 0) {
        refused += passage.segments();
        counters.transmitDropped(DropCause.QUEUE_FULL, passage.segments());
        return false;
      }
      got.add(wire);
      if (asked % 3 == 0) { // a queue that is not empty yet
        release();
        kept = frame.retain();
      }
      return true;
    }

    private void release() {
      if (kept != null) {
        kept.release();
        kept = null;
      }
    }

    @Override
    public void flush() {
      release();
    }

    @Override
    public PortCounters counters() {
      return counters;
    }

    @Override
    public void close() {
      release();
    }

    private long handled() {
      return counters.transmittedFrames() + counters.transmitDrops();
    }
  }

  @FuzzTest
  void eachFrameIsAccountedForAndSaysWhatItSaid(byte[] input) {
    LogWatch.allowWarnings();
    stations.clear();
    stations.add(new Station("plain", 1500, Offloads.NONE));
    stations.add(new Station("all", Ethernet.LARGEST_PACKET, Offloads.ALL));
    stations.add(new Station("checksums", 9000, Offloads.of(true, false, false, false)));
    stations.add(new Station("tso4", 1500, Offloads.of(true, true, false, false)));
    stations.add(new Station("tso6-uso", 1280, Offloads.of(true, false, true, true)));
    SteppedTimers timers = new SteppedTimers();
    Switch network = new Switch("fuzz", timers, allocator);
    stations.forEach(network::attach);
    FuzzInput in = new FuzzInput(input);
    ByteBuf frame = allocator.directBuffer(2048);
    for (int step = 0; step < MOST_STEPS && in.hasNext(); step++) {
      Station from = stations.get(in.choice(stations.size()));
      int zeros = in.word();
      frame.clear().writeBytes(in.chunk());
      if (frame.readableBytes() < OffloadHeader.LENGTH) {
        frame.writeZero(OffloadHeader.LENGTH - frame.readableBytes());
      }
      frame.writeZero(zeros);
      send(network, from, frame);
      if (step % 4 == 3) {
        network.flush();
      }
    }
    network.flush();
    stations.forEach(Station::close);
    frame.release();
    network.close();
    assertThat(allocator.metric().usedDirectMemory()).isZero();
    assertThat(allocator.metric().usedHeapMemory()).isZero();
  }

  private void send(Switch network, Station from, ByteBuf frame) {
    long received = from.counters.receivedFrames();
    long bytes = from.counters.receivedBytes();
    long dropped = from.counters.receiveDrops();
    long[] handled = stations.stream().mapToLong(Station::handled).toArray();
    stations.forEach(station -> {
      station.got.clear();
      station.refused = 0;
    });
    ByteBuf sent = frame.copy();

    network.receive(from, frame);

    long wire = from.counters.receivedFrames() - received;
    long drops = from.counters.receiveDrops() - dropped;
    if (wire == 0) {
      assertThat(drops).as("a frame that is not received is dropped").isPositive();
    } else {
      WireFrame original = new WireFrame(frame);
      assertThat(from.counters.receivedBytes() - bytes)
          .isEqualTo(original.wireBytes((int) wire))
          .isPositive();
      int reached = 0;
      for (int i = 0; i < stations.size(); i++) {
        Station to = stations.get(i);
        long here = to.handled() - handled[i];
        assertThat(here).as("at " + to.name).isIn(0L, wire);
        reached += here > 0 ? 1 : 0;
        if (to.refused == 0 && !to.got.isEmpty()) {
          WireFrame.saysWhat(new WireFrame(sent), to.got);
        }
      }
      if (reached == 0) {
        assertThat(drops).as("what reaches nobody is dropped").isEqualTo(wire);
      } else {
        assertThat(drops).isZero();
        assertThat(reached).isIn(1, stations.size() - 1);
      }
    }
    sent.release();
  }
}
