package io.lanyard.linux;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.net.Address;
import io.lanyard.net.Endpoint;
import io.lanyard.net.Transport;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BindFailureTest {
  private static Endpoint at(String address, int port) {
    return new Endpoint(Address.parse(address), port);
  }

  private static String describe(Endpoint endpoint, int number) {
    return BindFailure.describe(endpoint, number, new ErrnoException("bind", number), null);
  }

  @Test
  void aPrivilegedPortSaysWhatWouldPermitIt() {
    assertThat(BindFailure.notPermitted(80, 1024))
        .contains("port 80 is privileged")
        .contains("CAP_NET_BIND_SERVICE")
        .contains("net.ipv4.ip_unprivileged_port_start to 80 (it is 1024)");
    assertThat(describe(at("127.0.0.1", 8080), Errno.EACCES)).contains("does not permit port 8080");
    assertThat(BindFailure.notPermitted(80, 0))
        .isEqualTo(
            "the kernel does not permit port 80, though net.ipv4.ip_unprivileged_port_start is 0:"
                + " give the daemon CAP_NET_BIND_SERVICE, or listen on a port from 1024 on");
  }

  @Test
  void theFirstPortForEverybodyIsTheKernels() throws Exception {
    Path setting = Path.of("/proc/sys/net/ipv4/ip_unprivileged_port_start");
    assertThat(BindFailure.firstUnprivileged())
        .isEqualTo(Integer.parseInt(Files.readAllLines(setting).getFirst()));
  }

  @Test
  void anAddressOfNobodySaysSo() {
    assertThat(describe(at("192.0.2.7", 8080), Errno.EADDRNOTAVAIL))
        .isEqualTo("the host has no address 192.0.2.7 at present");
  }

  @Test
  void aTakenPortNamesItsOwner() throws Exception {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      Endpoint endpoint = at("127.0.0.1", taken.getLocalPort());
      assertThat(
              BindFailure.explain(
                  Transport.TCP,
                  endpoint,
                  Errno.EADDRINUSE,
                  new ErrnoException("bind", Errno.EADDRINUSE)))
          .isEqualTo(
              "port "
                  + taken.getLocalPort()
                  + " is taken by this daemon itself: end it, or listen on another port or"
                  + " address");
    }
  }

  @Test
  void aFailureWithoutANumberSaysWhatItsCauseSays() {
    assertThat(BindFailure.describe(at("::1", 80), 0, new IllegalStateException("closed"), null))
        .isEqualTo("closed");
  }

  @ParameterizedTest
  @ValueSource(strings = {"127.0.0.1", "0.0.0.0"})
  void theOwnerOfATakenPortIsFound(String wanted) throws Exception {
    try (ServerSocket tcp = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        DatagramSocket udp = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
      assertThat(SocketOwner.find(Transport.TCP, at(wanted, tcp.getLocalPort())))
          .isEqualTo("this daemon itself");
      assertThat(SocketOwner.find(Transport.UDP, at(wanted, udp.getLocalPort())))
          .isEqualTo("this daemon itself");
    }
  }

  @Test
  void theOwnerOfAnotherAddressIsNotTakenForIt() throws Exception {
    try (ServerSocket tcp = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      assertThat(SocketOwner.find(Transport.TCP, at("127.0.0.2", tcp.getLocalPort()))).isNull();
      assertThat(SocketOwner.find(Transport.UDP, at("127.0.0.1", tcp.getLocalPort()))).isNull();
    }
  }

  @Test
  void anotherProcessIsNamedWithItsNumber() throws Exception {
    Process other =
        new ProcessBuilder(
                "perl",
                "-MIO::Socket::INET",
                "-e",
                "my $s = IO::Socket::INET->new(Listen => 1, LocalAddr => '127.0.0.1') or die;"
                    + " $| = 1; print $s->sockport, \"\\n\"; <STDIN>")
            .start();
    try (BufferedReader out =
        new BufferedReader(new InputStreamReader(other.getInputStream(), StandardCharsets.UTF_8))) {
      int port = Integer.parseInt(out.readLine());
      assertThat(SocketOwner.find(Transport.TCP, at("127.0.0.1", port)))
          .isEqualTo("perl (pid " + other.pid() + ")");
    } finally {
      other.destroy();
    }
  }
}
