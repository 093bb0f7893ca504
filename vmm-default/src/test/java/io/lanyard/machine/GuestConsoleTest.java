package io.lanyard.machine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lanyard.vmm.Console;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class GuestConsoleTest {
  /** The bytes that a listener is shown, one by one. */
  private static final class Screen implements Console.Output {
    private final LinkedBlockingQueue<Byte> shown = new LinkedBlockingQueue<>();

    @Override
    public void accept(ByteBuffer bytes) {
      while (bytes.hasRemaining()) {
        shown.add(bytes.get());
      }
    }

    String next(int bytes) throws InterruptedException {
      StringBuilder text = new StringBuilder();
      for (int i = 0; i < bytes; i++) {
        Byte b = shown.poll(60, TimeUnit.SECONDS);
        if (b == null) {
          break;
        }
        text.append((char) b.byteValue());
      }
      return text.toString();
    }
  }

  private static void print(GuestConsole console, String text) {
    console.print(ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII)));
  }

  @Test
  void whatIsPrintedWhileSomebodyAttachesReachesEverybody() throws InterruptedException {
    try (GuestConsole console = new GuestConsole("test", false)) {
      Screen first = new Screen();
      console.attach(first);
      print(console, "before ");
      assertThat(first.next(7)).isEqualTo("before ");
      Screen second = new Screen();
      console.attach(bytes -> {
        if (second.shown.isEmpty()) {
          print(console, "meanwhile");
        }
        second.accept(bytes);
      });
      assertThat(first.next(9)).isEqualTo("meanwhile");
      assertThat(second.next(16)).isEqualTo("before meanwhile");
    }
  }

  @Test
  void aDeviceThatComesIsToldTheLastSize() {
    List<String> told = new ArrayList<>();
    try (GuestConsole console = new GuestConsole("test", true)) {
      console.resize(80, 24);
      console.screen((columns, rows) -> told.add(columns + "x" + rows));
      console.resize(132, 50);
      console.screen(null);
      console.resize(100, 30);
      assertThat(told).containsExactly("80x24", "132x50");
      assertThatThrownBy(() -> console.resize(0, 24)).isInstanceOf(IllegalArgumentException.class);
      assertThatThrownBy(() -> console.resize(80, 1 << 16))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void aSerialPortHasNoSize() {
    try (GuestConsole console = new GuestConsole("test", false)) {
      assertThatThrownBy(() -> console.resize(80, 24))
          .isInstanceOf(UnsupportedOperationException.class);
    }
  }
}
