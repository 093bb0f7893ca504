package io.lanyard.daemon;

import io.lanyard.base.LogEvent;
import io.netty.channel.IoHandle;
import io.netty.channel.IoHandler;
import io.netty.channel.IoHandlerContext;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.IoRegistration;
import io.netty.util.internal.OutOfDirectMemoryError;
import java.lang.System.Logger.Level;
import java.util.function.IntConsumer;

/**
 * Keeps a network's loop running when an {@link Error} reaches it. Netty's own handler ends the
 * loop, and with it the network.
 *
 * <p>The error is logged, at most once in ten seconds, and the loop goes on with what is ready
 * next: a direct buffer that the allocator refused, a class that does not link, a fault of the
 * daemon's own. A full heap is different. Some other task may have lost half of its work to it, so
 * the process ends and its supervisor starts it anew. The launcher has the JVM do that by itself
 * ({@code -XX:+ExitOnOutOfMemoryError}); this is for a JVM that was started without.
 *
 * <p>Thread: the loop's own, but for {@link #wakeup}.
 */
final class EnduringIo implements IoHandler {
  private static final System.Logger LOG = System.getLogger(EnduringIo.class.getName());
  private static final long QUIET_NANOS = 10_000_000_000L;

  /** The exit code of a JVM that ends itself for this reason. */
  private static final int OUT_OF_MEMORY = 3;

  private final IoHandler handler;
  private final IntConsumer exit;
  private long logged;
  private boolean hasLogged;

  EnduringIo(IoHandler handler, IntConsumer exit) {
    this.handler = handler;
    this.exit = exit;
  }

  /**
   * Wraps the handlers that a factory makes.
   *
   * @param factory makes the handlers that do the work
   * @return a factory for the loop group
   */
  static IoHandlerFactory around(IoHandlerFactory factory) {
    return executor -> new EnduringIo(factory.newHandler(executor), Runtime.getRuntime()::halt);
  }

  @Override
  public int run(IoHandlerContext context) {
    try {
      return handler.run(context);
    } catch (Error e) {
      if (e instanceof OutOfMemoryError && !(e instanceof OutOfDirectMemoryError)) {
        exit.accept(OUT_OF_MEMORY);
        return 1;
      }
      long now = System.nanoTime();
      if (!hasLogged || now - logged > QUIET_NANOS) {
        hasLogged = true;
        logged = now;
        LogEvent.of("loop-error")
            .with("advice", "the network goes on; see the cause")
            .log(LOG, Level.ERROR, e);
      }
      return 1;
    }
  }

  @Override
  public void initialize() {
    handler.initialize();
  }

  @Override
  public void prepareToDestroy() {
    handler.prepareToDestroy();
  }

  @Override
  public void destroy() {
    handler.destroy();
  }

  @Override
  public IoRegistration register(IoHandle handle) throws Exception {
    return handler.register(handle);
  }

  @Override
  public void wakeup() {
    handler.wakeup();
  }

  @Override
  public boolean isCompatible(Class<? extends IoHandle> handleType) {
    return handler.isCompatible(handleType);
  }
}
