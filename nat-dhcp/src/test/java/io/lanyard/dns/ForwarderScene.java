package io.lanyard.dns;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.base.Clock;
import io.lanyard.base.DescriptorBudget;
import io.lanyard.config.NetworkConfig;
import io.lanyard.dhcp.SteppedLink;
import io.lanyard.nat.TestNetworks;
import io.lanyard.nat.gateway.DatagramService.DatagramPeer;
import io.lanyard.nat.gateway.NamePolicy;
import io.lanyard.nat.gateway.TranslatorSearch;
import io.lanyard.nat.station.NameMemory;
import io.lanyard.nat.station.PortBudget;
import io.lanyard.nat.station.Station;
import io.lanyard.nat.station.Stations;
import io.lanyard.nat.station.TestStations;
import io.lanyard.net.Address;
import io.lanyard.net.Subnet;
import io.lanyard.testing.Await;
import io.lanyard.vswitch.InMemoryPort;
import io.lanyard.vswitch.Offloads;
import io.lanyard.vswitch.Port;
import io.lanyard.vswitch.Turn;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.EventLoop;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.util.NetUtil;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.xbill.DNS.DClass;
import org.xbill.DNS.EDNSOption;
import org.xbill.DNS.Flags;
import org.xbill.DNS.GenericEDNSOption;
import org.xbill.DNS.Message;
import org.xbill.DNS.Name;
import org.xbill.DNS.OPTRecord;
import org.xbill.DNS.Record;
import org.xbill.DNS.Section;
import org.xbill.DNS.Type;

/** A forwarder with a stopped clock, upstream servers, and guests behind ports. */
final class ForwarderScene {
  /** Keys of a network whose guests do not have the names of the host's file. */
  static final String WITHOUT_HOSTS_FILE = "dns: {hosts-file: false}";

  private static final int PADDING = 12; // RFC 7830

  private final MultiThreadIoEventLoopGroup group =
      new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
  final EventLoop loop = group.next();
  final SteppedLink link = new SteppedLink(loop);
  private final List<FakeUpstream> upstreams = new ArrayList<>();

  /** The ports of the servers, by the addresses that the file has for them. */
  private final Map<String, Integer> serverPorts = new HashMap<>();

  /** The server that the file names at first. */
  final FakeUpstream upstream = upstream("127.0.0.1");

  /** The policy on names at present. */
  volatile NamePolicy rules = NamePolicy.NONE;

  private final NamePolicy policy =
      new NamePolicy() {
        @Override
        public NamePolicy.Question question(PortBudget port, String name, int type) {
          return rules.question(port, name, type);
        }

        @Override
        public boolean asksPlainly(PortBudget port) {
          return rules.asksPlainly(port);
        }

        @Override
        public boolean isPrivate(Address address) {
          return rules.isPrivate(address);
        }

        @Override
        public void told(PortBudget port, String name, Address address, long seconds) {
          rules.told(port, name, address, seconds);
        }
      };

  /** The search for translators at present; nobody searches at first. */
  volatile TranslatorSearch translators;

  private final TranslatorSearch search =
      new TranslatorSearch() {
        @Override
        public boolean isWanted() {
          return translators.isWanted();
        }

        @Override
        public boolean hasRoute() {
          return translators.hasRoute();
        }

        @Override
        public boolean found(List<Subnet> prefixes) {
          return translators.found(prefixes);
        }

        @Override
        public void listen(Runnable changed) {
          hostMoved = changed;
        }
      };

  /** Tells the forwarder that the host's addresses are others; on the loop. */
  Runnable hostMoved = () -> {};

  private final NameMemory.Share memory;
  final DescriptorBudget.Share descriptors;
  final DescriptorBudget.Holder sockets;
  final Path resolvConf;
  final DnsForwarder forwarder;
  private final Map<String, BlockingQueue<Message>> answers = new HashMap<>();

  /** Runs the work that ports leave for later, on the loop: at once, unless a test says so. */
  volatile Executor later = Runnable::run;

  private final Stations table = TestStations.chargedBy(new Ticking(), task -> later.execute(task));
  private final Map<String, Port> ports = new HashMap<>();

  /** Whether the last answer was charged to the port that it went to. */
  volatile boolean chargedLast;

  ForwarderScene(Path folder) throws Exception {
    this(folder, WITHOUT_HOSTS_FILE);
  }

  /**
   * With keys of the network; its hosts file is {@code hosts} in the folder, and the message bus
   * {@code bus}.
   */
  ForwarderScene(Path folder, String... keys) throws Exception {
    this(folder, DescriptorBudget.ample(), keys);
  }

  ForwarderScene(Path folder, DescriptorBudget budget, String... keys) throws Exception {
    this(folder, TranslatorSearch.NONE, budget, NameMemory.ample(), keys);
  }

  /** With a search for translators that is on from the start. */
  ForwarderScene(Path folder, TranslatorSearch translators, String... keys) throws Exception {
    this(folder, translators, DescriptorBudget.ample(), NameMemory.ample(), keys);
  }

  /** With a heap that has a bound. */
  ForwarderScene(Path folder, NameMemory names, String... keys) throws Exception {
    this(folder, TranslatorSearch.NONE, DescriptorBudget.ample(), names, keys);
  }

  private ForwarderScene(
      Path folder,
      TranslatorSearch translators,
      DescriptorBudget budget,
      NameMemory names,
      String... keys)
      throws Exception {
    this.translators = translators;
    memory = names.share(true);
    descriptors = budget.share("vmnet8");
    sockets = descriptors.holder("dns");
    resolvConf = folder.resolve("resolv.conf");
    nameServers("127.0.0.1");
    HostFiles files = new HostFiles(resolvConf, folder.resolve("hosts"), folder.resolve("bus"));
    NetworkConfig config = TestNetworks.nat(keys);
    forwarder =
        onLoop(() ->
            new DnsForwarder(
                config,
                List.of(),
                link,
                Ipv6Names.NONE,
                policy,
                search,
                memory,
                sockets,
                files,
                UpstreamTimes.USUAL,
                this::parse));
  }

  /** Has the forwarder take other keys of the network. */
  void configure(String... keys) throws Exception {
    NetworkConfig config = TestNetworks.nat(keys);
    onLoop(() -> {
      forwarder.configure(config, List.of());
      return true;
    });
  }

  /** Another server, for an address of the file to lead to. */
  FakeUpstream upstream(String address) throws IOException {
    FakeUpstream made = FakeUpstream.free();
    upstreams.add(made);
    serverPorts.put(address, made.port());
    return made;
  }

  /** Writes the file. Nobody listens at an address that has no server. */
  void nameServers(String... addresses) throws IOException {
    StringBuilder text = new StringBuilder("# written by a test\nsearch example.com\n");
    for (String address : addresses) {
      text.append("nameserver ").append(address).append('\n');
    }
    Files.writeString(resolvConf, text);
  }

  /** The servers of the file, at their ports of the loopback. */
  private ResolvConf parse(List<String> lines) {
    return new ResolvConf(
        ResolvConf.parse(lines).servers().stream()
            .map(each -> serverPorts.getOrDefault(each.getAddress().getHostAddress(), 1))
            .map(port -> new InetSocketAddress(NetUtil.LOCALHOST4, port))
            .toList());
  }

  <T> T onLoop(Callable<T> task) throws Exception {
    return loop.submit(task).get(60, TimeUnit.SECONDS);
  }

  void step(Duration time) throws Exception {
    onLoop(() -> {
      link.step(time);
      return true;
    });
  }

  void await(BooleanSupplier condition) throws Exception {
    Await.until(() -> onLoop(condition::getAsBoolean));
  }

  long count(DnsCount event) throws Exception {
    return onLoop(() -> forwarder.counters().get(event));
  }

  /** A gauge of the forwarder's dump. */
  long gauge(String key) throws Exception {
    return onLoop(() -> ((Number) forwarder.dump().properties().get(key)).longValue());
  }

  static Message query(String name) throws IOException {
    return query(name, Type.A);
  }

  static Message query(String name, int type) throws IOException {
    Message query = Message.newQuery(Record.newRecord(Name.fromString(name), type, DClass.IN));
    query.getHeader().setFlag(Flags.RD);
    return query;
  }

  /** A question of a client that speaks EDNS. */
  static Question withEdns(String name) throws IOException {
    Message query = new Message(padded(name, 0));
    return Question.of(query, query.getQuestion());
  }

  /** A query of about that many bytes, by padding, that asks the same as the one without. */
  static byte[] padded(String name, int bytes) throws IOException {
    return withOption(name, PADDING, bytes);
  }

  static byte[] withOption(String name, int code, int bytes) throws IOException {
    Message query = query(name);
    EDNSOption option = new GenericEDNSOption(code, new byte[bytes]);
    query.addRecord(new OPTRecord(1232, 0, 0, 0, List.of(option)), Section.ADDITIONAL);
    return query.toWire();
  }

  /** A question of a port's guest, and its answer. */
  Message ask(String port, String name) throws Exception {
    send(port, query(name).toWire());
    return answer(port);
  }

  /** One message of a port's guest. */
  void send(String port, byte[] wire) throws Exception {
    onLoop(() -> {
      send(guest(port), wire);
      return true;
    });
  }

  Peer guest(String port) {
    return new Peer(port, 0x525400000001L);
  }

  /** One message on the loop; of a flood, many in one task. */
  void send(Peer from, byte[] wire) {
    ByteBuf query = Unpooled.wrappedBuffer(wire);
    forwarder.receive(query, from);
    query.release();
  }

  /** Makes a port of an MTU, before its guest asks anything. */
  void port(String name, int mtu) throws Exception {
    onLoop(() -> ports.put(name, new InMemoryPort(name, mtu, Offloads.NONE)));
  }

  /** The nanoseconds that a port was charged; on the loop. */
  long charged(String port) {
    guest(port).station(); // or there is no port yet
    return Objects.requireNonNull(ports.get(port)).counters().loopNanos();
  }

  /** The next answer to a port's guests. */
  Message answer(String port) throws Exception {
    Message answer = answers(port).poll(60, TimeUnit.SECONDS);
    assertThat(answer).as("an answer to " + port).isNotNull();
    return answer;
  }

  /** The answers to a port's guests that nobody has read yet. */
  BlockingQueue<Message> answers(String port) {
    synchronized (answers) {
      return answers.computeIfAbsent(port, key -> new LinkedBlockingQueue<>());
    }
  }

  void close() throws Exception {
    onLoop(() -> {
      forwarder.close();
      return true;
    });
    for (FakeUpstream each : upstreams) {
      each.close();
    }
    group.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
  }

  /** A clock that moves with each look, so that all work costs something. */
  private static final class Ticking implements Clock {
    private long nanos;

    @Override
    public long nanoTime() {
      return ++nanos;
    }

    @Override
    public Instant now() {
      return Instant.EPOCH;
    }
  }

  /** A guest behind a port, with a MAC address of its choice. */
  final class Peer implements DatagramPeer {
    private final String port;
    private final long mac;

    private Peer(String port, long mac) {
      this.port = port;
      this.mac = mac;
    }

    Peer withMac(long other) {
      return new Peer(port, other);
    }

    @Override
    public Station station() {
      return table.heard(
          table.budget(ports.computeIfAbsent(port, name -> new InMemoryPort(name, Offloads.NONE))),
          mac);
    }

    @Override
    public long mac() {
      return mac;
    }

    @Override
    public Address address() {
      return Address.parse("192.168.127.10");
    }

    @Override
    public boolean toGroup() {
      return false;
    }

    @Override
    public void answer(ByteBuf payload) {
      Turn turn = station().budget().turn();
      chargedLast = !turn.begin();
      if (!chargedLast) {
        turn.end();
      }
      try {
        answers(port).add(new Message(ByteBufUtil.getBytes(payload)));
      } catch (IOException e) {
        throw new AssertionError("an answer that cannot be read", e);
      } finally {
        payload.release();
      }
    }

    @Override
    public void answer(ByteBuf payload, long to, Address address, int at) {
      throw new UnsupportedOperationException("DNS answers the sender");
    }
  }
}
