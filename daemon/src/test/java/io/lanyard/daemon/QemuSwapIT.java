package io.lanyard.daemon;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import io.lanyard.control.client.HttpClient;
import io.lanyard.daemon.DaemonHome.Running;
import io.lanyard.testing.Await;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Debian's kernel in a guest of {@code vmm: qemu} whose NICs and disks change while it runs: it
 * tells a server on the host's loopback which it has. Needs qemu-system-x86, cpio, and Debian's
 * mirror the first time.
 */
@Timeout(400)
final class QemuSwapIT {
  /** In the order of their needs. */
  private static final String MODULES =
      "failover net_failover virtio_ring virtio virtio_pci_modern_dev virtio_pci_legacy_dev"
          + " virtio_pci virtio_blk virtio_net";

  @TempDir Path home;
  private HttpServer web;
  private DaemonHome daemons;

  /** The guest's last word about its parts. */
  private volatile String seen = "";

  @BeforeEach
  void serve() throws IOException {
    daemons = new DaemonHome(home);
    web = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    web.createContext(
        "/",
        exchange -> {
          seen = exchange.getRequestURI().getQuery();
          exchange.sendResponseHeaders(200, -1);
          exchange.close();
        });
    web.start();
  }

  @AfterEach
  void end() throws IOException, InterruptedException {
    web.stop(0);
    Path pid = home.resolve("run/vmm-qemu/swap/pid");
    if (Files.exists(pid)) {
      ProcessHandle.of(Long.parseLong(Files.readString(pid).strip()))
          .ifPresent(ProcessHandle::destroyForcibly);
    }
    daemons.close();
  }

  /** Debian's kernel, and a RAM disk of BusyBox whose init is a script. Fetched once and kept. */
  private void unpack() throws IOException, InterruptedException {
    Path packages = Files.createDirectories(Path.of("target", "amd64").toAbsolutePath());
    Path root = Files.createDirectories(home.resolve("disk"));
    Files.writeString(
        root.resolve("init"),
        """
        #!/bin/busybox sh
        /bin/busybox --install -s /bin
        mkdir -p /proc /sys /tmp
        mount -t proc proc /proc
        mount -t sysfs sysfs /sys
        for module in %s; do
          insmod /modules/$module.ko
        done
        while sleep 1; do
          for nic in /sys/class/net/eth*; do
            nic=${nic##*/}
            ip addr show dev $nic | grep -q 'inet ' || {
              ip link set $nic up
              udhcpc -n -q -t 2 -s /lease -i $nic
            }
          done
          nics=$(cat /sys/class/net/eth*/address | tr '\\n' ',')
          disks=$(for disk in /sys/block/vd*; do echo -n "$(cat $disk/size),"; done)
          wget -q -O /dev/null "http://10.78.0.1:%d/?nics=$nics&disks=$disks"
        done
        """
            .formatted(MODULES, web.getAddress().getPort()));
    Files.writeString(
        root.resolve("lease"),
        """
        #!/bin/sh
        [ "$1" = bound ] && ip addr add $ip/$mask dev $interface
        """);
    run(
        """
        mkdir -p bin modules
        chmod +x init lease
        set -- %1$s/linux-image-*.deb
        [ -e "$1" ] || (
          cd %1$s
          kernel=$(apt-cache depends linux-image-cloud-amd64 | sed -n 's/.*Depends: //p' | head -n 1)
          apt-get -q download "$kernel" busybox-static
        )
        dpkg -x %1$s/linux-image-*.deb ../unpacked
        dpkg -x %1$s/busybox-static*.deb ../unpacked
        cp ../unpacked/boot/vmlinuz-* ../kernel
        cp ../unpacked/bin/busybox bin/busybox
        for module in %2$s; do
          find ../unpacked -name $module.ko -exec cp {} modules/ ';'
        done
        find . | cpio -o -H newc --quiet -R 0:0 >../initrd
        """
            .formatted(packages, MODULES),
        root);
  }

  private static void run(String script, Path directory) throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder("sh", "-e", "-c", script)
            .directory(directory.toFile())
            .redirectErrorStream(true)
            .start();
    String said = new String(process.getInputStream().readAllBytes(), UTF_8);
    assertThat(process.waitFor()).as(said).isZero();
  }

  private String disk(String name, int sectors) throws IOException {
    Path file = home.resolve(name);
    try (RandomAccessFile made = new RandomAccessFile(file.toFile(), "rw")) {
      made.setLength(sectors * 512L);
    }
    return "{path: " + file + ", format: raw}";
  }

  private static String nic(String network, int number) {
    return "{network: %s, mac: \"52:54:00:00:00:%d\"}".formatted(network, number);
  }

  private void apply(String configuration) throws IOException {
    try (HttpClient.Answer answer =
        new HttpClient(home.resolve("run/api.sock"))
            .send("PUT", "/v1/config?yes=true", Map.of(), configuration.getBytes(UTF_8))) {
      assertThat(answer.status()).as(new String(answer.bytes(), UTF_8)).isEqualTo(200);
    }
  }

  private void awaitSeen(Running daemon, String wanted) throws IOException, InterruptedException {
    Await.until(
        () -> "%s is not seen, but %s: %s".formatted(wanted, seen, daemon.said()),
        () -> seen.equals(wanted));
  }

  @Test
  void aGuestGoesOnWhileWhatItHadAtItsStartIsReplacedAndRemoved() throws Exception {
    unpack();
    String head =
        """
        version: 1
        networks:
          vmnet8: {mode: nat, ipv4: {subnet: 10.78.0.0/24}, nat: {host-loopback: true}}
          other: {mode: nat, ipv4: {subnet: 10.79.0.0/24}}
        guests:
          swap:
            vmm: qemu
            architecture: x86_64
            memory: 256M
            stop-timeout: 0s
            kernel: %s
            initrd: %s
            command-line: "console=ttyS0"
            options: {accel: tcg}
        """
            .formatted(home.resolve("kernel"), home.resolve("initrd"));
    String parts = "    nics: [%s, %s]\n    disks: [%s, %s]\n";
    String root = disk("root", 2048);
    Running daemon =
        daemons.daemon(
            head + parts.formatted(nic("vmnet8", 11), nic("other", 12), root, disk("old", 4096)),
            DaemonHome.java());
    daemons.await(daemon);
    awaitSeen(daemon, "nics=52:54:00:00:00:11,52:54:00:00:00:12,&disks=2048,4096,");
    String pid = Files.readString(home.resolve("run/vmm-qemu/swap/pid"));

    apply(head + parts.formatted(nic("vmnet8", 11), nic("other", 12), root, disk("new", 8192)));
    awaitSeen(daemon, "nics=52:54:00:00:00:11,52:54:00:00:00:12,&disks=2048,8192,");

    apply(head + parts.formatted(nic("vmnet8", 13), nic("other", 12), root, disk("new", 8192)));
    awaitSeen(daemon, "nics=52:54:00:00:00:13,52:54:00:00:00:12,&disks=2048,8192,");

    apply(head + "    nics: [%s]\n    disks: [%s]\n".formatted(nic("vmnet8", 13), root));
    awaitSeen(daemon, "nics=52:54:00:00:00:13,&disks=2048,");
    assertThat(home.resolve("run/vmm-qemu/swap/pid")).hasContent(pid);
  }
}
