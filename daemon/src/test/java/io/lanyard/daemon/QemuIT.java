package io.lanyard.daemon;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.lanyard.control.client.HttpClient;
import io.lanyard.daemon.DaemonHome.Running;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * QEMU attached by its stream protocol, without a change to either. The guest is iPXE, from the ROM
 * of the NIC: it takes a lease, resolves a name and loads a script by HTTP from a server on the
 * host's loopback, and the script reports to that server.
 */
@Timeout(300)
final class QemuIT {
  /** An emulated machine beside other work takes its time. */
  private static final int BOOT_SECONDS = 120;

  private static final String REBOOT = "reboot\n";

  @TempDir Path home;
  private final BlockingQueue<String> reports = new LinkedBlockingQueue<>();
  private final Map<String, String> scripts = new ConcurrentHashMap<>();
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private HttpServer web;
  private HttpServer web6;
  private DaemonHome daemons;

  @BeforeEach
  void serve() throws IOException {
    daemons = new DaemonHome(home);
    web = serve("127.0.0.1", 0);
    web6 = serve("::1", web.getAddress().getPort());
  }

  @AfterEach
  void end() throws IOException, InterruptedException {
    web.stop(0);
    web6.stop(0);
    threads.shutdownNow();
    daemons.close();
  }

  private HttpServer serve(String address, int port) throws IOException {
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getByName(address), port), 0);
    server.setExecutor(threads);
    server.createContext("/", this::answer);
    server.start();
    return server;
  }

  /** Scripts by their path; everything else is a report, answered with an empty file. */
  private void answer(HttpExchange exchange) throws IOException {
    try (exchange) {
      String target = exchange.getRequestURI().toString();
      String script = scripts.get(target);
      if (script == null) {
        reports.add(target);
      }
      byte[] body = (script == null ? "" : script).getBytes(US_ASCII);
      exchange.sendResponseHeaders(200, body.length == 0 ? -1 : body.length);
      exchange.getResponseBody().write(body);
    }
  }

  private void script(String path, String... lines) {
    scripts.put(path, "#!ipxe\n" + String.join("\n", lines) + "\n");
  }

  private String url(String path) {
    return "http://host.lan:" + web.getAddress().getPort() + path;
  }

  private String configuration(String ports) {
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
        ports: [%s]
    """
        .formatted(url("/boot.ipxe"), ports);
  }

  /** A machine whose memory the daemon shares, and with it the NIC's virtqueues. */
  private Running sharing(String mac, String chardev) throws IOException {
    return machine(
        "tcg",
        "-object",
        "memory-backend-memfd,id=ram,size=64M,share=on",
        "-machine",
        "memory-backend=ram",
        "-chardev",
        "socket,id=vhost," + chardev,
        "-netdev",
        "vhost-user,id=net0,chardev=vhost",
        "-device",
        "virtio-net-pci,netdev=net0,mac=" + mac);
  }

  private Running qemu(String accelerator, String mac, String stream) throws IOException {
    return machine(
        accelerator,
        "-netdev",
        "stream,id=net0,addr.type=unix," + stream,
        "-device",
        "virtio-net-pci,netdev=net0,mac=" + mac);
  }

  private Running machine(String accelerator, String... more) throws IOException {
    List<String> arguments = new ArrayList<>(machine(accelerator));
    arguments.addAll(List.of(more));
    return daemons.run(List.of("qemu-system-x86_64"), arguments.toArray(String[]::new));
  }

  private static List<String> machine(String accelerator) {
    return List.of(
        "-accel",
        accelerator,
        "-m",
        "64",
        "-nodefaults",
        "-no-reboot",
        "-display",
        "none",
        "-serial",
        "stdio",
        "-boot",
        "n");
  }

  private String report(Running guest) throws IOException, InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(BOOT_SECONDS);
    for (; ; ) {
      String report = reports.poll(200, TimeUnit.MILLISECONDS);
      if (report != null) {
        return report;
      }
      assertThat(System.nanoTime()).as(guest.said()).isLessThan(deadline);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"tcg", "kvm"})
  void ipxeInTheNicsRomTakesALeaseAndLoadsAScriptThroughTheNat(String accelerator)
      throws IOException, InterruptedException {
    // No package and no privilege brings it: a virtual machine without nested virtualisation, as
    // many that run CI are, has none.
    Assumptions.assumeTrue(
        !accelerator.equals("kvm") || Files.isWritable(Path.of("/dev/kvm")),
        "this machine has no /dev/kvm to use");
    // One without hardware virtualisation beneath it emulates firmware, and knows few instructions:
    // it ends after a minute, whatever the guest is attached to.
    Assumptions.assumeTrue(
        !accelerator.equals("kvm")
            || Files.readString(Path.of("/proc/cpuinfo")).matches("(?s).*\\b(vmx|svm)\\b.*"),
        "this machine's KVM cannot run iPXE");
    script(
        "/boot.ipxe",
        "imgfetch " + url("/done?ip=${net0/ip}&router=${net0/gateway}&dns=${net0/dns}"),
        REBOOT);
    Running daemon =
        daemons.daemon(
            configuration("{name: vm, kind: qemu-stream, path: vm.sock}"), DaemonHome.java());
    daemons.await(daemon);

    Running guest =
        qemu(
            accelerator,
            "52:54:00:00:00:0b",
            "server=off,addr.path=" + home.resolve("run/vm.sock"));

    assertThat(report(guest)).isEqualTo("/done?ip=10.78.0.11&router=10.78.0.2&dns=10.78.0.2");
    assertThat(guest.exit()).as(guest.said()).isZero();
    assertThat(daemons.get("/v1/leases").toString()).contains("10.78.0.11");
  }

  @Test
  void aMachineThatSharesItsVirtqueuesOutlivesTheDaemon() throws IOException, InterruptedException {
    script(
        "/boot.ipxe",
        ":again",
        "imgfetch --name tick " + url("/tick?ip=${net0/ip}") + " && imgfree tick ||",
        "sleep 1",
        "goto again");
    String configuration = configuration("{name: vm, kind: vhost-user, path: vm.sock}");
    Running first = daemons.daemon(configuration, DaemonHome.java());
    daemons.await(first);

    Running guest =
        sharing("52:54:00:00:00:0b", "path=" + home.resolve("run/vm.sock") + ",reconnect=1");
    assertThat(report(guest)).isEqualTo("/tick?ip=10.78.0.11");
    assertThat(daemons.get("/v1/leases").toString()).contains("10.78.0.11");

    first.process().destroyForcibly().waitFor();
    reports.clear();
    Running second = daemons.daemon(configuration, DaemonHome.java());
    daemons.await(second);
    assertThat(report(guest)).isEqualTo("/tick?ip=10.78.0.11");
    assertThat(guest.process().isAlive()).isTrue();
  }

  @ParameterizedTest
  @ValueSource(strings = {"dgram", "vde"})
  void ipxeTakesALeaseAlsoByDatagramsAndByVde(String backend)
      throws IOException, InterruptedException {
    script("/boot.ipxe", "imgfetch " + url("/done?ip=${net0/ip}"), REBOOT);
    boolean vde = backend.equals("vde");
    Path own = home.resolve("qemu.sock");
    Running daemon =
        daemons.daemon(
            configuration(
                vde
                    ? "{name: vm, kind: vde, path: vm.vde}"
                    : "{name: vm, kind: qemu-dgram, path: vm.sock, peer: '" + own + "'}"),
            DaemonHome.java());
    daemons.await(daemon);

    Running guest =
        machine(
            "tcg",
            "-netdev",
            vde
                ? "vde,id=net0,sock=" + home.resolve("run/vm.vde")
                : "dgram,id=net0,local.type=unix,local.path="
                    + own
                    + ",remote.type=unix,remote.path="
                    + home.resolve("run/vm.sock"),
            "-device",
            "virtio-net-pci,netdev=net0,mac=52:54:00:00:00:0b");

    assertThat(report(guest)).isEqualTo("/done?ip=10.78.0.11");
    assertThat(guest.exit()).as(guest.said()).isZero();
  }

  @Test
  void twoMachinesMeetAndTheOneThatListensOutlivesTheDaemon()
      throws IOException, InterruptedException {
    script("/boot.ipxe", "chain " + url("/${net0/mac:hexhyp}.ipxe"));
    script(
        "/52-54-00-00-00-0b.ipxe",
        ":again",
        "imgfetch --name tick " + url("/tick?ip=${net0/ip}") + " && imgfree tick ||",
        "sleep 1",
        "goto again");
    script("/52-54-00-00-00-0a.ipxe", "imgfetch http://10.78.0.11/");
    Path listening = home.resolve("b.sock");
    String configuration =
        configuration(
            "{name: a, kind: qemu-stream, path: a.sock},"
                + " {name: b, kind: qemu-stream, connect: 'unix:"
                + listening
                + "'}");
    Running first = daemons.daemon(configuration, DaemonHome.java());
    daemons.await(first);

    Running b = qemu("tcg", "52:54:00:00:00:0b", "server=on,addr.path=" + listening);
    assertThat(report(b)).isEqualTo("/tick?ip=10.78.0.11");
    Path frames = home.resolve("frames.pcapng");
    Thread.ofVirtual().start(() -> capture(frames));
    until(first, () -> Files.exists(frames) && Files.size(frames) > 0);
    Running a =
        qemu("tcg", "52:54:00:00:00:0a", "server=off,addr.path=" + home.resolve("run/a.sock"));
    // iPXE serves nobody, but it resolves and is resolved: B's answer has come to A once A's
    // segment is on its way to B.
    until(a, () -> holds(frames, "52540000000b 52540000000a 0800"));
    assertThat(holds(frames, "52540000000a 52540000000b 0806")).isTrue();

    first.process().destroyForcibly().waitFor();
    reports.clear();
    Running second = daemons.daemon(configuration, DaemonHome.java());
    daemons.await(second);
    assertThat(report(b)).isEqualTo("/tick?ip=10.78.0.11");
    assertThat(b.process().isAlive()).isTrue();
  }

  /** Writes down what passes, until the daemon ends. */
  private void capture(Path file) {
    try (HttpClient.Answer answer =
            new HttpClient(home.resolve("run/api.sock"))
                .send("GET", "/v1/networks/vmnet8/capture");
        OutputStream out = Files.newOutputStream(file)) {
      answer.body().transferTo(out);
    } catch (IOException e) {
      // The daemon was killed.
    }
  }

  /** Whether a file has these bytes somewhere. */
  private static boolean holds(Path file, String hex) throws IOException {
    byte[] bytes = HexFormat.of().parseHex(hex.replace(" ", ""));
    return Files.readString(file, ISO_8859_1).contains(new String(bytes, ISO_8859_1));
  }

  private interface Condition {
    boolean holds() throws IOException;
  }

  private static void until(Running process, Condition condition)
      throws IOException, InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(BOOT_SECONDS);
    while (!condition.holds()) {
      assertThat(process.process().isAlive()).as(process.said()).isTrue();
      assertThat(System.nanoTime()).as(process.said()).isLessThan(deadline);
      TimeUnit.MILLISECONDS.sleep(20);
    }
  }
}
