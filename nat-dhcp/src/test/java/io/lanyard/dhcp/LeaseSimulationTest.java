package io.lanyard.dhcp;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.dhcp.SimulatedClient.Answer;
import io.lanyard.nat.TestNetworks;
import io.lanyard.nat.gateway.ProbeListener;
import io.lanyard.net.Address;
import io.lanyard.net.Subnet;
import io.lanyard.testing.LogWatch;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.function.IntSupplier;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Machines come and go behind ports, move, are clones of each other and speak for each other, while
 * the disk is slow, fails, and the daemon is killed. At every moment the address that a running
 * machine was given is its own, in memory and on disk, and nobody else's.
 */
class LeaseSimulationTest {
  private static final Address FIRST = Address.parse("192.168.127.128");
  private static final Subnet SUBNET6 = Subnet.parse("fd6c:616e:7961:8::/64");
  private static final UUID IDENTITY = new UUID(0x8000, 1L << 63);
  private static final int STEPS = 2000;
  private static final int MACHINES = 12;

  /** The last machines are clones of the first: they have the same identifier. */
  private static final int CLONES = 2;

  private static final int PORTS = 4;

  /** The port of a guest that lies. */
  private static final String EVIL = "evil";

  private static final long EVIL_MAC = 0x5254_0000_0666L;

  private final SteppedLink link = new SteppedLink();
  private final MemoryJournal journal = new MemoryJournal(link);
  private final TestPorts ports = new TestPorts(link);
  private final List<Machine> machines = new ArrayList<>();

  /** Probes that wait for an answer. */
  private final List<Probe> probes = new ArrayList<>();

  /** Probes whose wait is over, but which still hear an answer. */
  private final List<Probe> late = new ArrayList<>();

  /** The most addresses of each port, where that is more than one may have: see {@link #kill}. */
  private final Map<String, Integer> most = new HashMap<>();

  private Random random = new Random(0);
  private int perPort;
  private Family family = new Ipv4(1);
  private LeaseServer server = family.start();

  /**
   * A probe for an address.
   *
   * @param user the machine that had the address when the probe was sent; null for none
   */
  private record Probe(Address address, ProbeListener listener, @Nullable Machine user) {}

  /** One version of DHCP. */
  private sealed interface Family {
    /** Starts a server with the leases that are on disk. */
    LeaseServer start();

    /**
     * A client of the server.
     *
     * @param of whom it says it is
     * @param sender the Ethernet source of its frames
     */
    SimulatedClient client(Machine of, String port, long sender);
  }

  private String terms(String... more) {
    List<String> all = new ArrayList<>(List.of(more));
    if (perPort > 0) {
      all.add("leases-per-port: " + perPort);
    }
    return "dhcp: {" + String.join(", ", all) + "}";
  }

  private final class Ipv4 implements Family {
    private final Address last;
    private DhcpServer dhcp;

    Ipv4(int addresses) {
      last = FIRST.plus(addresses - 1);
      dhcp = server();
    }

    private DhcpServer server() {
      return new DhcpServer(TestNetworks.pool(FIRST, last, terms()), List.of(), link, journal);
    }

    @Override
    public LeaseServer start() {
      dhcp = server();
      return dhcp.common();
    }

    @Override
    public SimulatedClient client(Machine of, String port, long sender) {
      TestClient client = new TestClient(dhcp, of.mac, port, ports);
      client.sender = sender;
      return new SimulatedClient.OfIpv4(client, of.identifier);
    }
  }

  private final class Ipv6 implements Family {
    private Dhcp6Server dhcp = server();

    private Dhcp6Server server() {
      return new Dhcp6Server(
          TestNetworks.nat("ipv6: {subnet: \"" + SUBNET6 + "\"}", terms("ipv6: stateful")),
          SUBNET6,
          List.of(),
          link,
          journal,
          IDENTITY);
    }

    @Override
    public LeaseServer start() {
      dhcp = server();
      return dhcp.common();
    }

    @Override
    public SimulatedClient client(Machine of, String port, long sender) {
      Dhcp6TestClient client = new Dhcp6TestClient(dhcp, sender, port, ports);
      client.duid = of.identifier;
      byte[] identifier =
          ByteBuffer.allocate(18)
              .putShort((short) 4)
              .putLong(IDENTITY.getMostSignificantBits())
              .putLong(IDENTITY.getLeastSignificantBits())
              .array();
      return new SimulatedClient.OfIpv6(client, identifier, random);
    }
  }

  private void start() {
    probes.clear();
    late.clear();
    server.close();
    server = family.start();
    server.probeWith((address, wait, listener) -> probes.add(probe(address, listener)));
    machines.forEach(Machine::connect);
  }

  private Probe probe(Address address, ProbeListener listener) {
    Machine user = machines.stream().filter(one -> one.uses(address)).findFirst().orElse(null);
    return new Probe(address, listener, user);
  }

  /** A machine with a client that does as the RFCs have it. */
  private final class Machine {
    final long mac;
    final byte[] identifier;
    String port = anyPort();
    private SimulatedClient client;
    private final List<Answer> answers = new ArrayList<>();
    private int connections;

    /** The transaction whose answer it waits for; answers to others it ignores. */
    private int transaction;

    private long askedAt;
    private boolean sends;

    /** The address that it has, or had when it was stopped. */
    @Nullable Address has;

    /** The address that it had before it booted. */
    private @Nullable Address remembers;

    private long until;

    /** Whether it is running, and has a link. */
    boolean present = true;

    Machine(int number) {
      mac = 0x5254_0000_0100L + number;
      identifier = new byte[] {(byte) 255, 7, (byte) (number % (MACHINES - CLONES))};
      client = connected();
    }

    private SimulatedClient connected() {
      String behind = port;
      int connection = ++connections;
      answers.clear();
      SimulatedClient connected = family.client(this, port, mac);
      connected.listen(answer -> {
        if (answer instanceof Answer.Given given) {
          assertIsLeased(given.address(), behind, "acknowledged");
        }
        if (connection == connections) { // else it comes by the former port, and is lost
          answers.add(answer);
          if (!sends) {
            hear(false);
          }
        }
      });
      return connected;
    }

    void connect() {
      client = connected();
    }

    void assertIsLeased(Address address, String behind, String what) {
      String of = address + " of " + Long.toHexString(mac) + " by " + behind + ", " + what;
      Lease lease = server.table().byAddress(address).orElseThrow();
      assertThat(lease.bound(journal.clock().millis())).as(of + ": " + lease).isTrue();
      assertThat(lease.mac()).as(of).isEqualTo(mac);
      assertThat(lease.port()).as(of).isEqualTo(behind);
      Lease stored = journal.stored(address);
      assertThat(stored.bound(journal.clock().millis())).as("on disk: " + of).isTrue();
      assertThat(stored.mac()).as("on disk: " + of).isEqualTo(mac);
      assertThat(stored.port()).as("on disk: " + of).isEqualTo(behind);
    }

    boolean uses(Address address) {
      return present && address.equals(has);
    }

    private void ask(IntSupplier send) {
      askedAt = link.nanoTime(); // A lease begins with the request: RFC 2131 section 4.4.1.
      sends = true;
      transaction = send.getAsInt();
      sends = false;
      hear(false);
    }

    /** Takes what it was given at once, and offers when it gets to it. */
    void hear(boolean offers) {
      for (Answer answer : List.copyOf(answers)) {
        if ((offers || !(answer instanceof Answer.Offered))
            && answers.remove(answer)
            && present
            && answer.transaction() == transaction) {
          take(answer);
        }
      }
      if (link.nanoTime() >= until) {
        has = null;
        remembers = null;
      }
    }

    private void take(Answer answer) {
      switch (answer) {
        case Answer.Offered offered -> ask(() -> client.take(offered.address()));
        case Answer.Given given -> {
          has = given.address();
          until = askedAt + Duration.ofSeconds(given.seconds()).toNanos();
        }
        case Answer.Confirmed _ -> has = remembers;
        case Answer.Refused _ -> has = null;
      }
    }

    void discover() {
      if (has == null) {
        ask(client::discover);
      }
    }

    void renew() {
      Address address = has;
      if (address != null) {
        ask(() -> client.renew(address));
      }
    }

    /** Begins with what it remembers, and has nothing until that is confirmed. */
    void boot() {
      Address remembered = has;
      remembers = remembered;
      has = null;
      present = true;
      answers.clear();
      if (remembered == null) {
        discover();
      } else {
        ask(() -> client.confirm(remembered));
      }
    }

    void giveUp() {
      Address address = has;
      if (address != null) {
        has = null;
        transaction = 0;
        client.giveUp(address, random.nextInt(4) == 0);
      }
    }

    void move() {
      port = anyPort();
      connect();
      boot();
    }
  }

  private String anyPort() {
    return "port-" + random.nextInt(PORTS);
  }

  private void step() {
    Machine machine = machines.get(random.nextInt(MACHINES));
    switch (random.nextInt(25)) {
      case 0, 1, 2, 3, 4 -> ifPresent(machine, Machine::discover);
      case 5, 6, 7 -> ifPresent(machine, Machine::renew);
      case 8 -> ifPresent(machine, Machine::boot);
      case 9 -> ifPresent(machine, Machine::giveUp);
      case 10 -> machine.present = false; // without a word
      case 11, 12 -> {
        if (!machine.present) {
          machine.boot();
        }
      }
      case 13 -> machine.move();
      case 14 -> loseLink(anyPort());
      case 15, 16, 17 -> impersonate(machine);
      case 18, 19 -> journal.sync(1 + random.nextInt(8));
      case 20 -> pass(60);
      case 21 -> pass(1200);
      case 22 -> {
        if (random.nextInt(20) == 0) {
          kill();
        }
      }
      case 23 -> journal.broken = random.nextInt(4) == 0;
      default -> settleProbes();
    }
    machines.forEach(one -> one.hear(true));
  }

  private static void ifPresent(Machine machine, Consumer<Machine> does) {
    if (machine.present) {
      does.accept(machine);
    }
  }

  /** Neither the disk nor probes take as long as this. */
  private void pass(int seconds) {
    journal.broken = false;
    for (int i = 0; i < 4; i++) {
      settleProbes();
      journal.sync();
      machines.forEach(machine -> machine.hear(true));
    }
    link.step(Duration.ofSeconds(random.nextInt(seconds)));
  }

  private void loseLink(String port) {
    if (ports.has(port)) {
      ports.lose(port);
      for (Machine machine : machines) {
        if (machine.port.equals(port)) {
          machine.present = random.nextInt(3) == 0;
          ifPresent(machine, Machine::boot);
        }
      }
    }
  }

  /** A guest without a guard says what another one says. */
  private void impersonate(Machine victim) {
    long sender = random.nextBoolean() ? victim.mac : EVIL_MAC;
    Address address = victim.has == null ? victim.remembers : victim.has;
    family.client(victim, EVIL, sender).lie(random, victim.mac, address);
  }

  /** A machine answers for its address; one that has got it since the probe was sent may. */
  private void settleProbes() {
    List<Probe> slow = List.copyOf(late);
    late.clear();
    slow.forEach(this::answer);
    List<Probe> all = List.copyOf(probes);
    probes.clear();
    for (Probe one : all) {
      if (!answer(one)) {
        one.listener().silent();
        if (random.nextInt(4) == 0) {
          late.add(one);
        }
      }
    }
  }

  private boolean answer(Probe probe) {
    for (Machine machine : machines) {
      if (machine.uses(probe.address())
          && (machine.equals(probe.user()) || random.nextBoolean())
          && probe.listener().answered(machine.mac, ports.station(machine.port, machine.mac))) {
        return true;
      }
    }
    if (random.nextInt(8) == 0) {
      long mac = random.nextBoolean() ? EVIL_MAC : machines.get(random.nextInt(MACHINES)).mac;
      return probe.listener().answered(mac, ports.station(EVIL, mac));
    }
    return false;
  }

  /**
   * The daemon ends at once, and another begins. The disk may have a lease by then that would have
   * been refused, because its port had its share by others.
   */
  private void kill() {
    journal.sync(random.nextInt(4));
    journal.restart(() -> {});
    start();
    most.clear();
    leases().forEach((port, count) -> most.put(port, count));
  }

  /** How many addresses each port has or is offered. */
  private Map<String, Integer> leases() {
    Map<String, Integer> leases = new HashMap<>();
    server.table().leases().forEach(lease -> leases.merge(lease.port(), 1, Integer::sum));
    for (int i = 0; i <= PORTS; i++) {
      String port = i == PORTS ? EVIL : "port-" + i;
      for (Address address : server.table().shares().offers(port)) {
        Lease offer = server.table().byAddress(address).orElseThrow();
        assertThat(offer.state()).isEqualTo(Lease.State.OFFERED);
        assertThat(offer.port()).isEqualTo(port);
        leases.merge(port, 1, Integer::sum);
      }
    }
    return leases;
  }

  private void check() {
    Map<Address, Machine> used = new HashMap<>();
    for (Machine machine : machines) {
      Address address = machine.has;
      if (machine.present && address != null) {
        assertThat(used.put(address, machine)).as(address + " is used twice").isNull();
        machine.assertIsLeased(address, machine.port, "used");
      }
    }
    leases()
        .forEach((port, count) -> {
          assertThat(server.table().shares().leases(port)).as(port).isEqualTo(count);
          if (perPort > 0) {
            most.computeIfPresent(port, (any, before) -> Math.min(before, count));
            assertThat(count)
                .as(port)
                .isLessThanOrEqualTo(Math.max(perPort, most.getOrDefault(port, 0)));
          }
        });
  }

  private void simulate(int seed, int limit, Family of) {
    LogWatch.allowWarnings();
    random = new Random(seed);
    perPort = limit;
    family = of;
    start();
    for (int i = 0; i < MACHINES; i++) {
      machines.add(new Machine(i));
    }
    for (int i = 0; i < STEPS; i++) {
      step();
      check();
    }
    journal.broken = false;
    for (int i = 0; i < 50; i++) {
      journal.sync();
      settleProbes();
    }
    assertThat(journal.waiting()).isZero();
    link.step(Duration.ofDays(2));
    journal.sync();
    assertThat(server.table().leases()).isEmpty();
    assertThat(server.table().available()).isEqualTo(server.table().poolSize());
  }

  /** More of them by {@code -Dleases.seeds}. */
  static IntStream seeds() {
    return IntStream.range(0, Integer.getInteger("leases.seeds", 5));
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void aRunningMachineHasItsAddressForItself(int seed) {
    simulate(seed, seed % 3 == 0 ? 2 : 0, new Ipv4(seed % 2 == 0 ? 8 : 64));
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void aRunningMachineHasItsIpv6AddressForItself(int seed) {
    simulate(seed, seed % 3 == 0 ? 2 : 0, new Ipv6());
  }
}
