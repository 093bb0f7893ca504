package io.lanyard.nat.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import io.lanyard.nat.flow.FlowKey;
import io.lanyard.nat.gateway.LinuxFamily;
import io.lanyard.nat.gateway.NatNamespace;
import io.lanyard.testing.Await;
import io.lanyard.testing.FreePorts;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Linux's TCP, in a namespace, against ours, by either family. Needs root. */
class TcpIT {
  /** A guest that does not come must not keep the suite. */
  private static final int WAIT_MILLIS = 60_000;

  private static NatNamespace network(LinuxFamily family) throws Exception {
    return family.namespace(family.loopbackConfig(), nic -> null);
  }

  private static ServerSocket listen(LinuxFamily family) throws Exception {
    ServerSocket server = new ServerSocket(0, 1100, family.loopbackAddress());
    server.setSoTimeout(WAIT_MILLIS);
    return server;
  }

  @ParameterizedTest
  @EnumSource
  void twentyMegabytesComeDownAndGoUpWhole(LinuxFamily family) throws Exception {
    byte[] file = new byte[20 << 20];
    new Random(3).nextBytes(file);
    String sum = HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(file));
    MessageDigest uploaded = MessageDigest.getInstance("SHA-256");
    HttpServer server = HttpServer.create(new InetSocketAddress(family.loopbackAddress(), 0), 0);
    server.createContext(
        "/file",
        exchange -> {
          exchange.sendResponseHeaders(200, file.length);
          exchange.getResponseBody().write(file);
          exchange.close();
        });
    server.createContext(
        "/upload",
        exchange -> {
          try (InputStream body = new DigestInputStream(exchange.getRequestBody(), uploaded)) {
            body.transferTo(java.io.OutputStream.nullOutputStream());
          }
          exchange.sendResponseHeaders(200, -1);
          exchange.close();
        });
    server.start();
    String url = "http://" + family.hostInUrl() + ":" + server.getAddress().getPort();
    try (NatNamespace net = network(family)) {
      assertThat(net.guest("sh", "-c", "curl -sS " + url + "/file | sha256sum").output())
          .startsWith(sum);
      Path up = Files.createTempFile("lanyard", "up");
      try {
        Files.write(up, file);
        assertThat(net.guest("curl", "-sS", "-T", up.toString(), url + "/upload").status())
            .isZero();
      } finally {
        Files.delete(up);
      }
      assertThat(HexFormat.of().formatHex(uploaded.digest())).isEqualTo(sum);
      assertThat(net.on(() -> net.nat.tcp().counters().get(TcpCount.FAULTS))).isZero();
    } finally {
      server.stop(0);
    }
  }

  @ParameterizedTest
  @EnumSource
  void iperf3RunsBothWays(LinuxFamily family) throws Exception {
    String port = Integer.toString(FreePorts.one());
    Process server =
        new ProcessBuilder("iperf3", "-s", "-B", family.loopback, "-p", port)
            .redirectErrorStream(true)
            .start();
    try (NatNamespace net = network(family)) {
      Await.until(() -> NatNamespace.host("sh", "-c", "ss -ltn | grep -q :" + port).status() == 0);
      for (String way : List.of("-V", "-R")) {
        NatNamespace.Result result =
            net.guest("iperf3", "-c", family.host, "-p", port, "-t", "2", "-P", "4", way);
        assertThat(result.status()).as(result.output()).isZero();
        assertThat(result.output()).contains("SUM").contains("receiver");
      }
    } finally {
      server.destroy();
    }
  }

  @ParameterizedTest
  @EnumSource
  void aClosedPortOfTheHostRefuses(LinuxFamily family) throws Exception {
    int closed = FreePorts.one();
    try (NatNamespace net = network(family)) {
      assertThat(net.guest("socat", "-u", "/dev/null", family.socat("TCP", closed)).output())
          .contains("Connection refused");
    }
  }

  @ParameterizedTest
  @EnumSource
  void eachSideMayCloseItsHalfFirst(LinuxFamily family) throws Exception {
    try (NatNamespace net = network(family);
        ServerSocket server = listen(family)) {
      String target = family.socat("TCP", server.getLocalPort());
      // The guest ends first; the answer is made of all that it sent.
      CompletableFuture<String> heard =
          CompletableFuture.supplyAsync(() -> {
            try (Socket s = server.accept()) {
              byte[] all = s.getInputStream().readAllBytes();
              s.getOutputStream().write(("got " + all.length).getBytes(StandardCharsets.UTF_8));
              s.shutdownOutput();
              return "done";
            } catch (java.io.IOException e) {
              return e.toString();
            }
          });
      assertThat(
              net.guest("sh", "-c", "head -c 3000000 /dev/zero | socat -t 60 - " + target).output())
          .contains("got 3000000");
      assertThat(heard.get(60, TimeUnit.SECONDS)).isEqualTo("done");
      // The host ends first; the guest's bytes still arrive.
      CompletableFuture<Integer> count =
          CompletableFuture.supplyAsync(() -> {
            try (Socket s = server.accept()) {
              s.shutdownOutput();
              return s.getInputStream().readAllBytes().length;
            } catch (java.io.IOException e) {
              return -1;
            }
          });
      net.guest("sh", "-c", "(sleep .5; head -c 1000000 /dev/zero) | socat -t 5 -u - " + target);
      assertThat(count.get(60, TimeUnit.SECONDS)).isEqualTo(1_000_000);
    }
  }

  @ParameterizedTest
  @EnumSource
  void aResetOfTheHostReachesTheGuest(LinuxFamily family) throws Exception {
    try (NatNamespace net = network(family);
        ServerSocket server = listen(family)) {
      CompletableFuture<Void> reset =
          CompletableFuture.runAsync(() -> {
            try (Socket s = server.accept()) {
              // A reset before the request could overtake the guest's handshake, as a refusal.
              s.getInputStream().read();
              s.setSoLinger(true, 0);
            } catch (java.io.IOException e) {
              throw new java.io.UncheckedIOException(e);
            }
          });
      assertThat(
              net.guest(
                      "sh",
                      "-c",
                      "curl -sS http://" + family.hostInUrl() + ":" + server.getLocalPort())
                  .output())
          .containsIgnoringCase("reset");
      reset.get(60, TimeUnit.SECONDS);
    }
  }

  @ParameterizedTest
  @EnumSource
  void aResetThatMeetsTheGuestsFinIsNoFault(LinuxFamily family) throws Exception {
    try (NatNamespace net = network(family);
        ServerSocket server = listen(family)) {
      int port = server.getLocalPort();
      Process guest = net.startGuest("socat", "-t", "600", "-", family.socat("TCP", port));
      Socket s = server.accept();
      s.setSoTimeout(WAIT_MILLIS);
      guest.getOutputStream().write('?');
      guest.getOutputStream().flush();
      assertThat(s.getInputStream().read()).isEqualTo('?');
      net.on(() -> {
        // While the loop is held up: first the FIN, then the reset, so that it finds them so.
        guest.getOutputStream().close();
        String closing = "ss -Htn state fin-wait-1 dport = " + port;
        while (net.guest("sh", "-c", closing).output().isBlank()) {
          LockSupport.parkNanos(1_000_000);
        }
        s.setSoLinger(true, 0);
        s.close();
        return true;
      });
      assertThat(guest.waitFor(60, TimeUnit.SECONDS)).isTrue();
      assertThat(net.on(() -> net.nat.tcp().counters().get(TcpCount.FAULTS))).isZero();
    }
  }

  @ParameterizedTest
  @EnumSource
  void urgentDataOfTheHostStaysInTheStreamAndHoldsNothingUp(LinuxFamily family) throws Exception {
    try (NatNamespace net = network(family);
        ServerSocket server = listen(family)) {
      Process guest =
          net.startGuest(
              "perl",
              "-e",
              """
              use IO::Socket::IP;
              my $s = IO::Socket::IP->new(PeerHost => '%s', PeerPort => %d) or die;
              $s->setsockopt(SOL_SOCKET, 10, 1); # SO_OOBINLINE
              print $s "?"; $s->flush;
              alarm 60;
              my $all = '';
              while (length $all < 7) { sysread $s, $all, 100, length $all or die; }
              print $all;
              """
                  .formatted(family.host, server.getLocalPort()));
      try (Socket s = server.accept()) {
        s.setSoTimeout(WAIT_MILLIS);
        assertThat(s.getInputStream().read()).isEqualTo('?');
        net.on(() -> {
          // While the loop is held up, so that one read finds all of it.
          s.getOutputStream().write("abc".getBytes(StandardCharsets.UTF_8));
          s.sendUrgentData('!');
          s.getOutputStream().write("def".getBytes(StandardCharsets.UTF_8));
          return true;
        });
        assertThat(new String(guest.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
            .isEqualTo("abc!def");
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void aThousandConnectionsAtOnceAndTheirDescriptorsComeBack(LinuxFamily family) throws Exception {
    long before = descriptors();
    List<Socket> accepted = new ArrayList<>();
    try (NatNamespace net = network(family);
        ServerSocket server = listen(family)) {
      Thread acceptor =
          Thread.ofVirtual()
              .start(() -> {
                try {
                  for (int i = 0; i < 1000; i++) {
                    Socket s = server.accept();
                    accepted.add(s);
                    s.getOutputStream().write('!');
                  }
                } catch (java.io.IOException e) {
                  // Closed.
                }
              });
      String script =
          """
          use IO::Socket::IP;
          alarm 120;
          my ($got, @kept) = (0);
          for (1 .. 1000) {
            my $s = IO::Socket::IP->new(PeerHost => '%s', PeerPort => %d, Timeout => 60)
              or die "socket: $!";
            push @kept, $s;
          }
          for my $s (@kept) { $s->recv(my $data, 1); $got++ if $data eq '!'; }
          print "answered $got\\n";
          $| = 1; print "";
          sleep 2;
          """
              .formatted(family.host, server.getLocalPort());
      Process guest = net.startGuest("sh", "-c", "ulimit -n 4096; perl - <<'E'\n" + script + "E\n");
      int most = 0;
      while (guest.isAlive()) {
        most = Math.max(most, net.on(() -> net.nat.flows().size(FlowKey.TCP)));
        guest.waitFor(50, TimeUnit.MILLISECONDS);
      }
      String output = new String(guest.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertThat(output).contains("answered 1000");
      assertThat(most).isEqualTo(1000);
      acceptor.join(60_000);
      for (Socket s : accepted) {
        s.close();
      }
      // Where both sides closed at once, TIME-WAIT is right; it holds no socket.
      long end = System.nanoTime() + 60_000_000_000L;
      while (net.on(() -> lingering(net)) > 0 && System.nanoTime() < end) {
        LockSupport.parkNanos(1_000_000);
      }
      assertThat(net.on(() -> lingering(net))).isZero();
      assertThat(descriptors()).isLessThan(before + 40);
    }
    assertThat(descriptors()).isLessThan(before + 20);
  }

  private static long lingering(NatNamespace net) {
    return net.nat.listFlows().stream().filter(flow -> !flow.state().equals("time-wait")).count();
  }

  private static long descriptors() throws Exception {
    try (Stream<Path> all = Files.list(Path.of("/proc/self/fd"))) {
      return all.count();
    }
  }
}
