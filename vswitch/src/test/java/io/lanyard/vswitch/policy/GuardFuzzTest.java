package io.lanyard.vswitch.policy;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.lanyard.net.Address;
import io.lanyard.testing.FuzzInput;
import io.lanyard.testing.LogWatch;
import io.lanyard.testing.SteppedTimers;
import io.lanyard.vswitch.InMemoryPort;
import io.lanyard.vswitch.Offloads;
import io.lanyard.vswitch.PortRules;
import io.lanyard.vswitch.Switch;
import io.lanyard.vswitch.frame.Frames;
import io.lanyard.vswitch.frame.Ipv4;
import io.lanyard.vswitch.frame.WireFrame;
import io.netty.buffer.ByteBuf;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The frames of a guarded port that arrive elsewhere speak for the guest behind it alone, as a
 * reader finds who shares no code with the guard.
 *
 * <p>An input is a series of steps: the port that sends, then length, offload header and frame.
 */
class GuardFuzzTest {
  private static final long GUEST = 0x0200_0000_0001L;
  private static final long ROUTER = 0x0200_0000_00feL;
  private static final int LEASE = Ipv4.parse("10.0.0.1");
  private static final int GATEWAY = Ipv4.parse("10.0.0.254");

  /** Who was the first to speak from an address. */
  private final Map<Address, String> speakers = new HashMap<>();

  private static InMemoryPort guarded(
      Switch network, PortAddresses addresses, Guard.Mode mode, String name) {
    InMemoryPort port = new InMemoryPort(name, Offloads.ALL);
    port.attachTo(
        network,
        new PortRules(
            List.of(new Guard(mode, addresses, List.of())),
            List.of(),
            PortRules.Reach.ORDINARY,
            8,
            true,
            null));
    return port;
  }

  @FuzzTest
  void aGuestSpeaksForNobodyElse(byte[] input) {
    LogWatch.allowWarnings();
    speakers.clear();
    Switch network = new Switch("fuzz", new SteppedTimers(), Frames.UNTRACKED);
    PortAddresses addresses = new PortAddresses(7);
    InMemoryPort rest = InMemoryPort.attached("rest", Offloads.NONE, network);
    InMemoryPort strict = guarded(network, addresses, Guard.Mode.STRICT, "strict");
    InMemoryPort learn = guarded(network, addresses, Guard.Mode.LEARN, "learn");
    network.pin(ROUTER, rest);
    network.pin(GUEST, strict);
    addresses.bind(Address.ofIpv4(LEASE), GUEST);
    addresses.bind(Address.ofIpv4(GATEWAY), ROUTER);
    FuzzInput in = new FuzzInput(input);
    for (int step = 0; step < 32 && in.hasNext(); step++) {
      InMemoryPort from = in.choice(2) == 0 ? strict : learn;
      ByteBuf frame = Frames.untracked(256).writeBytes(in.chunk());
      if (frame.readableBytes() < Frames.PAYLOAD) {
        frame.writeZero(Frames.PAYLOAD - frame.readableBytes());
      }
      from.send(frame);
      for (ByteBuf got = rest.poll(); got != null; got = rest.poll()) {
        speaksForItself(from == strict, new WireFrame(got));
        got.release();
      }
      strict.clear();
      learn.clear();
    }
    List.of(rest, strict, learn).forEach(InMemoryPort::close);
    network.close();
  }

  private void speaksForItself(boolean strict, WireFrame frame) {
    assertThat(frame.source()).isNotEqualTo(ROUTER);
    assertThat(frame.source() == GUEST).isEqualTo(strict && frame.source() == GUEST);
    int ip = frame.network();
    switch (frame.type()) {
      case 0x0800 -> ipv4(strict, frame, ip);
      case 0x0806 -> {
        assertThat(frame.mac(ip + 8)).isEqualTo(frame.source());
        int sender = frame.number(ip + 14);
        if (sender == 0) {
          assertThat(frame.word(ip + 6)).isEqualTo(1);
          asksFor(strict, frame, Address.ofIpv4(frame.number(ip + 24)));
        } else {
          speaks(strict, frame, Address.ofIpv4(sender));
        }
      }
      case 0x86dd -> ipv6(strict, frame, ip);
      default -> assertThat(frame.type()).isNotIn(0x8100, 0x88a8);
    }
  }

  private void ipv4(boolean strict, WireFrame frame, int ip) {
    int protocol = frame.octet(ip + 9);
    int transport = ip + 4 * (frame.octet(ip) & 15);
    boolean later = (frame.word(ip + 6) & 0x1fff) != 0;
    int source = frame.number(ip + 12);
    if (protocol == 17 && !later) {
      int port = frame.word(transport + 2);
      assertThat(port).as("a server's answer").isNotEqualTo(68);
      int destination = frame.number(ip + 16);
      boolean asks =
          port == 67 && (destination == -1 || destination == LEASE || destination == GATEWAY);
      if (port == 67) {
        assertThat(frame.mac(transport + 8 + 28)).isEqualTo(frame.source());
        if (strict && asks && source == frame.number(transport + 8 + 12) && source != 0) {
          hasBeenForgotten(source);
          return;
        }
      }
      if (asks && source == 0) {
        return;
      }
    }
    if (protocol == 1 && !later) {
      assertThat(frame.octet(transport)).as("only a router sends this").isNotIn(5, 9);
    }
    speaks(strict, frame, Address.ofIpv4(source));
  }

  /** A client may have an address that its server has forgotten, unless it is another's by now. */
  private void hasBeenForgotten(int source) {
    Address address = Address.ofIpv4(source);
    if (source != LEASE) { // of the strict port, whose frame this is
      assertThat(source).isNotEqualTo(GATEWAY);
      assertThat(speakers.get(address)).as("speaks from " + address).isNull();
      assertThat(source >>> 24).as("no host has " + address).isBetween(1, 223).isNotEqualTo(127);
    }
  }

  private void ipv6(boolean strict, WireFrame frame, int ip) {
    Address source = Address.of(frame.bytes(ip + 8, 16));
    int protocol = frame.octet(ip + 6);
    if (protocol == 58) {
      assertThat(frame.octet(ip + 40)).as("only a router sends this").isNotIn(134, 137);
      if (frame.octet(ip + 40) == 136) {
        speaks(strict, frame, Address.of(frame.bytes(ip + 48, 16)));
      }
    }
    if (source.isAny()) {
      if (protocol == 58 && frame.octet(ip + 40) == 135) {
        asksFor(strict, frame, Address.of(frame.bytes(ip + 48, 16)));
      }
      return; // checked to be ICMPv6 where no extension stands before it
    }
    speaks(strict, frame, source);
  }

  /** A question from no address spoils the address for another that asks the same. */
  private void asksFor(boolean strict, WireFrame frame, Address address) {
    assertThat(address).isNotEqualTo(Address.ofIpv4(GATEWAY));
    if (address.equals(Address.ofIpv4(LEASE))) {
      assertThat(strict && frame.source() == GUEST).as("asks for the lease").isTrue();
    }
    assertThat(speakers.get(address)).isIn(null, strict ? "strict" : "learn");
  }

  private void speaks(boolean strict, WireFrame frame, Address address) {
    if (address.equals(Address.ofIpv4(LEASE))) {
      assertThat(strict && frame.source() == GUEST).as("speaks from the lease").isTrue();
      return;
    }
    assertThat(address).isNotEqualTo(Address.ofIpv4(GATEWAY));
    if (strict) {
      assertThat(address.isIpv4()).as("speaks from " + address).isFalse();
      assertThat(address.isLinkLocal()).isTrue();
    }
    String name = strict ? "strict" : "learn";
    assertThat(speakers.putIfAbsent(address, name)).isIn(null, name);
    assertThat(speakers.values().stream().filter(name::equals).count())
        .isLessThanOrEqualTo(Guard.MOST_CLAIMS);
  }
}
