package io.lanyard.dhcp;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.lanyard.nat.TestNetworks;
import io.lanyard.net.Address;
import io.lanyard.net.Subnet;
import io.lanyard.testing.FuzzInput;
import io.lanyard.testing.LogWatch;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Clients send any messages from any ports in any order: every answer parses, no client gets
 * another's address, and every lease ends.
 *
 * <p>An input is a series of steps: which client, its source address, then length and message; or
 * the disk's sync, or time that passes.
 */
class DhcpFuzzTest {
  private static final Subnet SUBNET = Subnet.parse("192.168.127.0/28");
  private static final int MOST_STEPS = 60;

  /** Counts what is not given back; Netty's detector would take a stack trace a byte written. */
  private final UnpooledByteBufAllocator allocator = new UnpooledByteBufAllocator(false, true);

  @FuzzTest
  void nobodyIsGivenWhatAnotherHas(byte[] input) {
    LogWatch.allowWarnings();
    SteppedLink link = new SteppedLink();
    link.allocateFrom(allocator);
    MemoryJournal journal = new MemoryJournal(link);
    DhcpServer server =
        new DhcpServer(
            TestNetworks.of("vmnet8", "ipv4: {subnet: " + SUBNET + "}"), List.of(), link, journal);
    int most = server.leases().available();
    TestClient[] clients = new TestClient[4];
    for (int i = 0; i < clients.length; i++) {
      // The third shares the second's port, as a guest with containers does.
      clients[i] = new TestClient(server, 0x5254_0000_0001L + i, "port-" + Math.min(i, 2));
    }
    FuzzInput in = new FuzzInput(input);
    ByteBuf buffer = allocator.buffer(1024);
    for (int step = 0; step < MOST_STEPS && in.hasNext(); step++) {
      int what = in.choice(8);
      if (what < clients.length) {
        TestClient client = clients[what];
        client.source = in.choice(2) == 0 ? Address.ANY_IPV4 : SUBNET.at(in.octet());
        byte[] message = in.chunk();
        server.receive(buffer.clear().writeBytes(message), client);
        assertThat(buffer.refCnt()).isEqualTo(1);
      } else if (what < 6) {
        journal.sync();
      } else {
        link.step(Duration.ofSeconds(in.word()));
      }
      for (TestClient client : clients) {
        check(client);
      }
      checkLeases(server, most);
    }
    buffer.release();
    journal.sync();
    for (TestClient client : clients) {
      check(client);
    }
    link.step(Duration.ofDays(2));
    assertThat(server.leases().leases()).isEmpty();
    assertThat(server.leases().available()).isEqualTo(most);
    assertThat(allocator.metric().usedHeapMemory()).isZero();
  }

  private static void check(TestClient client) {
    for (TestClient.Answer answer = client.poll(); answer != null; answer = client.poll()) {
      assertThat(answer.bytes()[0]).isEqualTo((byte) 2);
      assertThat(answer.bytes().length).isLessThanOrEqualTo(65535 - 28);
      assertThat(answer.type()).isIn(2, 5, 6);
      if (answer.type() != 6 && !answer.yiaddr().isAny()) {
        assertThat(SUBNET.isHost(answer.yiaddr())).isTrue();
        assertThat(answer.server()).isNotEqualTo(answer.yiaddr());
      }
    }
  }

  private static void checkLeases(DhcpServer server, int most) {
    Set<Address> taken = new HashSet<>();
    for (Lease lease : server.leases().leases()) {
      assertThat(taken.add(lease.address())).as("two leases of " + lease.address()).isTrue();
      assertThat(SUBNET.isHost(lease.address())).isTrue();
    }
    assertThat(taken.size()).isLessThanOrEqualTo(most);
  }
}
