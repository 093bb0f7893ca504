package io.lanyard.daemon;

import io.netty.channel.IoHandle;
import io.netty.channel.IoHandler;
import io.netty.channel.IoHandlerContext;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.IoRegistration;
import java.lang.System.Logger.Level;

/**
 * What keeps a network's loop running whatever happens in it. Netty's own handler ends the loop,
 * and with it the network, when an {@link Error} reaches it: memory that runs out for one frame.
 *
 * <p>Such an error is logged, at most once in ten seconds, and the loop goes on with what is ready
 * next. Our own parts deal with a lack of memory themselves, where they know what it costs; this is
 * for what they did not think of.
 *
 * <p>Thread: the loop's own, but for {@link #wakeup}.
 */
final class EnduringIo implements IoHandler {
  private static final System.Logger LOG = System.getLogger(EnduringIo.class.getName());
  private static final long QUIET_NANOS = 10_000_000_000L;

  private final IoHandler handler;
  private long logged;
  private boolean hasLogged;

  private EnduringIo(IoHandler handler) {
    this.handler = handler;
  }

  /**
   * Wraps the handlers that a factory makes.
   *
   * @param factory makes the handlers that do the work
   * @return a factory for the loop group
   */
  static IoHandlerFactory around(IoHandlerFactory factory) {
    return executor -> new EnduringIo(factory.newHandler(executor));
  }

  @Override
  public int run(IoHandlerContext context) {
    try {
      return handler.run(context);
    } catch (Error e) {
      long now = System.nanoTime();
      if (!hasLogged || now - logged > QUIET_NANOS) {
        hasLogged = true;
        logged = now;
        LOG.log(Level.ERROR, "event=loop-error advice=\"the network goes on; see the cause\"", e);
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
