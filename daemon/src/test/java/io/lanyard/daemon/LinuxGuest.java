package io.lanyard.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.daemon.DaemonHome.Running;
import io.lanyard.image.ImagePull;
import io.lanyard.image.ImageStore;
import io.lanyard.image.PullProgress;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Debian's kernel with a shell of BusyBox, in a QEMU that the test runs itself: what somebody
 * else's VMM is to the daemon. Needs qemu-system-riscv64 (Debian: qemu-system-misc), and Debian's
 * mirror the first time.
 */
final class LinuxGuest {
  /** An emulated machine beside other work takes its time. */
  private static final long LIMIT = TimeUnit.SECONDS.toNanos(120);

  private static final String IMAGE = "debian-13-slim";

  private static final PullProgress SILENT =
      new PullProgress() {
        @Override
        public void step(String name, long total) {}

        @Override
        public void at(long done) {}
      };

  private final Running qemu;
  private final OutputStream keyboard;

  private LinuxGuest(Running qemu) {
    this.qemu = qemu;
    this.keyboard = qemu.process().getOutputStream();
  }

  /** The image, fetched once and kept under target/. */
  static ImageStore.Image image() throws Exception {
    ImageStore store = new ImageStore(Path.of("target", "images").toAbsolutePath());
    return new ImagePull(store, SILENT).pull(IMAGE).image();
  }

  /**
   * Boots a machine with memory that others may map, and waits for its shell.
   *
   * @param more what its NICs are
   */
  static LinuxGuest start(DaemonHome home, String... more) throws Exception {
    ImageStore.Image image = image();
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "-machine",
                "virt,memory-backend=ram",
                "-object",
                "memory-backend-memfd,id=ram,size=256M,share=on",
                "-m",
                "256",
                "-smp",
                "2",
                "-nodefaults",
                "-no-reboot",
                "-display",
                "none",
                "-serial",
                "stdio",
                "-kernel",
                image.file("kernel").orElseThrow().toString(),
                "-initrd",
                image.file("initrd").orElseThrow().toString(),
                "-append",
                image.manifest().commandLine()));
    arguments.addAll(List.of(more));
    LinuxGuest guest =
        new LinuxGuest(home.run(List.of("qemu-system-riscv64"), arguments.toArray(String[]::new)));
    guest.await(Pattern.compile("lanyard: ready"), 0);
    guest.run("stty -echo");
    return guest;
  }

  Running qemu() {
    return qemu;
  }

  /** Runs a command in the guest's shell. Returns what it printed; fails if it failed. */
  String run(String command) throws IOException, InterruptedException {
    int before = qemu.said().length();
    // The shell shows what is typed: only the sum says that the command is over.
    String line = command + "; echo \"<$((40 + 2)):$?>\"\n";
    keyboard.write(line.getBytes(StandardCharsets.US_ASCII));
    keyboard.flush();
    Matcher end = await(Pattern.compile("<42:(\\d+)>"), before);
    String printed = qemu.said().substring(before, end.start());
    assertThat(end.group(1)).as(command + ": " + printed).isEqualTo("0");
    return printed;
  }

  private Matcher await(Pattern wanted, int from) throws IOException, InterruptedException {
    long deadline = System.nanoTime() + LIMIT;
    while (true) {
      Matcher matcher = wanted.matcher(qemu.said());
      if (matcher.find(from)) {
        return matcher;
      }
      assertThat(qemu.process().isAlive()).as(qemu.said()).isTrue();
      assertThat(System.nanoTime()).as(qemu.said()).isLessThan(deadline);
      TimeUnit.MILLISECONDS.sleep(20);
    }
  }
}
