package io.lanyard.control.client;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.SocketTimeoutException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The client alone; the daemon's tests have it with a server. */
@Timeout(240)
class HttpClientTest {
  @TempDir Path directory;

  @Test
  void aServerThatNeverAnswersIsGivenUp() throws IOException {
    Path silent = directory.resolve("silent.sock");
    try (ServerSocketChannel listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      listener.bind(UnixDomainSocketAddress.of(silent));

      HttpClient client =
          new HttpClient(
              new DaemonAddress.UnixSocket(silent), Duration.ofMillis(50), Duration.ofSeconds(1));
      assertThatThrownBy(() -> client.send("GET", "/"))
          .isInstanceOf(SocketTimeoutException.class)
          .hasMessage("no answer in 0 s");
      assertThatThrownBy(() -> client.send("POST", "/"))
          .isInstanceOf(SocketTimeoutException.class)
          .hasMessage("no answer in 1 s");
    }
  }
}
