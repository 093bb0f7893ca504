package io.lanyard.vswitch;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.testing.LogWatch;
import io.lanyard.testing.SteppedClock;
import io.lanyard.testing.SteppedTimers;
import io.lanyard.vswitch.frame.Ethernet;
import io.lanyard.vswitch.frame.Frames;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The switch beside a model of it that remembers nothing but the table: whatever the switch keeps
 * to look less up, each frame goes where the model says.
 */
class SwitchModelTest {
  private static final int FRAMES = 20_000;
  private static final int PORTS = 5;
  private static final int STATIONS = 7;

  private record Key(int vlan, long mac) {}

  private record Entry(int port, long seen, boolean pinned, boolean held) {
    boolean stays() {
      return pinned || held;
    }
  }

  /** The addresses of the one port that is guarded; the others have no limit. */
  private static final PortRules GUARDED =
      new PortRules(List.of(), List.of(), PortRules.Reach.ORDINARY, 2, true, null);

  private static final int GUARDED_PORT = 4;

  private final SteppedClock clock = new SteppedClock();
  private final Switch network =
      new Switch("model", new SteppedTimers(clock), PooledByteBufAllocator.DEFAULT);
  private final List<InMemoryPort> ports = new ArrayList<>();
  private final Map<Key, Entry> model = new HashMap<>();

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void eachFrameGoesWhereTheModelSays(long seed) {
    LogWatch.expect("frames-refused"); // of pinned addresses that turn up elsewhere
    SplittableRandom random = new SplittableRandom(seed);
    for (int i = 0; i < PORTS; i++) {
      ports.add(new InMemoryPort("p" + i, Offloads.NONE));
      ports.get(i).attachTo(network, rules(i));
    }
    int number = 0;
    long source = mac(1);
    for (int i = 0; i < FRAMES; i++) {
      if (random.nextInt(4) == 0) { // otherwise the same as before, as most frames are
        number = random.nextInt(PORTS);
        source = mac(random.nextInt(STATIONS));
      }
      switch (random.nextInt(40)) {
        case 0 -> clock.advance(Duration.ofSeconds(random.nextInt(200)));
        case 1 -> clock.advance(Duration.ofMillis(random.nextInt(1500)));
        case 2 -> attachAnew(random.nextInt(PORTS));
        case 3 -> pin(mac(random.nextInt(STATIONS)), random.nextInt(PORTS));
        default -> {}
      }
      long destination = random.nextInt(8) == 0 ? Ethernet.BROADCAST : mac(random.nextInt(3));
      int vlan = random.nextInt(6) == 0 ? 9 : 0;
      Set<Integer> expected = deliver(number, vlan, source, destination);
      byte[] payload = new byte[46];
      ByteBuf frame =
          vlan == 0
              ? Frames.ethernet(destination, source, Ethernet.TYPE_IPV4, payload)
              : Frames.tagged(destination, source, vlan, Ethernet.TYPE_IPV4, payload);
      ports.get(number).send(frame);
      Set<Integer> got = new TreeSet<>();
      for (int each = 0; each < PORTS; each++) {
        if (!ports.get(each).drain().isEmpty()) {
          got.add(each);
        }
      }
      assertThat(got).as("frame %d", i).isEqualTo(expected);
    }
    ports.forEach(InMemoryPort::close);
    network.close();
  }

  private static long mac(int station) {
    return 0x525400000000L + station;
  }

  private static PortRules rules(int number) {
    return number == GUARDED_PORT ? GUARDED : PortRules.PLAIN;
  }

  private void attachAnew(int number) {
    network.detach(ports.get(number));
    ports.get(number).attachTo(network, rules(number));
    model.values().removeIf(entry -> entry.port() == number);
  }

  private void pin(long mac, int number) {
    Key key = new Key(0, mac);
    Entry known = model.get(key);
    boolean free = known == null || !known.pinned() || known.port() == number;
    assertThat(network.pin(mac, ports.get(number))).isEqualTo(free);
    if (free && (known == null || !known.pinned())) {
      model.put(key, new Entry(number, clock.nanoTime(), true, false));
    }
  }

  private @Nullable Entry find(int vlan, long mac) {
    Entry all = model.get(new Key(0, mac));
    if (all != null && all.stays()) {
      return all;
    }
    Entry entry = model.get(new Key(vlan, mac));
    if (entry != null && clock.nanoTime() - entry.seen() > MacTable.AGEING_NANOS) {
      model.remove(new Key(vlan, mac));
      return null;
    }
    return entry;
  }

  /** The ports that get the frame, after its source was learned. */
  private Set<Integer> deliver(int from, int vlan, long source, long destination) {
    boolean floods = destination == Ethernet.BROADCAST || find(vlan, destination) == null;
    Entry known = model.get(new Key(vlan, source));
    boolean settled =
        floods
            && known != null
            && !stays(source)
            && known.port() != from
            && clock.nanoTime() - known.seen() < MacTable.SETTLED_NANOS;
    Set<Integer> all = new TreeSet<>();
    if (settled ? from == GUARDED_PORT : !learn(from, vlan, source)) {
      return all;
    }
    Entry at = destination == Ethernet.BROADCAST ? null : find(vlan, destination);
    for (int i = 0; i < PORTS; i++) {
      if (i != from && (at == null || at.port() == i)) {
        all.add(i);
      }
    }
    return all;
  }

  /** Whether the source may be at the port. */
  private boolean learn(int from, int vlan, long source) {
    Entry all = model.get(new Key(0, source));
    if (all != null && all.stays()) {
      return all.port() == from;
    }
    boolean holds = from == GUARDED_PORT;
    if (holds && learned() >= GUARDED.macLimit()) {
      return false;
    }
    Key key = new Key(holds ? 0 : vlan, source); // what is held is so in all VLANs
    model.put(key, new Entry(from, clock.nanoTime(), false, holds));
    return true;
  }

  private long learned() {
    return model.values().stream().filter(Entry::held).count();
  }

  private boolean stays(long mac) {
    Entry all = model.get(new Key(0, mac));
    return all != null && all.stays();
  }
}
