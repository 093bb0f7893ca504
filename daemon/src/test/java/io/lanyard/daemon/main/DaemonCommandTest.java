package io.lanyard.daemon.main;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lanyard.daemon.StartException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class DaemonCommandTest {
  @TempDir Path home;

  @Test
  void aDaemonWhoseSocketAnotherServesTouchesNothing() throws Exception {
    Path file = Files.writeString(home.resolve("f.yaml"), "version: 1\nnetworks: {}\n");
    Path runtime = Files.createDirectory(home.resolve("run"));
    Path state = home.resolve("state");
    DaemonCommand command =
        DaemonArguments.parse(
            "--config=" + file, "--runtime-dir=" + runtime, "--state-dir=" + state);
    assertThat(command).isNotNull();
    try (ServerSocketChannel other = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      other.bind(UnixDomainSocketAddress.of(runtime.resolve("api.sock")));
      assertThatThrownBy(command::call)
          .isInstanceOf(StartException.class)
          .hasMessageEndingWith("api.sock: another process listens there");
    }
    assertThat(state).doesNotExist();
    assertThat(runtime).isDirectoryContaining("glob:**api.sock");
  }
}
