package io.lanyard.nat.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.lanyard.testing.FuzzInput;
import io.lanyard.testing.LogWatch;
import io.lanyard.vswitch.frame.Tcp;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * A guest that sends any segments, in any order, against a host that reads, writes and ends at any
 * time. What either side gets is what the other has sent, memory is bounded, and nothing is left.
 *
 * <p>An input is a series of steps. Sequence numbers are relative to what would be right, so that a
 * few bytes make a conversation.
 */
class TcpFuzzTest {
  private static final int MOST_STEPS = 200;
  private static final int MOST_PAYLOAD = 4000;

  /** One connection, of which each way has its buffer and some more. */
  private static final long MOST_MEMORY = 64 << 20;

  private Scene scene;
  private final Map<TestStream, Host> hosts = new HashMap<>();

  /** The sequence numbers of the guest's SYNs. */
  private final Set<Integer> offered = new HashSet<>();

  private int guestNext;

  /** The host's side of a connection. */
  private static final class Host {
    /** The sequence number of the guest's SYN that was answered. */
    private int first;

    private boolean connected;
    private boolean ended;
    private int received;
    private int sent;

    Host(boolean connected) {
      this.connected = connected;
    }
  }

  /** The byte that both sides send at a place. */
  private static byte pattern(int place) {
    return (byte) (place * 31 + (place >> 8));
  }

  @FuzzTest
  void eachSideGetsWhatTheOtherSends(byte[] input) {
    LogWatch.allowWarnings();
    hosts.clear();
    offered.clear();
    FuzzInput in = new FuzzInput(input);
    try (Scene fresh = new Scene()) {
      scene = fresh;
      guestNext = Scene.GUEST_ISN;
      scene.connectAtOnce = in.choice(4) != 0;
      for (int step = 0; step < MOST_STEPS && in.hasNext(); step++) {
        step(in);
        check();
      }
      assertThat(scene.engine.counters().get(TcpCount.FAULTS)).isZero();
    }
  }

  private void step(FuzzInput in) {
    switch (in.choice(10)) {
      case 0 ->
          guest(Tcp.SYN, 0, in, Scene.synOptions(in.word(), in.choice(2) == 0, in.choice(16)));
      case 1, 2 -> guest(Tcp.ACK, 0, in);
      case 3 -> guest(in.octet(), (short) in.word(), in, in.bytes(in.choice(25)));
      case 4 -> guest(Tcp.FIN | Tcp.ACK, 0, in);
      case 5 -> scene.timers.advanceMillis(1L << in.choice(18));
      case 6 -> host(in);
      case 7 -> {
        int edge = scene.isn + 1 + in.word();
        guest(Tcp.ACK, 0, in, Scene.sack(edge, edge + in.word()));
      }
      case 8 -> scene.timestamps = in.choice(2) == 0;
      default -> scene.link.mtu = Math.max(576, in.word() % 9001);
    }
  }

  /** Reads acknowledgment, window and payload of a segment, and sends it. */
  private void guest(int flags, int off, FuzzInput in, byte... options) {
    int sequence = guestNext + off;
    int acknowledgment = scene.isn + 1 + in.word();
    int window = in.word();
    int length = in.word() % MOST_PAYLOAD;
    byte[] payload = new byte[(flags & Tcp.SYN) != 0 ? 0 : length];
    for (int i = 0; i < payload.length; i++) {
      payload[i] = pattern(sequence + i);
    }
    if ((flags & Tcp.SYN) != 0) {
      offered.add(sequence);
    }
    scene.guest(flags, sequence, acknowledgment, window, payload, options);
    if (off == 0) {
      guestNext = sequence + payload.length + ((flags & (Tcp.SYN | Tcp.FIN)) != 0 ? 1 : 0);
    }
    scene.tsValue++;
  }

  private void host(FuzzInput in) {
    int what = in.choice(8);
    int length = in.word() % MOST_PAYLOAD;
    TestStream stream = scene.streams.isEmpty() ? null : scene.stream();
    Host host = hosts.get(stream);
    if (stream == null || host == null || stream.closed || stream.aborted) {
      return;
    }
    if (!host.connected) {
      host.connected = true;
      stream.guest.connected();
      return;
    }
    switch (what) {
      case 0 -> {
        if (!host.ended) {
          host.ended = true;
          stream.guest.end();
        }
      }
      case 1 -> {
        host.ended = true;
        stream.guest.reset();
      }
      case 2 -> stream.stuck = !stream.stuck;
      case 3 -> {
        stream.unsent = 0;
        stream.guest.drained();
      }
      default -> {
        if (!host.ended && stream.guest.room() > 0 && length > 0) {
          byte[] bytes = new byte[length];
          for (int i = 0; i < length; i++) {
            bytes[i] = pattern(host.sent++);
          }
          stream.guest.data(scene.link.allocator.directBuffer(length).writeBytes(bytes));
          stream.guest.flush();
        }
      }
    }
  }

  private void check() {
    assertThat(scene.engine.memory().used()).isBetween(0L, MOST_MEMORY);
    for (TestStream stream : scene.streams) {
      Host host = hosts.computeIfAbsent(stream, s -> new Host(scene.connectAtOnce));
      byte[] received = stream.received.toByteArray();
      stream.received.reset();
      for (byte b : received) {
        assertThat(b).isEqualTo(pattern(host.first + 1 + host.received++));
      }
    }
    for (Sent sent = scene.sent.poll(); sent != null; sent = scene.sent.poll()) {
      if ((sent.flags() & Tcp.SYN) != 0) {
        scene.isn = sent.seq();
        // Which SYN counts, the answer says: not one with damaged options.
        int first = sent.ack() - 1;
        assertThat(offered).contains(first);
        hosts.get(scene.stream()).first = first;
        scene.tsEcho = sent.tsValue();
      }
      int place = sent.seq() - scene.isn - 1;
      for (int i = 0; i < sent.text().length(); i++) {
        assertThat((byte) sent.text().charAt(i)).isEqualTo(pattern(place + i));
      }
    }
  }
}
