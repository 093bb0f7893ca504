package io.lanyard.control;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.lanyard.control.client.HttpClient;
import io.lanyard.testing.Qcow2;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Snapshots of a real QEMU's guest by the API. Needs qemu-system-x86_64 and its ROMs. */
@Timeout(240)
final class QemuSnapshotsIT {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String GUEST = "/v1/guests/s";

  private static final String CONFIGURATION =
      """
      version: 1
      networks:
        a: {mode: isolated}
      guests:
        s:
          vmm: qemu
          architecture: x86_64
          memory: 32M
          stop-timeout: 0s
          disks: [{path: disk.qcow2, format: qcow2}]
          options: {accel: tcg}
      """;

  @TempDir Path home;
  private ServedDaemon served;
  private HttpClient client;

  @BeforeEach
  void open() throws Exception {
    Qcow2.write(home.resolve("disk.qcow2"));
    served = ServedDaemon.open(home, CONFIGURATION);
    client = served.client();
  }

  @AfterEach
  void close() throws Exception {
    served.close();
  }

  private JsonNode ask(String method, String target, int status) throws IOException {
    try (HttpClient.Answer answer = client.send(method, target)) {
      JsonNode said = JSON.readTree(answer.bytes());
      assertThat(answer.status()).as("%s %s: %s", method, target, said).isEqualTo(status);
      return said;
    }
  }

  private void awaitState(String state) throws Exception {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (true) {
      String now = ask("GET", GUEST, 200).path("state").asText();
      if (now.equals(state)) {
        return;
      }
      assertThat(System.nanoTime() - deadline).as("30 s for %s: %s", state, now).isNegative();
      TimeUnit.MILLISECONDS.sleep(20);
    }
  }

  @Test
  void snapshotsAreSavedLoadedAndRemovedWhetherTheGuestIsOnOrOff() throws Exception {
    assertThat(ask("GET", GUEST + "/snapshots", 200)).isEmpty();
    ask("POST", GUEST + "/start", 200);
    awaitState("running");
    ask("POST", GUEST + "/snapshots/one", 200);
    ask("POST", GUEST + "/snapshots/two", 200);
    assertThat(ask("GET", GUEST + "/snapshots", 200).findValuesAsText("name"))
        .containsExactly("one", "two");
    ask("POST", GUEST + "/snapshots/one/load", 200);
    awaitState("running");
    ask("DELETE", GUEST + "/snapshots/two", 200);

    ask("POST", GUEST + "/kill", 200);
    awaitState("stopped");
    assertThat(ask("POST", GUEST + "/snapshots/off", 409).path("title").asText())
        .isEqualTo("guest s cannot keep snapshot off: it is stopped");
    assertThat(ask("DELETE", GUEST + "/snapshots/two", 409).path("title").asText())
        .contains("has no snapshot \"two\"");
    ask("POST", GUEST + "/snapshots/one/load", 200);
    awaitState("running");
    ask("POST", GUEST + "/kill", 200);
    awaitState("stopped");
    ask("DELETE", GUEST + "/snapshots/one", 200);
    assertThat(ask("GET", GUEST + "/snapshots", 200)).isEmpty();
    awaitState("stopped");
  }
}
