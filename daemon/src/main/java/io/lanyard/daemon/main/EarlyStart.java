package io.lanyard.daemon.main;

import io.lanyard.control.api.DaemonStatus;
import io.lanyard.control.http.Json;
import io.lanyard.linux.OpenFiles;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.epoll.Epoll;
import java.security.SecureRandom;
import java.util.List;
import java.util.TimeZone;

/**
 * Makes what every daemon needs and what is slow to make the first time, on threads of its own,
 * while the main thread reads the command line and the configuration: Netty's native part, the
 * buffers, the binding of system calls, random numbers, the log's time zone, the API's pipeline and
 * records.
 */
final class EarlyStart {
  private EarlyStart() {}

  /** Begins. A thread that needs a thing too early waits for its class, as always. */
  static void begin() {
    start("early-native", EarlyStart::nativeParts);
    start("early-calls", OpenFiles::limit);
    start("early-classes", EarlyStart::classes);
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

  /** In the order in which the main thread needs them. */
  private static void classes() {
    long _ = new SecureRandom().nextLong();
    TimeZone _ = TimeZone.getDefault();
    // Netty reads this of each handler that it adds; the JVM makes proxies for the annotation.
    boolean _ = ChannelInitializer.class.isAnnotationPresent(ChannelHandler.Sharable.class);
    DaemonStatus nothing =
        new DaemonStatus(
            "", 0, 0, false, 0, "", "", "", 0, List.of(), 0, 0, List.of(), List.of(), List.of());
    var _ = Json.response(nothing);
  }
}
