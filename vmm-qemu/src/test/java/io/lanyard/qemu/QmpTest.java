package io.lanyard.qemu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Answers of a monitor that is not QEMU, or is hostile. */
final class QmpTest {
  @TempDir Path home;
  private ScriptedMonitor monitor;
  private final List<String> events = new CopyOnWriteArrayList<>();
  private final CountDownLatch ended = new CountDownLatch(1);

  @BeforeEach
  void listen() throws IOException {
    monitor = new ScriptedMonitor(home.resolve("qmp"));
  }

  @AfterEach
  void close() throws IOException {
    monitor.close();
  }

  private Qmp connect() throws IOException {
    return Qmp.connect(
        home.resolve("qmp"),
        "test",
        new Qmp.Listener() {
          @Override
          public void onEvent(String name, Map<?, ?> data) {
            events.add(name + data);
          }

          @Override
          public void onEnd() {
            ended.countDown();
          }
        });
  }

  @Test
  void repliesAndEventsAreToldApart() throws IOException {
    monitor.play(
        ScriptedMonitor.GREETING,
        "{\"return\": {}, \"id\": 1}\r\n",
        """
        {"event": "STOP", "data": {"a": 1}}
        {"return": {"x": 1}, "id": 77}
        {"return": {"status": "paused"}, "id": 2}
        """,
        "{\"error\": {\"class\": \"GenericError\", \"desc\": \"no such thing\"}, \"id\": 3}\n");
    try (Qmp qmp = connect()) {
      assertThat(qmp.execute("query-status", Map.of()).toString()).isEqualTo("{status=paused}");
      assertThat(events).containsExactly("STOP{a=1}");
      assertThatThrownBy(() -> qmp.execute("set_link", Map.of("name", "n", "up", true)))
          .isInstanceOf(QmpException.class)
          .hasMessage("QEMU refused set_link: no such thing");
    }
  }

  @Test
  void whatIsNotQmpEndsTheConnection() throws Exception {
    String deep = "[".repeat(100_000);
    for (String bad :
        List.of(
            "SSH-2.0-x\r\n",
            "{\"hello\": 1}\n",
            "{\"QMP\": " + deep + "\n",
            "{\"QMP\": 1} {\"QMP\": 2}\n",
            "{\"id\": 1" + "0".repeat(1000) + "}\n",
            "x".repeat(Qmp.LONGEST_MESSAGE + 1))) {
      monitor.play(bad);
      assertThatThrownBy(this::connect).isInstanceOf(QmpException.class);
    }
    assertThat(ended.await(60, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void aMonitorThatGoesFailsTheCommandThatWaits() throws IOException {
    monitor.play(ScriptedMonitor.GREETING, "{\"return\": {}, \"id\": 1}\n");
    try (Qmp qmp = connect()) {
      assertThatThrownBy(() -> qmp.execute("stop", Map.of()))
          .isInstanceOf(QmpException.class)
          .hasMessageContaining("QEMU is gone");
    }
  }
}
