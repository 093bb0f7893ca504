package io.lanyard.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.control.api.LeaseInfo;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * {@code kill -9} at any moment loses no lease that was acknowledged: clients on a QEMU stream port
 * take leases while the daemon is killed, and the next one has to know each that got its DHCPACK.
 *
 * <p>{@code -Dkills=50} for more rounds.
 */
@Timeout(600)
final class KilledDaemonIT {
  private static final int ROUNDS = Integer.getInteger("kills", 3);
  private static final int CLIENTS = 200;
  private static final int OFFER = 2;
  private static final int ACK = 5;

  private static final String CONFIGURATION =
      """
      version: 1
      networks:
        a:
          mode: nat
          ipv4: {subnet: 10.9.0.0/16}
          ports: [{name: q, kind: qemu-stream, path: q.sock}]
      """;

  @TempDir Path home;

  /** The addresses that were acknowledged, by client. */
  private final Map<String, String> acknowledged = new HashMap<>();

  @Test
  void noAcknowledgedLeaseIsLost() throws IOException, InterruptedException {
    SplittableRandom random = new SplittableRandom(9);
    for (int round = 0; round < ROUNDS; round++) {
      try (Launched daemon = Launched.daemon(home, List.of(), CONFIGURATION)) {
        assertKept();
        CountDownLatch first = new CountDownLatch(1);
        int from = round * CLIENTS;
        Thread clients = Thread.ofPlatform().start(() -> takeLeases(from, first));
        assertThat(first.await(60, TimeUnit.SECONDS)).isTrue();
        TimeUnit.MICROSECONDS.sleep(random.nextInt(150_000));
        daemon.signal("KILL");
        daemon.exit(60);
        clients.join(TimeUnit.SECONDS.toMillis(60));
        assertThat(clients.isAlive()).isFalse();
      }
    }
    try (Launched _ = Launched.daemon(home, List.of(), CONFIGURATION)) {
      assertKept();
    }
    assertThat(acknowledged).hasSizeGreaterThanOrEqualTo(ROUNDS);
  }

  private void assertKept() throws IOException {
    Map<String, String> known = new HashMap<>();
    for (LeaseInfo lease : Launched.client(home).networks().leases("").value()) {
      if (lease.state().equals("bound")) {
        known.put(lease.mac(), lease.address());
      }
    }
    synchronized (acknowledged) {
      assertThat(known).containsAllEntriesOf(acknowledged);
    }
  }

  private void takeLeases(int from, CountDownLatch first) {
    try (SocketChannel wire =
        SocketChannel.open(UnixDomainSocketAddress.of(home.resolve("run/q.sock")))) {
      for (int client = from; client < from + CLIENTS; client++) {
        byte[] mac = {0x52, 0x54, 0, 1, (byte) (client >> 8), (byte) client};
        send(wire, dhcp(mac, client, 1, 0, 0));
        ByteBuffer offer = await(wire, client, OFFER);
        send(wire, dhcp(mac, client, 3, offer.getInt(16), option(offer, 54)));
        ByteBuffer ack = await(wire, client, ACK);
        int address = ack.getInt(16);
        synchronized (acknowledged) {
          acknowledged.put(
              "52:54:00:01:%02x:%02x".formatted(mac[4], mac[5]),
              "%d.%d.%d.%d"
                  .formatted(
                      address >>> 24, address >> 16 & 0xff, address >> 8 & 0xff, address & 0xff));
        }
        first.countDown();
      }
    } catch (IOException e) {
      // The daemon was killed, which is what this is about.
    }
  }

  private static void send(SocketChannel wire, ByteBuffer frame) throws IOException {
    ByteBuffer head = ByteBuffer.allocate(4).putInt(0, frame.remaining());
    while (head.hasRemaining()) {
      wire.write(head);
    }
    while (frame.hasRemaining()) {
      wire.write(frame);
    }
  }

  private static void fill(SocketChannel wire, ByteBuffer buffer) throws IOException {
    while (buffer.hasRemaining()) {
      if (wire.read(buffer) < 0) {
        throw new IOException("closed");
      }
    }
    buffer.flip();
  }

  /** The BOOTP part of the next message of a type to a client. */
  private static ByteBuffer await(SocketChannel wire, int xid, int type) throws IOException {
    while (true) {
      ByteBuffer length = ByteBuffer.allocate(4);
      fill(wire, length);
      ByteBuffer frame = ByteBuffer.allocate(length.getInt(0));
      fill(wire, frame);
      boolean isDhcp =
          frame.remaining() > 282
              && frame.getShort(12) == 0x0800
              && frame.get(23) == 17
              && frame.getShort(36) == 68;
      if (isDhcp) {
        ByteBuffer bootp = frame.slice(42, frame.remaining() - 42);
        if (bootp.getInt(4) == xid && option(bootp, 53) >>> 24 == type) {
          return bootp;
        }
      }
    }
  }

  /** The first four bytes of an option; a shorter one is filled up with what follows. */
  private static int option(ByteBuffer bootp, int code) throws IOException {
    for (int at = 240; at + 5 < bootp.limit() && bootp.get(at) != (byte) 255; ) {
      if (bootp.get(at) == code) {
        return bootp.getInt(at + 2);
      }
      at += bootp.get(at) == 0 ? 1 : 2 + (bootp.get(at + 1) & 0xff);
    }
    throw new IOException("the message has no option " + code);
  }

  private static ByteBuffer dhcp(byte[] mac, int xid, int type, int requested, int server) {
    ByteBuffer frame = ByteBuffer.allocate(342);
    frame.put(new byte[] {-1, -1, -1, -1, -1, -1}).put(mac).putShort((short) 0x0800);
    int ip = frame.position();
    frame.putShort((short) 0x4500).putShort((short) (342 - 14)).putInt(0);
    frame.put((byte) 64).put((byte) 17).putShort((short) 0).putInt(0).putInt(-1);
    int sum = 0;
    for (int i = 0; i < 20; i += 2) {
      sum += frame.getShort(ip + i) & 0xffff;
    }
    sum = (sum & 0xffff) + (sum >>> 16);
    frame.putShort(ip + 10, (short) ~((sum & 0xffff) + (sum >>> 16)));
    frame
        .putShort((short) 68)
        .putShort((short) 67)
        .putShort((short) (342 - 34))
        .putShort((short) 0);
    int bootp = frame.position();
    frame.put((byte) 1).put((byte) 1).put((byte) 6).put((byte) 0).putInt(xid);
    frame.position(bootp + 28).put(mac);
    frame.position(bootp + 236).putInt(0x63825363);
    frame.put((byte) 53).put((byte) 1).put((byte) type);
    if (requested != 0) {
      frame.put((byte) 50).put((byte) 4).putInt(requested);
      frame.put((byte) 54).put((byte) 4).putInt(server);
    }
    frame.put((byte) 255);
    return frame.position(0);
  }
}
