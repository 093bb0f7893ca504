package io.lanyard.machine;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * The notes for a person about a guest that runs.
 *
 * <p>Thread: any. The listener is called with the monitor held, and must not block.
 */
final class Notes {
  private final Consumer<String> listener;
  private String panic = "";
  private String restarts = "";
  private String memory = "";
  private String told = "";

  Notes(Consumer<String> listener) {
    this.listener = listener;
  }

  /** Notes the kernel's last words, or none. */
  synchronized void panic(String text) {
    panic = text;
    tell();
  }

  /** Why the guest waits before it starts again, or nothing. */
  synchronized void restarts(String text) {
    restarts = text;
    tell();
  }

  /** Why the guest may have too little memory, or nothing. */
  synchronized void memory(String text) {
    memory = text;
    tell();
  }

  /** Takes everything back. */
  synchronized void clear() {
    panic = "";
    restarts = "";
    memory = "";
    tell();
  }

  private void tell() {
    List<String> all = new ArrayList<>(List.of(panic, restarts, memory));
    all.removeIf(String::isEmpty);
    String now = String.join("; ", all);
    if (!now.equals(told)) {
      told = now;
      listener.accept(now);
    }
  }
}
