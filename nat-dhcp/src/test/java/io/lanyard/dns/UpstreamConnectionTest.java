package io.lanyard.dns;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.base.DescriptorBudget;
import io.lanyard.vswitch.Turn;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
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
    UpstreamServer server =
        UpstreamServer.plain(new InetSocketAddress(InetAddress.getLoopbackAddress(), 53));
    DescriptorBudget.Holder descriptors = DescriptorBudget.ample().share("vmnet8").holder("dns");
    connection =
        scene.onLoop(() ->
            new UpstreamConnection(
                scene.link,
                server,
                descriptors,
                scene.link.timers().create(() -> {}),
                failure -> {},
                () -> {},
                gone -> {}));
  }

  @AfterEach
  void stop() throws Exception {
    scene.close();
  }

  private @Nullable UpstreamSocket ask(String port) {
    Turn turn = scene.guest(port).station().budget().turn();
    return connection.ask(turn, new byte[12], NOBODY);
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
}
