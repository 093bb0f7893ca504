package io.lanyard.vswitch.port.datagram;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lanyard.linux.BatchSocket;
import io.lanyard.linux.SocketName;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The socket that a client names is that of the client's user, and no way to another one. */
class VdeClientTest {
  private static final int NOBODY = 65534;

  @TempDir private Path directory;
  private Path named;
  private BatchSocket theirs;
  private BatchSocket ours;
  private int user;

  @BeforeEach
  void bind() throws IOException {
    named = directory.resolve("client");
    theirs = BatchSocket.unixDatagram(SocketName.of(named));
    ours = BatchSocket.unixDatagram(SocketName.of(directory.resolve("port")));
    user = (Integer) Files.getAttribute(named, "unix:uid");
  }

  @AfterEach
  void close() {
    theirs.close();
    ours.close();
  }

  @Test
  void theSocketOfTheClientsUserIsTaken() throws Exception {
    VdeClient.connect(ours, named, user);
    assertThat(BatchSocket.isOpen(SocketName.of(named))).isTrue();
  }

  @Test
  void aSocketOfAnotherUserIsNot() {
    assertThatThrownBy(() -> VdeClient.connect(ours, named, NOBODY))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("not that of the client's user");
  }

  /** Anybody can make a link to anything, and owns it. */
  @Test
  void aLinkToASocketIsNotFollowed() throws Exception {
    Path link = directory.resolve("link");
    Files.createSymbolicLink(link, named);
    assertThatThrownBy(() -> VdeClient.connect(ours, link, user))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("no socket");
    assertThatThrownBy(() -> VdeClient.connect(ours, link, 0)).isInstanceOf(IOException.class);
  }

  @Test
  void aFileThatIsNoSocketIsNot() throws Exception {
    Path file = Files.createFile(directory.resolve("file"));
    assertThatThrownBy(() -> VdeClient.connect(ours, file, user))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("no socket");
  }

  @Test
  void aSocketThatNobodyHasOpenIsSaidSo() {
    theirs.close();
    assertThatThrownBy(() -> VdeClient.connect(ours, named, user))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("cannot send to " + named + ": ECONNREFUSED");
  }
}
