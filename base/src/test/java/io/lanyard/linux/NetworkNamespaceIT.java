package io.lanyard.linux;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
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
    assertThat(process.waitFor(10, TimeUnit.SECONDS)).isTrue();
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
          return born.get(10, TimeUnit.SECONDS);
        });
    assertThat(born.get()).isEqualTo(NetworkNamespace.identity(NAMESPACE));
    assertThat(asked.get(10, TimeUnit.SECONDS)).isEqualTo(here());
  }

  @Test
  void aTaskWithinATaskStaysWhereThatIs() throws Exception {
    assertThat(
            NetworkNamespace.run(
                NAMESPACE, () -> NetworkNamespace.run(null, NetworkNamespaceIT::here)))
        .isEqualTo(NetworkNamespace.identity(NAMESPACE));
  }
}
