package io.lanyard.cli;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Guests of Debian's QEMU at the daemon's stream ports: iPXE, as Debian builds it, is a whole IP
 * stack that is not Linux's.
 */
@Timeout(240)
final class QemuIT {
  private static final String MAC = "52:54:00:00:00:42";
  private static final String CONFIGURATION =
      """
      version: 1
      networks:
        vmnet8:
          mode: nat
          ipv4: {subnet: 192.168.127.0/24}
          nat: {host-loopback: true}
          ports:
            - {name: qemu1, kind: qemu-stream, path: qemu1.sock}
            - {name: qemu2, kind: qemu-stream, path: qemu2.sock}
      """;

  @TempDir Path home;

  /** KVM as well, where this host has it: a machine without it cannot be given it. */
  static List<String> accelerators() {
    return Files.isWritable(Path.of("/dev/kvm")) ? List.of("tcg", "kvm") : List.of("tcg");
  }

  @ParameterizedTest
  @MethodSource("accelerators")
  void ipxeGetsAnAddressAndRunsAScriptThatItLoadsThroughTheNat(String accelerator)
      throws Exception {
    try (Launched daemon = Launched.daemon(home, List.of(), CONFIGURATION);
        Scripts scripts = new Scripts();
        Qemu guest = boot(accelerator, 1, MAC, scripts)) {
      String done = scripts.done(guest, daemon);
      assertThat(done).contains("mac=" + MAC.replace(":", "%3A"));
      JsonNode lease = Launched.get(home, "/v1/leases").get(0);
      assertThat(lease.path("mac").asText()).isEqualTo(MAC);
      assertThat(lease.path("state").asText()).isEqualTo("bound");
      assertThat(done).contains("ip=" + lease.path("address").asText() + "&");
      assertThat(lease.path("address").asText()).startsWith("192.168.127.");
    }
  }

  @Test
  void twoGuestsBootBesideEachOther() throws Exception {
    String other = "52:54:00:00:00:43";
    try (Launched daemon = Launched.daemon(home, List.of(), CONFIGURATION);
        Scripts scripts = new Scripts();
        Scripts otherScripts = new Scripts();
        Qemu guest = boot("tcg", 1, MAC, scripts);
        Qemu second = boot("tcg", 2, other, otherScripts)) {
      assertThat(scripts.done(guest, daemon)).contains("mac=" + MAC.replace(":", "%3A"));
      assertThat(otherScripts.done(second, daemon)).contains("mac=" + other.replace(":", "%3A"));
      assertThat(Launched.get(home, "/v1/leases")).hasSize(2);
    }
  }

  private Qemu boot(String accelerator, int port, String mac, Scripts scripts) throws IOException {
    return new Qemu(home, accelerator, port, mac, scripts.address());
  }

  /** A machine that does nothing but run iPXE. */
  private static final class Qemu implements AutoCloseable {
    private final Process process;
    private final Path serial;
    private final Path log;

    Qemu(Path home, String accelerator, int port, String mac, String scripts) throws IOException {
      serial = home.resolve("serial-" + port);
      log = home.resolve("qemu-" + port);
      Path socket = home.resolve("run/qemu" + port + ".sock");
      process =
          new ProcessBuilder(
                  "qemu-system-x86_64",
                  "-accel",
                  accelerator,
                  "-m",
                  "128",
                  "-nodefaults",
                  "-display",
                  "none",
                  "-no-reboot",
                  "-serial",
                  "file:" + serial,
                  "-netdev",
                  "stream,id=n,server=off,addr.type=unix,addr.path=" + socket,
                  "-device",
                  "virtio-net-pci,netdev=n,romfile=,mac=" + mac,
                  "-kernel",
                  "/usr/lib/ipxe/ipxe.lkrn",
                  "-append",
                  "dhcp && chain http://" + scripts + "/script.ipxe")
              .redirectErrorStream(true)
              .redirectOutput(log.toFile())
              .start();
    }

    String said() throws IOException {
      String console = Files.exists(serial) ? Files.readString(serial, ISO_8859_1) : "";
      return Files.readString(log) + console;
    }

    @Override
    public void close() {
      process.destroyForcibly().onExit().join();
    }
  }

  /** A web server on the host's loopback, with a script that reports to it until the guest ends. */
  private static final class Scripts implements AutoCloseable {
    private final HttpServer server;
    private final BlockingQueue<String> reports = new LinkedBlockingQueue<>();

    Scripts() throws IOException {
      server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
      server.createContext(
          "/script.ipxe",
          exchange ->
              answer(
                  exchange,
                  """
                  #!ipxe
                  :again
                  imgfetch --name done http://%s/done?ip=${net0/ip}&mac=${net0/mac}&end ||
                  imgfree
                  sleep 1
                  goto again
                  """
                      .formatted(address())));
      server.createContext(
          "/done",
          exchange -> {
            reports.add(String.valueOf(exchange.getRequestURI().getRawQuery()));
            answer(exchange, "seen\n");
          });
      server.start();
    }

    private static void answer(HttpExchange exchange, String text) throws IOException {
      try (exchange) {
        byte[] body = text.getBytes(UTF_8);
        exchange.sendResponseHeaders(200, body.length);
        exchange.getResponseBody().write(body);
      }
    }

    String address() {
      return "host.lan:" + server.getAddress().getPort();
    }

    /** The next report; a guest or a daemon that has ended says why there is none. */
    String done(Qemu guest, Launched daemon) throws IOException, InterruptedException {
      long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(100);
      @Nullable String report = null;
      while (report == null) {
        report = reports.poll(200, TimeUnit.MILLISECONDS);
        boolean may = report != null || (System.nanoTime() < deadline && guest.process.isAlive());
        assertThat(may).as(() -> explain(guest, daemon)).isTrue();
      }
      return report;
    }

    private static String explain(Qemu guest, Launched daemon) {
      try {
        return guest.said() + "\n" + daemon.complained();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    @Override
    public void close() {
      server.stop(0);
    }
  }
}
