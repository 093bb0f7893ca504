package io.lanyard.daemon.network;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.daemon.Daemon;
import io.lanyard.daemon.InProcessDaemon;
import io.lanyard.linux.Errno;
import io.lanyard.linux.PacketSocket;
import io.lanyard.testing.Await;
import io.lanyard.testing.HostCommand;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Frames with tags between a guest and the LAN. Packet sockets write and read them at both ends, so
 * that no 802.1Q device of the kernel is needed. Needs root, iproute2 and libpcap.
 */
@SuppressWarnings("NullAway.Init") // the fields are set before each test
@Timeout(value = 240, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class TaggedFramesIT {
  private static final String PREFIX = "lytf" + ProcessHandle.current().pid() % 100_000;
  private static final String LAN = PREFIX + "l";
  private static final String HOST = PREFIX + "h";
  private static final String GUEST = PREFIX + "g";

  /** Addresses that no interface has: a socket does not see what is for its interface's own. */
  private static final String HERE = "02000000aa01";

  private static final String THERE = "02000000bb02";
  private static final String ALL = "ffffffffffff";

  /** An EtherType that no host's stack answers (IEEE 802 local experimental 1). */
  private static final String TYPE = "88b5";

  private static final int HEADER = 12;

  @TempDir Path home;
  private Daemon daemon;

  @BeforeEach
  void makeNamespaces() throws Exception {
    for (String namespace : List.of(LAN, HOST, GUEST)) {
      HostCommand.runLine("ip netns add " + namespace);
    }
    HostCommand.runLine(
        "ip link add lan0 netns " + HOST + " type veth peer name lan1 netns " + LAN);
    HostCommand.runLine("ip -n " + HOST + " link set lan0 up");
    HostCommand.runLine("ip -n " + LAN + " link set lan1 up");
  }

  @AfterEach
  void stop() throws Exception {
    daemon.close();
    for (String namespace : List.of(LAN, HOST, GUEST)) {
      HostCommand.runLine("ip netns del " + namespace);
    }
  }

  private void open(String uplink) throws Exception {
    daemon =
        InProcessDaemon.open(
            home,
            """
            version: 1
            networks:
              vmnet0:
                mode: bridged
                uplink: {interface: lan0, netns: %s, shared-mac: no, %s}
                ports: [{name: guest, kind: tap, device: t0, netns: %s}]
            """
                .formatted(HOST, uplink, GUEST));
    HostCommand.runLine("ip -n " + GUEST + " link set t0 up");
    Await.until(
        "the ports are up",
        () ->
            Objects.requireNonNull(daemon.network("vmnet0")).report().ports().stream()
                .allMatch(port -> port.state().equals("up")));
  }

  /** One end: a socket, and where it reads to. */
  private static final class End implements AutoCloseable {
    private static final int ROOM = 4096;

    private final PacketSocket socket;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment memory = arena.allocate(ROOM, 8);
    private final MemorySegment vector = arena.allocate(16, 8);

    End(String namespace, String device) throws Exception {
      socket = PacketSocket.open(device, namespace);
      vector.set(ValueLayout.JAVA_LONG, 0, memory.address() + PacketSocket.HEADROOM);
      vector.set(ValueLayout.JAVA_LONG, 8, ROOM - PacketSocket.HEADROOM);
    }

    void send(String frame) {
      byte[] bytes = HexFormat.of().parseHex("00".repeat(HEADER) + frame);
      try (Arena own = Arena.ofConfined()) {
        MemorySegment from = own.allocate(bytes.length, 8).copyFrom(MemorySegment.ofArray(bytes));
        assertThat(socket.write(from.address(), bytes.length)).isEqualTo(bytes.length);
      }
    }

    /** The next frame of the test's, of those from an address. */
    String next(String from) throws InterruptedException {
      long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
      while (true) {
        int length = socket.read(vector.address(), 1);
        if (length > 0) {
          byte[] bytes = new byte[length - HEADER];
          long at = (long) PacketSocket.HEADROOM - socket.lead() + HEADER;
          MemorySegment.copy(memory, ValueLayout.JAVA_BYTE, at, bytes, 0, bytes.length);
          String frame = HexFormat.of().formatHex(bytes);
          if (frame.startsWith(from, 12)) {
            return frame;
          }
        } else {
          assertThat(length).isEqualTo(-Errno.EAGAIN);
          assertThat(System.nanoTime()).as("no frame from %s", from).isLessThan(deadline);
          TimeUnit.MILLISECONDS.sleep(1);
        }
      }
    }

    @Override
    public void close() {
      socket.close();
      arena.close();
    }
  }

  private static String frame(String to, String from, String tags, int number) {
    return to + from + tags + TYPE + "%02x".formatted(number) + "5a".repeat(99);
  }

  @ParameterizedTest
  @ValueSource(strings = {"packet", "pcap"})
  void tagsAreKeptBothWays(String driver) throws Exception {
    open("driver: " + driver);
    try (End guest = new End(GUEST, "t0");
        End lan = new End(LAN, "lan1")) {
      // A priority and a VLAN; a tag of a provider with one of a customer in it; none.
      List<String> all = List.of("81006014", "88a80064" + "81000014", "");
      for (int i = 0; i < all.size(); i++) {
        String out = frame(ALL, HERE, all.get(i), i);
        guest.send(out);
        assertThat(lan.next(HERE)).as("to the LAN, %s", all.get(i)).isEqualTo(out);
        String back = frame(HERE, THERE, all.get(i), i);
        lan.send(back);
        assertThat(guest.next(THERE)).as("from the LAN, %s", all.get(i)).isEqualTo(back);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"packet", "pcap"})
  void anUplinkOfOneVlanHasItsTagOnTheWireAlone(String driver) throws Exception {
    open("vlan: 20, driver: " + driver);
    try (End guest = new End(GUEST, "t0");
        End lan = new End(LAN, "lan1")) {
      guest.send(frame(ALL, HERE, "", 1));
      assertThat(lan.next(HERE)).isEqualTo(frame(ALL, HERE, "81000014", 1));
      lan.send(frame(HERE, THERE, "", 2));
      lan.send(frame(HERE, THERE, "8100001e", 3)); // VLAN 30
      lan.send(frame(HERE, THERE, "81000014", 4));
      assertThat(guest.next(THERE)).isEqualTo(frame(HERE, THERE, "", 4));
      lan.send(frame(ALL, THERE, "8100001e", 5));
      lan.send(frame(ALL, THERE, "81000014", 6));
      assertThat(guest.next(THERE)).isEqualTo(frame(ALL, THERE, "", 6));
    }
  }
}
