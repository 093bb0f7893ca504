package io.lanyard.daemon;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import io.lanyard.daemon.DaemonHome.Running;
import io.lanyard.image.ImageStore;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Guests of both VMMs on one network: Debian's kernel for riscv64 in the bundled machine and in
 * QEMU, and iPXE on x86. Each reports to a server on the host's loopback when it has met the
 * others; those with Linux once more by IPv6, with addresses that they have made themselves. Needs
 * qemu-system-misc, qemu-system-x86, ipxe-qemu and cpio.
 */
@Timeout(400)
final class VmmsTogetherIT {
  private static final int BOOT_SECONDS = 200;

  @TempDir Path home;
  private final BlockingQueue<String> reports = new LinkedBlockingQueue<>();
  private HttpServer web;
  private HttpServer web6;
  private DaemonHome daemons;

  @BeforeEach
  void serve() throws IOException {
    daemons = new DaemonHome(home);
    web = serve(InetAddress.getLoopbackAddress());
    web6 = serve(InetAddress.ofLiteral("::1"));
  }

  private HttpServer serve(InetAddress at) throws IOException {
    HttpServer server = HttpServer.create(new InetSocketAddress(at, 0), 0);
    server.createContext(
        "/",
        exchange -> {
          String target = exchange.getRequestURI().toString();
          String script =
              """
              #!ipxe
              :again
              imgfetch --name met %s && imgfree met ||
              sleep 1
              goto again
              """
                  .formatted(url("/met?me=13"));
          byte[] body = target.equals("/boot.ipxe") ? script.getBytes(US_ASCII) : new byte[0];
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
    daemons.close();
    // A daemon that is killed leaves its QEMUs running.
    for (String guest : List.of("translated", "pxe")) {
      Path pid = home.resolve("run/vmm-qemu/" + guest + "/pid");
      if (Files.exists(pid)) {
        ProcessHandle.of(Long.parseLong(Files.readString(pid).strip()))
            .ifPresent(ProcessHandle::destroyForcibly);
      }
    }
  }

  private String url(String path) {
    return "http://10.78.0.1:" + web.getAddress().getPort() + path;
  }

  /** The image's RAM disk with a profile for its shell behind it. */
  private Path disk(ImageStore.Image image, String profile)
      throws IOException, InterruptedException {
    Path root = Files.createDirectories(home.resolve("disk/root"));
    Files.writeString(root.resolve(".profile"), "ip link set eth0 up\n" + profile);
    Path all = home.resolve("initrd");
    try (OutputStream out = Files.newOutputStream(all)) {
      Files.copy(image.file("initrd").orElseThrow(), out);
      Process cpio =
          new ProcessBuilder("sh", "-c", "find . | cpio -o -H newc --quiet -R 0:0")
              .directory(home.resolve("disk").toFile())
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start();
      cpio.getInputStream().transferTo(out);
      assertThat(cpio.waitFor()).isZero();
    }
    return all;
  }

  /** Meets the peers by IPv4. me and peers come by the kernel's command line. */
  private String meeting() {
    return """
    until udhcpc -n -q -i eth0; do sleep 1; done
    for peer in $peers 13; do
      until ping -c 1 -W 2 10.78.0.$peer; do sleep 1; done
    done
    until wget -q -O /dev/null '%s'?me=$me; do sleep 1; done
    """
        .formatted(url("/met"));
  }

  /** By IPv6: an address of the router's prefix, a name, and what is there. */
  private String six() {
    return """
    until ip -6 addr show dev eth0 scope global | grep -q 'inet6 fd78:'; do sleep 1; done
    at=$(ip -6 -o addr show dev eth0 scope global | sed -n 's/.*inet6 \\(.*\\)\\/64.*/\\1/p')
    echo nameserver fd78::2 >/etc/resolv.conf
    until wget -6 -q -O /dev/null 'http://host.lan:%d/six'?at=$at; do sleep 1; done
    """
        .formatted(web6.getAddress().getPort());
  }

  private String linux(
      String name, String vmm, int me, int peer, ImageStore.Image image, Path disk) {
    return """
      %s:
        vmm: %s
        architecture: riscv64
        memory: 256M
        stop-timeout: 0s
        kernel: %s
        initrd: %s
        command-line: "console=ttyS0 quiet cryptomgr.notests me=%d peers=%d"
        nics: [{network: vmnet8, mac: "52:54:00:00:00:%d"}]
    """
        .formatted(name, vmm, image.file("kernel").orElseThrow(), disk, me, peer, me);
  }

  @Test
  void guestsOfBothVmmsAndOfTwoArchitecturesMeetOnOneNetwork() throws Exception {
    ImageStore.Image image = LinuxGuest.image();
    Path disk = disk(image, meeting() + six());
    String configuration =
        """
        version: 1
        networks:
          vmnet8:
            mode: nat
            ipv4: {subnet: 10.78.0.0/24}
            ipv6: {subnet: "fd78::/64"}
            egress: {nat64-prefixes: []}
            nat: {host-loopback: true}
            dhcp:
              reservations:
                - {mac: "52:54:00:00:00:11", address: 10.78.0.11}
                - {mac: "52:54:00:00:00:12", address: 10.78.0.12}
                - {mac: "52:54:00:00:00:13", address: 10.78.0.13}
              options: {boot-file: "%s"}
        guests:
        """
                .formatted(url("/boot.ipxe"))
            + linux("bundled", "lanyard", 11, 12, image, disk)
            + linux("translated", "qemu", 12, 11, image, disk)
            + """
              pxe:
                vmm: qemu
                architecture: x86_64
                memory: 64M
                stop-timeout: 0s
                nics: [{network: vmnet8, mac: "52:54:00:00:00:13"}]
                options: {accel: tcg, nics: vhost-user}
            """;
    Running daemon = daemons.daemon(configuration, DaemonHome.optimisedJava());
    daemons.await(daemon);

    awaitReports(daemon, Set.of("/met?me=11", "/met?me=12", "/met?me=13", six(11), six(12)));
    assertThat(daemons.get("/v1/ports").findValuesAsText("kind"))
        .containsAll(List.of("guest", "vhost-user"));

    daemons.post("/v1/guests/translated/reset");
    awaitReports(daemon, Set.of("/met?me=12"));
  }

  @Test
  void aGuestOfTheBundledMachineGetsAlongWithIpv6Alone() throws Exception {
    ImageStore.Image image = LinuxGuest.image();
    String alone =
        """
        until ip -6 route | grep -q '^default via fe80:'; do sleep 1; done
        [ -z "$(ip -4 addr show dev eth0)" ] || exit
        until ping -6 -c 1 -W 2 fd78::2; do sleep 1; done
        """;
    String configuration =
        """
        version: 1
        networks:
          vmnet8:
            mode: nat
            ipv6: {subnet: "fd78::/64"}
            egress: {nat64-prefixes: []}
            nat: {host-loopback: true}
        guests:
        """
            + linux("bundled", "lanyard", 11, 12, image, disk(image, alone + six()));
    Running daemon = daemons.daemon(configuration, DaemonHome.optimisedJava());
    daemons.await(daemon);

    awaitReports(daemon, Set.of(six(11)));
  }

  /** A guest's report by IPv6, with the address that its kernel makes of the NIC's (RFC 4862). */
  private static String six(int me) {
    return "/six?at=fd78::5054:ff:fe00:" + me;
  }

  private void awaitReports(Running daemon, Set<String> wanted)
      throws IOException, InterruptedException {
    reports.clear();
    Set<String> missing = new HashSet<>(wanted);
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(BOOT_SECONDS);
    while (!missing.isEmpty()) {
      String report = reports.poll(1, TimeUnit.SECONDS);
      if (report != null) {
        missing.remove(report);
      }
      assertThat(System.nanoTime())
          .as("%s missing: %s", missing, daemon.said())
          .isLessThan(deadline);
    }
  }
}
