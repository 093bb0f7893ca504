package io.lanyard.daemon.main;

import io.lanyard.control.api.DaemonStatus;
import io.lanyard.control.http.Json;
import io.lanyard.linux.OpenFiles;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.epoll.Epoll;
import java.util.List;

/**
 * Makes what every daemon needs and what is slow to make the first time, on a thread of its own,
 * while the main thread reads the command line and the configuration: Netty's native part, the
 * buffers, the binding of system calls, the API's records.
 */
final class EarlyStart {
  private EarlyStart() {}

  /** Begins. A thread that needs a thing too early waits for its class, as always. */
  static void begin() {
    start("early-native", EarlyStart::nativeParts);
    start("early-calls", OpenFiles::limit);
    start("early-json", EarlyStart::json);
  }

  private static void start(String name, Runnable task) {
    // What fails here fails again where it is needed, and is told there.
    Thread thread = Thread.ofPlatform().daemon().name(name).unstarted(task);
    thread.setUncaughtExceptionHandler((failed, exception) -> {});
    thread.start();
  }

  private static void nativeParts() {
    Epoll.ensureAvailability();
    PooledByteBufAllocator.DEFAULT.directBuffer(16).release();
  }

  private static void json() {
    DaemonStatus nothing = new DaemonStatus("", 0, 0, false, 0, "", "", "", 0, 0, 0, List.of());
    var _ = Json.response(nothing);
  }
}
