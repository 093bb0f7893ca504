package io.lanyard.nat.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.lanyard.base.Clock;
import io.lanyard.base.DescriptorBudget;
import io.lanyard.config.ForwardConfig;
import io.lanyard.nat.HostResources;
import io.lanyard.nat.flow.FlowRecord;
import io.lanyard.nat.forward.ForwardListener;
import io.lanyard.nat.forward.ForwardStatus;
import io.lanyard.nat.gateway.NatScene.Guest;
import io.lanyard.net.Address;
import io.lanyard.net.Endpoint;
import io.lanyard.net.Transport;
import io.lanyard.net.UniqueLocal;
import io.lanyard.testing.FreePorts;
import io.lanyard.testing.LogWatch;
import java.io.IOException;
import java.net.BindException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Forwards that are added, replaced and removed while their network runs. */
@Timeout(240)
class ForwardChangeTest {
  private static final String TEN = "192.168.127.10";
  private static final String ELEVEN = "192.168.127.11";

  private final NatScene scene;
  private final List<Socket> clients = new ArrayList<>();

  ForwardChangeTest() throws Exception {
    scene = new NatScene();
  }

  @AfterEach
  void close() throws IOException {
    for (Socket client : clients) {
      client.close();
    }
    scene.close();
  }

  private static ForwardConfig forward(Transport protocol, int port, String to) {
    return TestNetwork.forward(protocol, new Endpoint(Address.LOOPBACK_IPV4, port), to, 80);
  }

  private ForwardStatus add(ForwardConfig forward) throws Exception {
    CompletionStage<ForwardStatus> answer = scene.on(() -> scene.nat.forwards().add(forward));
    return answer.toCompletableFuture().get(60, TimeUnit.SECONDS);
  }

  private boolean remove(String name, boolean end) throws Exception {
    return scene.on(() -> scene.nat.forwards().remove(name, end));
  }

  private Socket connect(int port) throws IOException {
    Socket client = new Socket();
    client.setSoTimeout(60_000);
    client.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
    clients.add(client);
    return client;
  }

  private void send(int port) throws IOException {
    try (DatagramSocket socket = new DatagramSocket()) {
      socket.send(new DatagramPacket(new byte[3], 3, InetAddress.getLoopbackAddress(), port));
    }
  }

  private boolean hears(Guest guest, String word) throws Exception {
    List<String> heard = new ArrayList<>();
    return scene.becomes(() -> {
      heard.addAll(guest.heard());
      return heard.contains(word);
    });
  }

  private int active(String name) {
    ForwardStatus status = scene.nat.forwards().status(name);
    return status == null ? -1 : status.active();
  }

  @ParameterizedTest
  @EnumSource(Transport.class)
  void anAddedForwardAnswersWithThePortThatIsOpen(Transport protocol) throws Exception {
    ForwardStatus added = add(forward(protocol, 0, TEN));
    assertThat(added.listening()).isTrue();
    assertThat(added.problem()).isNull();
    assertThat(added.port()).isNotZero();
  }

  @ParameterizedTest
  @EnumSource(Transport.class)
  void aForwardWhosePortIsTakenSaysSoAndCanBeTakenBack(Transport protocol) throws Exception {
    LogWatch.expect("forward-failed");
    try (ServerSocket stream = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        DatagramSocket _ =
            new DatagramSocket(stream.getLocalPort(), InetAddress.getLoopbackAddress())) {
      ForwardConfig forward = forward(protocol, stream.getLocalPort(), TEN);
      ForwardStatus added = add(forward);
      assertThat(added.listening()).isFalse();
      assertThat(added.problem()).startsWith("port " + stream.getLocalPort() + " is taken by");
      assertThat(remove(forward.key(), false)).isTrue();
      assertThat(scene.on(() -> scene.nat.forwards().list())).isEmpty();
    }
  }

  @Test
  void aForwardThatIsThereAlreadyIsRefused() throws Exception {
    ForwardConfig forward = forward(Transport.TCP, FreePorts.one(), TEN);
    add(forward);
    scene.on(() -> {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> scene.nat.forwards().add(forward))
          .withMessageContaining(forward.key());
      return true;
    });
  }

  @Test
  void aForwardThatIsRemovedBeforeItsPortIsOpenAnswersAllTheSame() throws Exception {
    ForwardConfig forward;
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.ofLiteral("127.0.0.1"))) {
      // It is known that the port is not open when its owner is, and not before.
      forward = forward(Transport.TCP, taken.getLocalPort(), TEN);
      CompletionStage<ForwardStatus> answer =
          scene.on(() -> {
            CompletionStage<ForwardStatus> asked = scene.nat.forwards().add(forward);
            scene.nat.forwards().remove(forward.key(), false);
            return asked;
          });
      ForwardStatus status = answer.toCompletableFuture().get(60, TimeUnit.SECONDS);
      assertThat(status.listening()).isFalse();
      assertThat(status.problem()).isEqualTo("the forward was removed");
    }
    assertThat(add(forward).listening()).isTrue();
  }

  @ParameterizedTest
  @EnumSource(Transport.class)
  void aPortIsFreeAtOnceForTheNextForward(Transport protocol) throws Exception {
    int port = FreePorts.one();
    add(forward(protocol, port, TEN));
    ForwardConfig everywhere =
        TestNetwork.forward(protocol, new Endpoint(Address.ANY_IPV4, port), TEN, 80);
    CompletionStage<ForwardStatus> answer =
        scene.on(() -> {
          scene.nat.forwards().remove(forward(protocol, port, TEN).key(), false);
          return scene.nat.forwards().add(everywhere);
        });
    assertThat(answer.toCompletableFuture().get(60, TimeUnit.SECONDS).listening()).isTrue();
  }

  @Test
  void newConnectionsGoToTheNewTargetAndOpenOnesLiveOn() throws Exception {
    Guest ten = scene.guest(10);
    Guest eleven = scene.guest(11);
    int port = FreePorts.one();
    add(forward(Transport.TCP, port, TEN));
    connect(port);
    assertThat(hears(ten, "syn 80")).isTrue();
    ForwardConfig next = forward(Transport.TCP, port, ELEVEN);
    assertThat(scene.on(() -> scene.nat.forwards().replace(next))).isTrue();
    connect(port);
    assertThat(hears(eleven, "syn 80")).isTrue();
    assertThat(scene.on(() -> active(next.key()))).isEqualTo(2);
    assertThat(scene.on(() -> scene.nat.listFlows().stream().map(FlowRecord::guest).toList()))
        .extracting(Endpoint::address)
        .containsExactlyInAnyOrder(ten.ip(), eleven.ip());
    assertThat(scene.on(() -> scene.nat.forwards().status(next.key()).forward())).isEqualTo(next);
  }

  @Test
  void newDatagramClientsGoToTheNewTarget() throws Exception {
    Guest ten = scene.guest(10);
    Guest eleven = scene.guest(11);
    int port = FreePorts.one();
    add(forward(Transport.UDP, port, TEN));
    send(port);
    assertThat(hears(ten, "udp 80")).isTrue();
    scene.on(() -> scene.nat.forwards().replace(forward(Transport.UDP, port, ELEVEN)));
    send(port);
    assertThat(hears(eleven, "udp 80")).isTrue();
  }

  private static ForwardConfig range(int first, int count) {
    ForwardConfig one = forward(Transport.TCP, first, TEN);
    return new ForwardConfig("range", one.protocol(), one.listen(), one.to(), count);
  }

  @Test
  void eachPortOfARangeLeadsToItsOwn() throws Exception {
    Guest ten = scene.guest(10);
    int first = FreePorts.range(3);
    ForwardStatus added = add(range(first, 3));
    assertThat(added.listening()).isTrue();
    connect(first);
    assertThat(hears(ten, "syn 80")).isTrue();
    connect(first + 2);
    assertThat(hears(ten, "syn 82")).isTrue();
    assertThat(scene.becomes(() -> active("range") == 2)).isTrue();
    assertThat(scene.on(() -> scene.nat.listFlows().stream().map(FlowRecord::forward).toList()))
        .containsExactlyInAnyOrder("tcp/127.0.0.1:" + first, "tcp/127.0.0.1:" + (first + 2));
    assertThat(scene.on(() -> scene.nat.forwards().list())).hasSize(1);
    assertThat(remove("range", true)).isTrue();
    assertThat(scene.on(() -> scene.nat.flows().size())).isZero();
    assertThat(catchThrowable(() -> connect(first + 1))).isInstanceOf(IOException.class);
  }

  @Test
  void aRangeListensWhereItCanAndSaysWhichPortsItHasNot() throws Exception {
    LogWatch.expect("forward-failed");
    Guest ten = scene.guest(10);
    int first = FreePorts.range(4);
    try (ServerSocket _ = new ServerSocket(first + 1, 1, InetAddress.getLoopbackAddress());
        ServerSocket _ = new ServerSocket(first + 3, 1, InetAddress.getLoopbackAddress())) {
      ForwardStatus added = add(range(first, 4));
      assertThat(added.listening()).isFalse();
      assertThat(added.problem())
          .startsWith("port " + (first + 1) + " is taken by")
          .endsWith("; 1 more of its ports has problems");
      connect(first + 2);
      assertThat(hears(ten, "syn 82")).isTrue();
    }
  }

  /** Takes UDP ports of the loopback device that follow one another. */
  private static List<DatagramSocket> takePorts(int count) throws IOException {
    for (int first = 21_000; ; first += count) {
      List<DatagramSocket> taken = new ArrayList<>();
      try {
        for (int i = 0; i < count; i++) {
          taken.add(new DatagramSocket(first + i, InetAddress.getLoopbackAddress()));
        }
        return taken;
      } catch (BindException e) {
        taken.forEach(DatagramSocket::close); // The next ones.
      }
    }
  }

  @Test
  void whatBecomesOfARangeIsToldOnceForAllItsPorts() throws Exception {
    LogWatch.expect("forward-failed");
    List<ForwardStatus> told = Collections.synchronizedList(new ArrayList<>());
    List<DatagramSocket> taken = takePorts(16);
    ForwardConfig one = forward(Transport.UDP, taken.getFirst().getLocalPort(), TEN);
    ForwardStatus added =
        add(new ForwardConfig("range", Transport.UDP, one.listen(), one.to(), taken.size()));
    taken.forEach(DatagramSocket::close);
    assertThat(added.problem()).endsWith("; 15 more of its ports have problems");
    scene.on(() -> {
      scene
          .nat
          .forwards()
          .listen(
              new ForwardListener() {
                @Override
                public void changed(ForwardStatus status) {
                  told.add(status);
                }

                @Override
                public void removed(ForwardStatus status) {}
              });
      told.clear(); // how it fares so far
      scene.net.timers.advance(Duration.ofSeconds(6));
      return true;
    });
    assertThat(scene.becomes(() -> !told.isEmpty())).isTrue();
    assertThat(told)
        .singleElement()
        .satisfies(status -> {
          assertThat(status.listening()).isTrue();
          assertThat(status.problem()).isNull();
        });
    assertThat(LogWatch.count("forward-failed")).isEqualTo(1);
  }

  @ParameterizedTest
  @EnumSource(Transport.class)
  void thePortsOfAForwardAreOfItsNetworksDescriptors(Transport protocol) throws Exception {
    ForwardConfig one = forward(protocol, FreePorts.range(3), TEN);
    ForwardConfig range = new ForwardConfig("range", protocol, one.listen(), one.to(), 3);
    assertThat(add(range).listening()).isTrue();
    assertThat(scene.on(() -> scene.nat.descriptors().used())).isEqualTo(3);
    assertThat(remove("range", true)).isTrue();
    assertThat(scene.becomes(() -> scene.nat.descriptors().used() == 0)).isTrue();
  }

  @ParameterizedTest
  @EnumSource(Transport.class)
  void aPortBeyondTheNetworksDescriptorsIsAProblemAndGivesNothingBackThatItHasNot(
      Transport protocol) throws Exception {
    LogWatch.expect("forward-failed");
    LogWatch.expect("no-descriptor");
    UniqueLocal prefixes = new UniqueLocal(new byte[UniqueLocal.SEED_LENGTH]);
    DescriptorBudget four = new DescriptorBudget(() -> 4, Clock.system());
    HostResources few = HostResources.of(four, List.of(), prefixes);
    try (NatScene small = new NatScene(TestNetwork.config(), few, nic -> null)) {
      ForwardConfig one = forward(protocol, FreePorts.range(6), TEN);
      ForwardConfig range = new ForwardConfig("range", protocol, one.listen(), one.to(), 6);
      ForwardStatus added =
          small
              .on(() -> small.nat.forwards().add(range))
              .toCompletableFuture()
              .get(60, TimeUnit.SECONDS);
      assertThat(added.listening()).isFalse();
      assertThat(added.problem()).contains("descriptors");
      int used = small.on(() -> small.nat.descriptors().used());
      assertThat(used).isBetween(1, 4);
      assertThat(small.on(() -> small.nat.forwards().remove("range", true))).isTrue();
      assertThat(small.becomes(() -> small.nat.descriptors().used() == 0)).isTrue();
    }
  }

  @Test
  void aForwardThatIsNotThereIsNeitherReplacedNorRemoved() throws Exception {
    ForwardConfig forward = forward(Transport.TCP, FreePorts.one(), TEN);
    assertThat(scene.on(() -> scene.nat.forwards().replace(forward))).isFalse();
    assertThat(remove(forward.key(), true)).isFalse();
  }

  @Test
  void connectionsOfARemovedForwardLiveOnUnlessTheyAreToEnd() throws Exception {
    scene.guest(10);
    int port = FreePorts.one();
    ForwardConfig named =
        new ForwardConfig(
            "web",
            Transport.TCP,
            new Endpoint(Address.LOOPBACK_IPV4, port),
            forward(Transport.TCP, port, TEN).to(),
            1);
    add(named);
    connect(port);
    assertThat(scene.becomes(() -> active("web") == 1)).isTrue();
    assertThat(remove("web", false)).isTrue();
    assertThat(scene.on(() -> scene.nat.flows().size())).isEqualTo(1);
    assertThat(catchThrowable(() -> connect(port))).isInstanceOf(IOException.class);
    add(named);
    Socket second = connect(port);
    assertThat(scene.becomes(() -> active("web") == 1)).isTrue();
    assertThat(remove("web", true)).isTrue();
    assertThat(scene.on(() -> scene.nat.flows().size())).isEqualTo(1);
    assertThat(catchThrowable(() -> second.getInputStream().read()))
        .isInstanceOf(SocketException.class)
        .hasMessageContaining("reset");
  }

  @Test
  void aRemovedForwardIsPublishedNoMore() throws Exception {
    scene.guest(10);
    int port = FreePorts.one();
    ForwardConfig forward = forward(Transport.UDP, port, TEN);
    add(forward);
    send(port);
    assertThat(scene.becomes(() -> active(forward.key()) == 1)).isTrue();
    remove(forward.key(), false);
    assertThat(scene.on(() -> scene.nat.flows().size())).isZero();
    try (DatagramSocket again = new DatagramSocket(port, InetAddress.getLoopbackAddress())) {
      assertThat(again.getLocalPort()).isEqualTo(port);
    }
  }

  @Test
  void aFlowThatCameInTellsItsClientAndItsForward() throws Exception {
    Guest guest = scene.guest(10);
    ForwardConfig web = forward(Transport.TCP, FreePorts.one(), TEN);
    add(web);
    Socket client = connect(web.listen().port());
    assertThat(scene.becomes(() -> scene.nat.flows().size() == 1)).isTrue();

    FlowRecord flow = scene.on(() -> scene.nat.listFlows()).getFirst();
    assertThat(flow.forward()).isEqualTo(web.key());
    assertThat(flow.client()).hasToString("127.0.0.1:" + client.getLocalPort());
    scene.on(() -> {
      guest.datagram(20_000, TestNetwork.HOST, 9);
      return true;
    });
    assertThat(scene.becomes(() -> scene.nat.flows().size() == 2)).isTrue();
    assertThat(scene.on(() -> scene.nat.listFlows()))
        .filteredOn(own -> own.forward() == null)
        .singleElement()
        .satisfies(own -> assertThat(own.client()).isNull());
  }

  @Test
  void theFlowsOfOneForwardEndByTheirRecords() throws Exception {
    Guest guest = scene.guest(10);
    ForwardConfig web = forward(Transport.TCP, FreePorts.one(), TEN);
    ForwardConfig other = forward(Transport.TCP, FreePorts.one(), TEN);
    add(web);
    add(other);
    connect(web.listen().port());
    connect(other.listen().port());
    scene.on(() -> {
      guest.datagram(20_000, TestNetwork.HOST, 9);
      return true;
    });
    assertThat(scene.becomes(() -> scene.nat.flows().size() == 3)).isTrue();
    assertThat(scene.on(() -> scene.nat.endFlows(flow -> web.key().equals(flow.forward()))))
        .isEqualTo(1);
    List<FlowRecord> left = scene.on(() -> scene.nat.listFlows());
    assertThat(left).hasSize(2).noneMatch(flow -> web.key().equals(flow.forward()));
    long id = left.getFirst().id();
    assertThat(scene.on(() -> scene.nat.end(id))).isTrue();
    assertThat(scene.on(() -> scene.nat.end(id))).isFalse();
    assertThat(scene.on(() -> scene.nat.endFlows(flow -> flow.port().equals("guest10"))))
        .isEqualTo(1);
    assertThat(scene.on(() -> scene.nat.flows().size())).isZero();
  }

  /** The set is as the model says after each change, and no change touches another forward. */
  @Test
  void aThousandChangesAtRandomLeaveTheSetAsTheModelSays() throws Exception {
    scene.guest(10);
    scene.guest(11);
    ForwardConfig untouched = forward(Transport.TCP, FreePorts.one(), TEN);
    add(untouched);
    connect(untouched.listen().port());
    assertThat(scene.becomes(() -> active(untouched.key()) == 1)).isTrue();
    int[] ports = {FreePorts.one(), FreePorts.one(), FreePorts.one(), FreePorts.one()};
    Map<String, ForwardConfig> model = new HashMap<>();
    model.put(untouched.key(), untouched);
    Random random = new Random(3);
    for (int step = 0; step < 1000; step++) {
      ForwardConfig next =
          forward(
              random.nextBoolean() ? Transport.TCP : Transport.UDP,
              ports[random.nextInt(ports.length)],
              random.nextBoolean() ? TEN : ELEVEN);
      boolean there = model.containsKey(next.key());
      if (!there) {
        assertThat(add(next).listening()).as("step %d", step).isTrue();
        model.put(next.key(), next);
      } else if (random.nextBoolean()) {
        assertThat(scene.on(() -> scene.nat.forwards().replace(next))).isTrue();
        model.put(next.key(), next);
      } else {
        assertThat(remove(next.key(), random.nextBoolean())).isTrue();
        model.remove(next.key());
      }
    }
    List<ForwardStatus> all = scene.on(() -> scene.nat.forwards().list());
    assertThat(all).allMatch(ForwardStatus::listening);
    assertThat(all)
        .extracting(ForwardStatus::forward)
        .containsExactlyInAnyOrderElementsOf(model.values());
    assertThat(scene.on(() -> active(untouched.key()))).isEqualTo(1);
    assertThat(scene.on(() -> scene.nat.descriptors().used()))
        .as("the sockets of the connection and of each forward")
        .isEqualTo(1 + model.size());
  }
}
