package io.lanyard.dhcp;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.net.Address;
import io.lanyard.net.Subnet;
import io.lanyard.testing.LogWatch;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** No packet makes the server throw, or breaks an invariant of the table. */
class DhcpFuzzTest {
  private static final int PACKETS = 1_000_000;

  /** Counts what is not given back; Netty's detector would take a stack trace a byte written. */
  private final UnpooledByteBufAllocator allocator = new UnpooledByteBufAllocator(false, true);

  private final SteppedLink link = link(allocator);
  private final MemoryJournal journal = new MemoryJournal(link);
  private final DhcpServer server =
      new DhcpServer(
          "vmnet8",
          DhcpSettings.builder(Subnet.parse("192.168.127.0/24")).domain("lan").build(),
          link,
          journal);
  private final TestClient client = new TestClient(server, "52:54:00:00:00:01");

  private static SteppedLink link(UnpooledByteBufAllocator allocator) {
    SteppedLink link = new SteppedLink();
    link.allocateFrom(allocator);
    return link;
  }

  private List<byte[]> seeds() {
    List<byte[]> seeds = new ArrayList<>();
    for (MessageType type : MessageType.values()) {
      for (int variant = 0; variant < 4; variant++) {
        TestClient.Request request = client.message(type);
        if ((variant & 1) != 0) {
          request
              .address(50, Address.parse("192.168.127.140").plus(variant))
              .number(51, 600)
              .option(12, "seed")
              .option(61, (byte) 1, (byte) 2, (byte) variant);
        }
        if ((variant & 2) != 0) {
          request
              .address(54, Address.parse("192.168.127.2"))
              .ciaddr(Address.parse("192.168.127.140").plus(variant))
              .option(81, "\4\0\0\4seed\3lan\0")
              .option(55, (byte) 1, (byte) 3, (byte) 119)
              .option(52, new byte[] {3});
        }
        request.option(57, (byte) 5, (byte) 220);
        ByteBuf out = request.buffer();
        out.writeByte(255);
        byte[] bytes = new byte[out.readableBytes()];
        out.readBytes(bytes);
        out.release();
        seeds.add(bytes);
      }
    }
    return seeds;
  }

  @Test
  void aMillionRandomAndMutatedPackets() {
    LogWatch.expect("event=dhcp-address-in-use");
    SplittableRandom random = new SplittableRandom(20260101);
    List<byte[]> seeds = seeds();
    ByteBuf buffer = allocator.buffer(2048);
    for (int i = 0; i < PACKETS; i++) {
      byte[] bytes;
      if (random.nextInt(10) == 0) {
        bytes = new byte[random.nextInt(600)];
        random.nextBytes(bytes);
      } else {
        bytes = seeds.get(random.nextInt(seeds.size())).clone();
        int changes = random.nextInt(6);
        for (int c = 0; c < changes; c++) {
          // Half of the changes hit the options, where the structure is.
          int at =
              random.nextBoolean() && bytes.length > 240
                  ? random.nextInt(240, bytes.length)
                  : random.nextInt(bytes.length);
          bytes[at] = (byte) random.nextInt(256);
        }
        if (random.nextInt(8) == 0) {
          bytes = java.util.Arrays.copyOf(bytes, random.nextInt(bytes.length + 20));
        }
      }
      buffer.clear().writeBytes(bytes);
      client.source = Address.ofIpv4(random.nextInt());
      server.receive(buffer, client);
      if ((i & 63) == 0) {
        journal.sync();
        client.answers.clear();
      }
      if ((i & 4095) == 0) {
        link.step(Duration.ofSeconds(random.nextInt(300)));
      }
    }
    buffer.release();
    assertThat(allocator.metric().usedHeapMemory()).isZero();
    assertThat(server.counters().get(DhcpCount.MALFORMED)).isGreaterThan(PACKETS / 10);
    assertThat(server.counters().get(DhcpCount.ACK)).isGreaterThan(100);
    assertThat(server.counters().get(DhcpCount.NAK)).isPositive();
    long distinct = server.leases().leases().stream().map(Lease::address).distinct().count();
    assertThat(server.leases().leases()).hasSize((int) distinct);
    link.step(Duration.ofDays(2));
    assertThat(server.leases().leases()).isEmpty();
    assertThat(server.leases().available()).isEqualTo(127);
  }
}
