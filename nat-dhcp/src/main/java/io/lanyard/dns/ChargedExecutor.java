package io.lanyard.dns;

import io.netty.channel.EventLoop;
import io.netty.util.concurrent.AbstractEventExecutor;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.OrderedEventExecutor;
import io.netty.util.concurrent.ScheduledFuture;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;

/**
 * A network's loop for a handler whose tasks are charged as its connection's events are: Netty's
 * TLS goes on by such a task after each part of a handshake that another thread has done.
 *
 * <p>Thread: any, as the loop.
 */
final class ChargedExecutor extends AbstractEventExecutor implements OrderedEventExecutor {
  private final EventLoop loop;
  private final ChargedPipeline charged;

  /**
   * Makes one for a connection.
   *
   * @param loop the loop; its owner ends it
   * @param charged runs the tasks
   */
  ChargedExecutor(EventLoop loop, ChargedPipeline charged) {
    this.loop = loop;
    this.charged = charged;
  }

  @Override
  public boolean inEventLoop(Thread thread) {
    return loop.inEventLoop(thread);
  }

  @Override
  public void execute(Runnable task) {
    loop.execute(() -> charged.run(task));
  }

  @Override
  public ScheduledFuture<?> schedule(Runnable task, long delay, TimeUnit unit) {
    return loop.schedule(() -> charged.run(task), delay, unit);
  }

  @Override
  public <V> ScheduledFuture<V> schedule(Callable<V> task, long delay, TimeUnit unit) {
    return loop.schedule(task, delay, unit);
  }

  @Override
  public ScheduledFuture<?> scheduleAtFixedRate(
      Runnable task, long initialDelay, long period, TimeUnit unit) {
    return loop.scheduleAtFixedRate(() -> charged.run(task), initialDelay, period, unit);
  }

  @Override
  public ScheduledFuture<?> scheduleWithFixedDelay(
      Runnable task, long initialDelay, long delay, TimeUnit unit) {
    return loop.scheduleWithFixedDelay(() -> charged.run(task), initialDelay, delay, unit);
  }

  @Override
  public boolean isShuttingDown() {
    return loop.isShuttingDown();
  }

  @Override
  public boolean isShutdown() {
    return loop.isShutdown();
  }

  @Override
  public boolean isTerminated() {
    return loop.isTerminated();
  }

  @Override
  public boolean awaitTermination(long timeout, TimeUnit unit) throws InterruptedException {
    return loop.awaitTermination(timeout, unit);
  }

  @Override
  public Future<?> terminationFuture() {
    return loop.terminationFuture();
  }

  /** Does nothing: the loop is not this connection's. */
  @Override
  public Future<?> shutdownGracefully(long quietPeriod, long timeout, TimeUnit unit) {
    return loop.terminationFuture();
  }

  /** Does nothing: the loop is not this connection's. */
  @Deprecated
  @Override
  public void shutdown() {}
}
