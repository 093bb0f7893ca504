package io.lanyard.base;

import io.lanyard.linux.Libc;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.UUID;

/** The host's clocks. */
enum SystemClock implements Clock {
  INSTANCE;

  private static final Path BOOT_ID = Path.of("/proc/sys/kernel/random/boot_id");

  /** Made when it is first asked for: most processes never do. */
  private static final class Boot {
    static final String ID = read();

    private static String read() {
      try {
        return Files.readString(BOOT_ID).strip();
      } catch (IOException e) {
        return UUID.randomUUID().toString(); // no boot that can be known again
      }
    }
  }

  @Override
  public long nanoTime() {
    return System.nanoTime();
  }

  @Override
  public Instant now() {
    return Instant.now();
  }

  @Override
  public long uptimeNanos() {
    return Libc.bootTime();
  }

  @Override
  public String bootId() {
    return Boot.ID;
  }
}
