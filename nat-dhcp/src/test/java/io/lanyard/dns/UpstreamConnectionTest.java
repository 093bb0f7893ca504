package io.lanyard.dns;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.base.DescriptorBudget;
import io.lanyard.vswitch.Turn;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The places for questions on a connection to a name server. */
class UpstreamConnectionTest {
  private static final DnsLimits LIMITS = DnsLimits.DEFAULT;

  private static final UpstreamSocket.Listener NOBODY =
      new UpstreamSocket.Listener() {
        @Override
        public void received(byte[] wire) {}

        @Override
        public void failed() {}
      };

  @TempDir private Path folder;
  private ForwarderScene scene;
  private UpstreamConnection connection;

  @BeforeEach
  void start() throws Exception {
    scene = new ForwarderScene(folder);
    connection = scene.onLoop(() -> connection(53, () -> {}));
  }

  private UpstreamConnection connection(int port, Runnable stands) {
    return new UpstreamConnection(
        scene.link,
        UpstreamServer.plain(new InetSocketAddress(InetAddress.getLoopbackAddress(), port)),
        DescriptorBudget.ample().share("vmnet8").holder("dns"),
        scene.link.timers().create(() -> {}),
        failure -> {},
        stands,
        gone -> {});
  }

  @AfterEach
  void stop() throws Exception {
    scene.close();
  }

  private @Nullable UpstreamSocket ask(String port) {
    return connection.ask(turn(port), new byte[12], NOBODY);
  }

  private Turn turn(String port) {
    return scene.guest(port).station().budget().turn();
  }

  /** Whether what runs now is charged to a port. */
  private boolean isCharged() {
    Turn turn = turn("p");
    boolean free = turn.begin();
    if (free) {
      boolean _ = turn.end();
    }
    return !free;
  }

  /** Asks until there is no place. */
  private List<UpstreamSocket> askAll(String port) {
    List<UpstreamSocket> asked = new ArrayList<>();
    for (UpstreamSocket each = ask(port); each != null; each = ask(port)) {
      asked.add(each);
    }
    return asked;
  }

  @Test
  void portsShareThePlacesAndEachHasItsFloor() throws Exception {
    List<Integer> places =
        scene.onLoop(() -> {
          List<Integer> counts = new ArrayList<>();
          for (int i = 0; i < 80; i++) {
            counts.add(askAll("p" + i).size());
          }
          return counts;
        });
    assertThat(places.getFirst()).isEqualTo(LIMITS.questions() / 2);
    assertThat(places.getLast()).isEqualTo(LIMITS.floor());
  }

  @Test
  void aQuestionThatEndsGivesItsPlaceBackOnce() throws Exception {
    scene.onLoop(() -> {
      List<UpstreamSocket> asked = askAll("p");
      assertThat(asked.getFirst().waits()).isTrue();
      asked.getFirst().close();
      asked.getFirst().close();
      assertThat(asked.getFirst().waits()).isFalse();
      assertThat(askAll("p")).hasSize(1);
      return true;
    });
  }

  @Test
  void aHandshakeIsChargedToThePortWhoseQuestionWaitsForIt() throws Exception {
    SslContext tls =
        SslContextBuilder.forClient()
            .sslProvider(SslProvider.JDK)
            .trustManager(InsecureTrustManagerFactory.INSTANCE)
            .build();
    AtomicReference<Boolean> charged = new AtomicReference<>();
    try (FakeTlsUpstream peer = new FakeTlsUpstream(0)) {
      long before =
          scene.onLoop(() -> {
            connection = connection(peer.port(), () -> charged.set(isCharged()));
            byte[] query = ForwarderScene.query("www.example.").toWire();
            assertThat(connection.ask(turn("p"), query, NOBODY)).isNotNull();
            connection.connect(tls);
            return scene.charged("p");
          });
      scene.await(() -> charged.get() != null);
      assertThat(charged).hasValue(true);
      assertThat(scene.onLoop(() -> scene.charged("p"))).isGreaterThan(before);
      scene.onLoop(() -> {
        connection.close();
        return true;
      });
    }
  }
}
