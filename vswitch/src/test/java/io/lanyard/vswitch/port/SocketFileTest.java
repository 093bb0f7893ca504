package io.lanyard.vswitch.port;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The file of a socket, and somebody who writes to its directory as well. */
class SocketFileTest {
  @TempDir Path directory;
  private Path path;
  private SocketFile file;

  @BeforeEach
  void name() {
    path = directory.resolve("port.sock");
    file = new SocketFile(path, null, null, "rw-rw-rw-");
  }

  private static String mode(Path path) throws IOException {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
  }

  @Test
  void aSocketGetsTheModeThatItsPortSays() throws IOException {
    try (ServerSocketChannel socket = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      var _ = socket.bind(UnixDomainSocketAddress.of(path));
      file.grant();
      assertThat(mode(path)).isEqualTo("rw-rw-rw-");
    }
  }

  @Test
  void aSocketGetsTheOwnerAndTheGroupThatItsPortSays() throws IOException {
    try (ServerSocketChannel socket = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      var _ = socket.bind(UnixDomainSocketAddress.of(path));
      boolean root = Files.getAttribute(path, "unix:uid").equals(0);
      int user = root ? 65_534 : (int) Files.getAttribute(path, "unix:uid");
      int group = root ? 65_533 : (int) Files.getAttribute(path, "unix:gid");
      new SocketFile(path, String.valueOf(user), String.valueOf(group), "rw--w----").grant();
      assertThat(Files.getAttribute(path, "unix:uid")).isEqualTo(user);
      assertThat(Files.getAttribute(path, "unix:gid")).isEqualTo(group);
      assertThat(mode(path)).isEqualTo("rw--w----");
      assertThatThrownBy(new SocketFile(path, "no-such-user", null, null)::grant)
          .hasMessage("there is no user no-such-user to give " + path + " to");
      assertThatThrownBy(new SocketFile(path, null, "no-such-group", null)::grant)
          .hasMessage("there is no group no-such-group to give " + path + " to");
    }
  }

  @Test
  void aLinkInTheSocketsPlaceOpensNobodyElsesFile() throws IOException {
    Path secret = Files.writeString(directory.resolve("secret"), "mine");
    Files.setPosixFilePermissions(secret, PosixFilePermissions.fromString("rw-------"));
    Files.createSymbolicLink(path, secret);
    assertThatThrownBy(file::grant).hasMessageContaining("no longer the socket");
    assertThat(mode(secret)).isEqualTo("rw-------");
  }

  @Test
  void aFileInTheSocketsPlaceKeepsItsMode() throws IOException {
    Files.writeString(path, "mine");
    Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rw-------"));
    assertThatThrownBy(file::grant).hasMessageContaining("no longer the socket");
    assertThat(mode(path)).isEqualTo("rw-------");
  }

  @Test
  void aSocketThatIsGoneIsSaid() {
    assertThatThrownBy(file::grant).isInstanceOf(IOException.class).hasMessageContaining("gone");
  }
}
