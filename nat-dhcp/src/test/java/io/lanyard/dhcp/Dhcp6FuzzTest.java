package io.lanyard.dhcp;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.lanyard.dhcp.Dhcp6TestClient.Answer;
import io.lanyard.dhcp.Dhcp6TestClient.Option;
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
import java.util.UUID;

/**
 * Clients of DHCPv6 send any messages from any ports in any order: every answer parses, no client
 * gets another's address, and every lease ends.
 *
 * <p>An input is a series of steps: which client, then length and message; or the disk's sync, or
 * time that passes.
 */
class Dhcp6FuzzTest {
  private static final Subnet SUBNET = Subnet.parse("fd6c:616e:7961:8::/64");
  private static final int MOST_STEPS = 60;

  /** Counts what is not given back; Netty's detector would take a stack trace a byte written. */
  private final UnpooledByteBufAllocator allocator = new UnpooledByteBufAllocator(false, true);

  @FuzzTest
  void nobodyIsGivenWhatAnotherHas(byte[] input) {
    LogWatch.allowWarnings();
    SteppedLink link = new SteppedLink();
    link.allocateFrom(allocator);
    MemoryJournal journal = new MemoryJournal(link);
    Dhcp6Server server =
        new Dhcp6Server(
            TestNetworks.nat("ipv6: {subnet: \"" + SUBNET + "\"}", "dhcp: {ipv6: stateful}"),
            SUBNET,
            List.of(),
            link,
            journal,
            new UUID(0x8000, 1L << 63));
    LeaseTable leases = server.common().table();
    int most = leases.available();
    Dhcp6TestClient[] clients = new Dhcp6TestClient[4];
    for (int i = 0; i < clients.length; i++) {
      // The third shares the second's port, as a guest with containers does.
      clients[i] = new Dhcp6TestClient(server, 0x5254_0000_0001L + i, "port-" + Math.min(i, 2));
    }
    FuzzInput in = new FuzzInput(input);
    ByteBuf buffer = allocator.buffer(1024);
    for (int step = 0; step < MOST_STEPS && in.hasNext(); step++) {
      int what = in.choice(8);
      if (what < clients.length) {
        byte[] message = in.chunk();
        server.receive(buffer.clear().writeBytes(message), clients[what]);
        assertThat(buffer.refCnt()).isEqualTo(1);
      } else if (what < 6) {
        journal.sync();
      } else {
        link.step(Duration.ofSeconds(in.word()));
      }
      check(clients);
      checkLeases(leases, most);
    }
    buffer.release();
    journal.sync();
    check(clients);
    link.step(Duration.ofDays(2));
    assertThat(leases.leases()).isEmpty();
    assertThat(leases.available()).isEqualTo(most);
    assertThat(allocator.metric().usedHeapMemory()).isZero();
  }

  private static void check(Dhcp6TestClient[] clients) {
    for (Dhcp6TestClient client : clients) {
      for (Answer answer = client.answers.poll(); answer != null; answer = client.answers.poll()) {
        boolean relayed = answer.type() == Dhcp6Type.RELAY_REPL.code();
        assertThat(answer.port()).isEqualTo(relayed ? 547 : 546);
        if (relayed) {
          continue;
        }
        assertThat(answer.type()).isIn(Dhcp6Type.ADVERTISE.code(), Dhcp6Type.REPLY.code());
        assertThat(answer.server()).hasSize(18);
        for (Option option : answer.options()) {
          if (option.code() == Dhcp6Option.IA_NA) {
            option.within(12).forEach(Dhcp6FuzzTest::checkAddress);
          }
        }
      }
    }
  }

  private static void checkAddress(Option option) {
    if (option.code() == Dhcp6Option.IA_ADDRESS && option.value().getInt(20) != 0) {
      Address given = new Address(option.value().getLong(0), option.value().getLong(8));
      assertThat(SUBNET.isHost(given)).isTrue();
      assertThat(given.low() & ~0xfffL).isEqualTo(0x1000);
    }
  }

  private static void checkLeases(LeaseTable leases, int most) {
    Set<Address> taken = new HashSet<>();
    for (Lease lease : leases.leases()) {
      assertThat(taken.add(lease.address())).as("two leases of " + lease.address()).isTrue();
    }
    assertThat(taken.size()).isLessThanOrEqualTo(most);
  }
}
