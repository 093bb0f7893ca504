package io.lanyard.machine;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class PanicWatchTest {
  private final PanicWatch watch = new PanicWatch();
  private final List<String> told = new ArrayList<>();

  private void print(String text) {
    for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
      if (watch.print(b)) {
        told.add(watch.found());
      }
    }
  }

  @Test
  void theReasonOfAPanicIsFoundAtTheEndOfItsLine() {
    print("[    1.2] Kernel panic - not syncing: VFS: Unable to mount root fs");
    assertThat(told).isEmpty();
    print(" on unknown-block(0,0)\r\n");
    print("[    1.3] ---[ end Kernel panic - not syncing: VFS: Unable to mount root fs ]---\r\n");
    assertThat(told).containsExactly("VFS: Unable to mount root fs on unknown-block(0,0)");
  }

  @Test
  void aBeginningThatBreaksOffHidesNothing() {
    print("KKernel panic - not Kernel panic - not syncing: Attempted to kill init!\n");
    assertThat(told).containsExactly("Attempted to kill init!");
  }

  @Test
  void aReasonIsShortAndHasNoControlCharacters() {
    print("Kernel panic - not syncing: \033[31m\u00e4" + "x".repeat(10_000) + "\n");
    assertThat(told).hasSize(1);
    assertThat(told.getFirst()).hasSize(160).startsWith("?[31m??xxx");
  }

  @Test
  void aGuestThatGoesOnPrintingHasNotPanicked() {
    print("Kernel panic - not syncing: a log that somebody shows\n");
    print("stack\n".repeat(1000));
    assertThat(told).hasSize(1);
    print("work\n".repeat(10_000));
    assertThat(told).containsExactly("a log that somebody shows", "");
  }

  @Test
  void anotherKernelHasNotPanicked() {
    print("Kernel panic - not syncing: one\n");
    watch.reset();
    assertThat(watch.found()).isEmpty();
    print("Kernel panic - not syncing: two\n");
    assertThat(told).containsExactly("one", "two");
  }
}
