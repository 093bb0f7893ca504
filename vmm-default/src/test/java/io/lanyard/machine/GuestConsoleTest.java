package io.lanyard.machine;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.vmm.Console;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
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
        Byte b = shown.poll(10, TimeUnit.SECONDS);
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
    try (GuestConsole console = new GuestConsole("test")) {
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
}
