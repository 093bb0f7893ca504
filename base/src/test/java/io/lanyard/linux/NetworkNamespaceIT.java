package io.lanyard.linux;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Needs root, and iproute2. */
class NetworkNamespaceIT {
  private static final String NAMESPACE = "lynn" + ProcessHandle.current().pid();

  private static void ip(String... words) throws Exception {
    String[] command = new String[words.length + 1];
    command[0] = "ip";
    System.arraycopy(words, 0, command, 1, words.length);
    Process process = new ProcessBuilder(command).inheritIO().start();
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).isZero();
  }

  @BeforeEach
  void make() throws Exception {
    ip("netns", "add", NAMESPACE);
  }

  @AfterEach
  void delete() throws Exception {
    ip("netns", "del", NAMESPACE);
  }

  private static NetworkNamespace.Identity here() throws IOException {
    NetworkNamespace.Identity here = NetworkNamespace.identity(null);
    if (here == null) {
      throw new IOException("/proc is not there");
    }
    return here;
  }

  @Test
  void aTaskRunsInTheNamespace() throws Exception {
    assertThat(NetworkNamespace.run(NAMESPACE, NetworkNamespaceIT::here))
        .isEqualTo(NetworkNamespace.identity(NAMESPACE))
        .isNotEqualTo(here());
  }

  /** Such a thread may be a carrier of virtual threads, which the kernel has born there. */
  @Test
  void aTaskForTheDaemonsOwnRunsThereWhereverTheThreadThatAsksWasBorn() throws Exception {
    FutureTask<NetworkNamespace.Identity> asked =
        new FutureTask<>(() -> NetworkNamespace.run(null, NetworkNamespaceIT::here));
    FutureTask<NetworkNamespace.Identity> born = new FutureTask<>(NetworkNamespaceIT::here);
    NetworkNamespace.run(
        NAMESPACE,
        () -> {
          Thread.ofPlatform()
              .start(() -> {
                born.run();
                asked.run();
              });
          return born.get(60, TimeUnit.SECONDS);
        });
    assertThat(born.get()).isEqualTo(NetworkNamespace.identity(NAMESPACE));
    assertThat(asked.get(60, TimeUnit.SECONDS)).isEqualTo(here());
  }

  @Test
  void aTaskWithinATaskStaysWhereThatIs() throws Exception {
    assertThat(
            NetworkNamespace.run(
                NAMESPACE, () -> NetworkNamespace.run(null, NetworkNamespaceIT::here)))
        .isEqualTo(NetworkNamespace.identity(NAMESPACE));
  }

  /**
   * A JVM within a user namespace: it may enter what is made there, and not the host's own again.
   */
  static final class WithinUserNamespace {
    private WithinUserNamespace() {}

    /** Prints what a task in a namespace has seen. */
    public static void main(String[] arguments) throws Exception {
      Process other = new ProcessBuilder("unshare", "--net", "cat").start(); // it waits for input
      String path = "/proc/" + other.pid() + "/ns/net";
      try {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (here().equals(NetworkNamespace.identity(path))) {
          if (System.nanoTime() > deadline) {
            throw new IllegalStateException("no namespace was made in 10 s");
          }
          Thread.onSpinWait();
        }
        String home = "/proc/" + ProcessHandle.current().pid() + "/ns/net";
        boolean mayReturn =
            new ProcessBuilder("nsenter", "--net=" + home, "true").start().waitFor() == 0;
        NetworkNamespace.Identity seen = NetworkNamespace.run(path, NetworkNamespaceIT::here);
        System.out.printf(
            "may return: %s, was there: %s, is back: %s%n",
            mayReturn,
            seen.equals(NetworkNamespace.identity(path)),
            !here().equals(seen)
                && here().equals(NetworkNamespace.run(null, NetworkNamespaceIT::here)));
      } finally {
        other.destroyForcibly();
      }
    }
  }

  @Test
  void whatATaskMadeIsKeptWhereItsThreadMayNotReturn() throws Exception {
    Process process =
        new ProcessBuilder(
                "unshare",
                "--user",
                "--map-root-user",
                System.getProperty("java.home") + "/bin/java",
                "--enable-native-access=ALL-UNNAMED",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                WithinUserNamespace.class.getName())
            .redirectErrorStream(true)
            .start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(said).contains("may return: false, was there: true, is back: true");
  }
}
