package io.lanyard.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.testing.FreePorts;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The lines for QEMU, pasted to a real one. Needs qemu-system-x86_64 and its ROMs. */
class AttachmentIT {
  @TempDir Path home;

  /** Starts a QEMU, whose guest does not run, with the lines of a port. */
  private void qemuTakes(Map<String, String> settings) throws Exception {
    String lines =
        new Attachment(
                settings.getOrDefault("kind", ""),
                "52:54:00:00:00:10",
                settings,
                home,
                QemuRelease.installed())
            .lines(Attachment.Vmm.QEMU);
    Path started = home.resolve("pid");
    Path said = home.resolve("said");
    Process qemu =
        new ProcessBuilder(
                "sh",
                "-c",
                "exec qemu-system-x86_64 -machine q35 -accel tcg -nodefaults -display none -S"
                    + " -pidfile "
                    + started
                    + " "
                    + lines)
            .redirectErrorStream(true)
            .redirectOutput(said.toFile())
            .start();
    try {
      long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
      while (!Files.exists(started)) {
        assertThat(qemu.isAlive()).as("%s: %s", lines, Files.readString(said)).isTrue();
        assertThat(System.nanoTime() - deadline).as("60 s for: %s", lines).isNegative();
        Thread.sleep(10);
      }
    } finally {
      qemu.destroyForcibly().waitFor();
      Files.deleteIfExists(started);
    }
  }

  @Test
  void qemuTakesTheLinesOfItsKindsOfPorts() throws Exception {
    try (ServerSocketChannel port = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      port.bind(UnixDomainSocketAddress.of(home.resolve("vm.sock")));
      qemuTakes(Map.of("kind", "qemu-stream", "path", "vm.sock"));
    }
    qemuTakes(Map.of("kind", "qemu-stream", "connect", "unix:q.sock"));
    qemuTakes(Map.of("kind", "qemu-stream", "connect", "unix:it's a, b.sock"));
    qemuTakes(
        Map.of("kind", "qemu-dgram", "path", "d.sock", "peer", home.resolve("peer").toString()));
    qemuTakes(
        Map.of(
            "kind",
            "udp",
            "local",
            "127.0.0.1:" + FreePorts.one(),
            "remote",
            "127.0.0.1:" + FreePorts.one()));
  }
}
