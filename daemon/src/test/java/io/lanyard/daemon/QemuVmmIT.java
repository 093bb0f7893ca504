package io.lanyard.daemon;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import io.lanyard.daemon.DaemonHome.Running;
import io.lanyard.testing.Await;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A guest of {@code vmm: qemu}: iPXE from the ROM of its NIC, which takes a lease and reports to a
 * server on the host's loopback. Needs qemu-system-x86_64 and its ROMs (Debian: qemu-system-x86,
 * ipxe-qemu).
 */
@Timeout(300)
final class QemuVmmIT {
  private static final int BOOT_SECONDS = 120;

  @TempDir Path home;
  private final BlockingQueue<String> reports = new LinkedBlockingQueue<>();
  private HttpServer web;
  private HttpServer web6;
  private DaemonHome daemons;

  @BeforeEach
  void serve() throws IOException {
    daemons = new DaemonHome(home);
    web = serve("127.0.0.1", 0);
    web6 = serve("::1", web.getAddress().getPort());
  }

  private HttpServer serve(String address, int port) throws IOException {
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getByName(address), port), 0);
    server.createContext(
        "/",
        exchange -> {
          String target = exchange.getRequestURI().toString();
          byte[] body =
              target.equals("/boot.ipxe")
                  ? """
                  #!ipxe
                  :again
                  imgfetch --name tick %s && imgfree tick ||
                  sleep 1
                  goto again
                  """
                      .formatted(url("/tick?ip=${net0/ip}"))
                      .getBytes(US_ASCII)
                  : new byte[0];
          if (body.length == 0) {
            reports.add(target);
          }
          exchange.sendResponseHeaders(200, body.length == 0 ? -1 : body.length);
          exchange.getResponseBody().write(body);
          exchange.close();
        });
    server.start();
    return server;
  }

  @AfterEach
  void end() throws IOException, InterruptedException {
    web.stop(0);
    web6.stop(0);
    process().ifPresent(ProcessHandle::destroyForcibly);
    daemons.close();
  }

  private String url(String path) {
    return "http://host.lan:" + web.getAddress().getPort() + path;
  }

  private String configuration() {
    return """
    version: 1
    networks:
      vmnet8:
        mode: nat
        ipv4: {subnet: 10.78.0.0/24}
        # iPXE waits 20 s for a router where none answers.
        ipv6: on
        egress: {nat64-prefixes: []}
        nat: {host-loopback: true}
        dhcp:
          reservations:
            - {mac: "52:54:00:00:00:0b", address: 10.78.0.11}
          options: {boot-file: "%s"}
    guests:
      pxe:
        vmm: qemu
        architecture: x86_64
        memory: 64M
        stop-timeout: 0s
        nics: [{network: vmnet8, mac: "52:54:00:00:00:0b"}]
        options: {accel: tcg, nics: vhost-user}
    """
        .formatted(url("/boot.ipxe"));
  }

  /** The guest's QEMU, by the file in which the plug-in finds it. */
  private Optional<ProcessHandle> process() throws IOException {
    Path pid = home.resolve("run/vmm-qemu/pxe/pid");
    return Files.exists(pid)
        ? ProcessHandle.of(Long.parseLong(Files.readString(pid).strip()))
        : Optional.empty();
  }

  private void awaitProblem(String text, boolean there) throws IOException, InterruptedException {
    Await.until(
        () -> "problem %s: %s".formatted(text, there),
        () -> daemons.get("/v1/status").get("problems").toString().contains(text) == there);
  }

  private void awaitTick(Running daemon) throws IOException, InterruptedException {
    reports.clear();
    assertThat(reports.poll(BOOT_SECONDS, TimeUnit.SECONDS))
        .as(daemon.said())
        .isEqualTo("/tick?ip=10.78.0.11");
  }

  /** QEMU waits for the socket of its NIC when it starts. */
  @Test
  void aGuestStartsOnANetworkThatIsStopped() throws IOException, InterruptedException {
    Running daemon =
        daemons.daemon(
            configuration().replace("mode: nat", "mode: nat\n    enabled: false"),
            DaemonHome.java());
    daemons.await(daemon);
    Await.until(
        () -> daemon.said(), () -> daemons.get("/v1/guests").toString().contains("\"running\""));
  }

  @Test
  void aGuestTakesALeaseGoesOnWithoutTheDaemonAndIsFoundAgain()
      throws IOException, InterruptedException {
    Running first = daemons.daemon(configuration(), DaemonHome.java());
    daemons.await(first);
    awaitTick(first);
    assertThat(daemons.get("/v1/leases").toString()).contains("10.78.0.11");
    assertThat(daemons.get("/v1/guests").toString()).contains("\"running\"", "10.78.0.11");
    ProcessHandle qemu = process().orElseThrow();

    first.process().destroyForcibly().waitFor();
    Running second = daemons.daemon(configuration(), DaemonHome.java());
    daemons.await(second);
    awaitTick(second);
    assertThat(process()).contains(qemu);
    assertThat(second.said()).contains("event=guest-found guest=\"pxe\"");
    assertThat(daemons.get("/v1/guests").toString()).contains("\"running\"");

    assertThat(daemons.get("/v1/ports").toString()).contains("vhost-user");

    second.process().destroyForcibly().waitFor();
    daemons.expectWarning("guest-left-behind guest=\"pxe\"");
    String withoutIt = configuration().substring(0, configuration().indexOf("guests:"));
    Running third = daemons.daemon(withoutIt, DaemonHome.java());
    daemons.await(third);
    awaitProblem("guest pxe runs and is in no configuration", true);
    assertThat(qemu.isAlive()).isTrue();

    third.process().destroyForcibly().waitFor();
    Running fourth = daemons.daemon(configuration(), DaemonHome.java());
    daemons.await(fourth);
    awaitTick(fourth);
    awaitProblem("guest pxe runs", false);

    fourth.process().destroy(); // its guests end with it, since nobody said otherwise
    assertThat(fourth.exit()).as(fourth.said()).isEqualTo(143);
    assertThat(qemu.onExit().orTimeout(10, TimeUnit.SECONDS))
        .succeedsWithin(Duration.ofSeconds(10));
  }
}
