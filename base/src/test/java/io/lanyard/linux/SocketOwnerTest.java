package io.lanyard.linux;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.net.Address;
import io.lanyard.net.Endpoint;
import io.lanyard.net.Transport;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SocketOwnerTest {
  private static final String HEADINGS =
      "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout"
          + " inode\n";

  @TempDir Path process;

  private static Endpoint at(String address, int port) {
    return new Endpoint(Address.parse(address), port);
  }

  /** A table of the kernel's with a socket of root that listens at 127.0.0.1:8080. */
  private void listen(Path proc) throws IOException {
    Files.writeString(
        Files.createDirectories(proc.resolve("net")).resolve("tcp"),
        HEADINGS
            + "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0  "
            + "      0 4711 1 0000000000000000 100 0 0 10 0\n");
  }

  @Test
  void theUserOfAPortIsNamedWhoseProcessCannotBeLookedInto() throws Exception {
    listen(process);
    Files.createDirectories(process.resolve("812")); // without fd, as one of another user
    assertThat(SocketOwner.find(process, Transport.TCP, at("127.0.0.1", 8080)))
        .isEqualTo("a process of root");
    assertThat(SocketOwner.find(process, Transport.TCP, at("127.0.0.1", 8081))).isNull();
  }

  @Test
  void aProcessWithOneAddressIsInTheWayOfAllAddressesOfBothFamilies() throws Exception {
    listen(process);
    Files.createSymbolicLink(
        Files.createDirectories(process.resolve("812/fd")).resolve("3"), Path.of("socket:[4711]"));
    Files.writeString(process.resolve("812/comm"), "nginx\n");
    assertThat(SocketOwner.find(process, Transport.TCP, at("::", 8080)))
        .isEqualTo("nginx (pid 812)");
    assertThat(SocketOwner.find(process, Transport.TCP, at("0.0.0.0", 8080)))
        .isEqualTo("nginx (pid 812)");
    assertThat(SocketOwner.find(process, Transport.TCP, at("::1", 8080))).isNull();
  }

  @Test
  void aProcessIsLookedAtToItsLastDescriptorThoughOthersVanishMeanwhile() throws Exception {
    Path descriptors = Files.createDirectory(process.resolve("fd"));
    for (int i = 0; i < 100; i++) {
      Files.createFile(descriptors.resolve("gone" + i)); // no link: it cannot be read as one
    }
    Files.createSymbolicLink(descriptors.resolve("7"), Path.of("socket:[4711]"));
    assertThat(SocketOwner.holds(process, Set.of("socket:[4711]"))).isTrue();
    assertThat(SocketOwner.holds(process, Set.of("socket:[4712]"))).isFalse();
    assertThat(SocketOwner.holds(process.resolve("ended"), Set.of("socket:[4711]"))).isFalse();
  }
}
