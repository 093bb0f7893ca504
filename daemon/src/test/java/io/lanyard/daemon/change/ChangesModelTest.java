package io.lanyard.daemon.change;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.lanyard.config.Document;
import io.lanyard.daemon.Daemon;
import io.lanyard.daemon.InProcessDaemon;
import io.lanyard.daemon.network.Network;
import io.lanyard.testing.MemoryDirectory;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Changes of every kind in random order: after each, what runs is what the configuration says, and
 * a connection to a network that did not change has lost nothing.
 */
@Timeout(300)
class ChangesModelTest {
  private static final int CHANGES = 1000;

  @TempDir(factory = MemoryDirectory.class)
  Path home;

  private static final String WITNESS =
      """
        witness:
          mode: nat
          ipv4: {subnet: 10.77.0.0/24}
          ports: [{name: w, kind: qemu-stream, path: w.sock}]
      """;

  private final Random random = new Random(8);

  private static ByteBuffer arpRequest() {
    ByteBuffer frame = ByteBuffer.allocate(4 + 60);
    frame.putInt(60);
    frame.put(new byte[] {-1, -1, -1, -1, -1, -1}).put(new byte[] {2, 0, 0, 0, 0, 1});
    frame.putShort((short) 0x0806).putShort((short) 1).putShort((short) 0x0800);
    frame.put((byte) 6).put((byte) 4).putShort((short) 1);
    frame.put(new byte[] {2, 0, 0, 0, 0, 1}).put(new byte[] {10, 77, 0, 50});
    frame.put(new byte[6]).put(new byte[] {10, 77, 0, 2});
    return frame.rewind();
  }

  private static void read(SocketChannel socket, ByteBuffer into) throws Exception {
    while (into.hasRemaining()) {
      assertThat(socket.read(into)).as("the connection lives").isGreaterThan(0);
    }
    into.flip();
  }

  /** Asks for the gateway's address and waits for the answer, so that a lost frame is a hang. */
  private static void exchange(SocketChannel witness) throws Exception {
    ByteBuffer request = arpRequest();
    while (request.hasRemaining()) {
      witness.write(request);
    }
    while (true) {
      ByteBuffer length = ByteBuffer.allocate(4);
      read(witness, length);
      ByteBuffer frame = ByteBuffer.allocate(length.getInt());
      read(witness, frame);
      if (frame.getShort(12) == 0x0806 && frame.getShort(20) == 2) {
        return;
      }
    }
  }

  @Test
  void whatRunsIsWhatIsSaidAndTheRestLosesNothing() throws Exception {
    ChangingWorld world = ChangingWorld.empty(random);
    Document first = Document.of("world.yaml", world.text(WITNESS), home);
    try (Daemon daemon = InProcessDaemon.open(home, first);
        SocketChannel witness = SocketChannel.open(StandardProtocolFamily.UNIX);
        ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      witness.connect(UnixDomainSocketAddress.of(home.resolve("r/w.sock")));
      Network unchanged = Objects.requireNonNull(daemon.network("witness"));
      int refused = 0;
      for (int i = 0; i < CHANGES; i++) {
        ChangingWorld next = world.copy();
        int count = 1 + random.nextInt(4);
        for (int m = 0; m < count; m++) {
          next.mutate();
        }
        boolean fails = i % 10 == 9 && next.runs(0);
        String text = next.text(WITNESS);
        if (fails) {
          text =
              text.replaceFirst(
                      "(?s)(  n0:.*?forwards: \\[)",
                      "$1{protocol: tcp, listen: '127.0.0.1:"
                          + taken.getLocalPort()
                          + "', to: '"
                          + next.prefix(0)
                          + ".99:80'}, ")
                  .replace("}, ]", "}]");
        }
        Document document = Document.of("world.yaml", text, home);
        ChangeRequest request =
            new ChangeRequest(
                present -> document, "test", "change " + i, -1, true, false, Duration.ZERO);
        if (fails) {
          ExecutionException failure =
              catchThrowableOfType(
                  ExecutionException.class,
                  () -> daemon.conductor().apply(request).get(60, TimeUnit.SECONDS));
          assertThat(failure).as(text).isNotNull();
          refused++;
        } else {
          document.configuration(); // else it says what is wrong
          daemon.conductor().apply(request).get(60, TimeUnit.SECONDS);
          world = next;
        }
        ChangingWorld.assertRuns(
            daemon, Document.of("world.yaml", world.text(WITNESS), home).configuration());
        exchange(witness);
        assertThat(daemon.network("witness")).isSameAs(unchanged);
      }
      assertThat(refused).isPositive();
    }
  }
}
