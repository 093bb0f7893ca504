package io.lanyard.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.control.client.ChangeOptions;
import io.lanyard.control.client.ConfigItem;
import io.lanyard.control.client.Hold;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A change that is taken back unless it is confirmed. */
@Timeout(240)
final class ConfirmationTest {
  private static final String PLAN =
      "{\"revision\": 8, \"changes\": [], \"restart\": [], \"ends\": [], \"problems\": [],"
          + " \"confirmBy\": \"2026-01-01\"}";

  private static final String NONE =
      "{\"title\":\"revision 8 does not wait\",\"status\":404,\"reason\":\"unknown\"}";

  @TempDir Path directory;
  private FakeDaemon daemon;
  private final Said said = new Said();
  private final InputStream realIn = System.in;
  private final CountDownLatch end = new CountDownLatch(1);

  @BeforeEach
  void start() throws IOException {
    daemon = new FakeDaemon(directory).hold("DELETE /v1/networks/a", PLAN + "\n");
  }

  @AfterEach
  void stop() throws IOException {
    end.countDown();
    System.setIn(realIn);
    said.close();
    daemon.close();
  }

  private static InputStream typed(String keys) {
    return new ByteArrayInputStream(keys.getBytes(StandardCharsets.UTF_8));
  }

  /** A terminal at which nobody types. */
  private InputStream silent() {
    return new InputStream() {
      @Override
      public int read() {
        try {
          end.await();
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
        }
        return -1;
      }

      @Override
      public int read(byte[] bytes, int offset, int length) {
        return read();
      }
    };
  }

  /** Makes a change that is held, then waits for the answer. */
  private int await(InputStream keys, int seconds, boolean isInterrupted) {
    System.setIn(keys);
    Api api = new Api(daemon.socket);
    Hold hold = new Hold();
    ChangeOptions options = new ChangeOptions(false, false, false, "60s", null, hold);
    var plan = api.ask(client -> client.configuration().delete(ConfigItem.network("a"), options));
    return new Confirmation(
            api,
            new Output(),
            plan.value().revision(),
            Instant.now().plusSeconds(seconds).toString(),
            hold,
            action -> {
              if (isInterrupted) {
                action.run();
              }
            })
        .await();
  }

  @Test
  void enterConfirms() {
    daemon.answer("POST /v1/config/confirm/8", 204, "");
    assertThat(await(typed("x\n"), 60, false)).isZero();
    assertThat(said.out()).contains("It is taken back in ", "Kept.");
  }

  @Test
  void anInterruptionTakesBack() {
    daemon.answer("POST /v1/config/take-back/8", 204, "");
    assertThat(await(silent(), 60, true)).isEqualTo(Lanyard.FAILED);
    assertThat(said.err()).isEqualTo("lanyard: the change is taken back\n");
  }

  @Test
  void aTerminalThatIsClosedTakesBack() {
    daemon.answer("POST /v1/config/take-back/8", 204, "");
    assertThat(await(typed("x"), 60, false)).isEqualTo(Lanyard.FAILED);
    assertThat(daemon.asked("POST")).hasSize(1);
  }

  @Test
  void theEndOfTheTimeIsSaid() {
    daemon.answer("GET /v1/config", "{\"revision\":9}");
    assertThat(await(silent(), -5, false)).isEqualTo(Lanyard.FAILED);
    assertThat(said.err()).contains("was not confirmed in time");
  }

  @Test
  void aChangeThatIsConfirmedElsewhereIsKept() {
    daemon
        .answer("POST /v1/config/confirm/8", 404, NONE)
        .answer("POST /v1/config/take-back/8", 404, NONE)
        .answer("GET /v1/config", "{\"revision\":8}");
    assertThat(await(silent(), -5, false)).isZero();
    assertThat(await(typed("\n"), 60, false)).isZero();
    assertThat(await(silent(), 60, true)).isZero();
    assertThat(said.out()).contains("Kept: it was confirmed elsewhere.");
  }

  @Test
  void aConfirmationElsewhereIsNotedWhenItIsGiven() throws Exception {
    daemon.answer("GET /v1/config", "{\"revision\":8}");
    Thread elsewhere = Thread.ofPlatform().start(this::confirmElsewhere);
    assertThat(await(silent(), 3600, false)).isZero();
    elsewhere.join();
    assertThat(said.out()).contains("Kept: it was confirmed elsewhere.");
  }

  /** Ends the answer to the change, when the person is asked. */
  private void confirmElsewhere() {
    while (!said.out().contains("Press Enter")) {
      LockSupport.parkNanos(1_000_000);
    }
    try {
      daemon.release();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
