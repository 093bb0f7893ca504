package io.lanyard.daemon.network;

import io.lanyard.base.Clock;
import io.lanyard.base.RunningTimeout;
import io.lanyard.vswitch.AfterBatch;
import io.lanyard.vswitch.LoopFaults;
import io.netty.channel.EventLoop;
import io.netty.channel.IoEventLoop;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.Future;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * A network's one event loop, and the way for others to have something done on it.
 *
 * <p>Thread: any, except the loop itself for {@link #call}.
 */
final class NetworkLoop implements AutoCloseable {
  /** A loop that does not answer for so long hangs; a healthy one answers in microseconds. */
  private static final int CALL_SECONDS = 5;

  /**
   * A JVM that has just begun loads a gateway's classes on the loop, which takes seconds on a host
   * that is busy. What was made too late would belong to nobody.
   */
  private static final int MAKE_SECONDS = 60;

  private static final int STOP_SECONDS = 2;

  private final String network;
  private final MultiThreadIoEventLoopGroup group;
  private final IoEventLoop loop;
  private final LoopFaults faults;
  private final AfterBatch afterBatch;

  NetworkLoop(String network) {
    this.network = network;
    this.faults = new LoopFaults(network, Clock.system());
    this.afterBatch = new AfterBatch(faults);
    this.group =
        new MultiThreadIoEventLoopGroup(
            1,
            new DefaultThreadFactory("network-" + network, true),
            afterBatch.around(EpollIoHandler.newFactory()));
    this.loop = group.next();
  }

  IoEventLoop loop() {
    return loop;
  }

  /** Runs tasks of the loop between two batches of events. */
  Executor afterBatch() {
    return afterBatch;
  }

  EventLoop eventLoop() {
    return loop;
  }

  /** The faults of this loop, counted. */
  LoopFaults faults() {
    return faults;
  }

  /**
   * Does something on the loop and waits for it. An interrupt does not end the waiting: the task
   * would still run, and what it made would belong to nobody.
   *
   * @throws NetworkGoneException if the loop has ended
   * @throws NetworkSilentException if the loop has not done it in {@value #CALL_SECONDS} s; it may
   *     do it later
   */
  <T> T call(Callable<T> task) {
    return call(task, CALL_SECONDS);
  }

  /** The same for a task that makes a part of the network, and may take long the first time. */
  <T> T make(Callable<T> task) {
    return call(task, MAKE_SECONDS);
  }

  private <T> T call(Callable<T> task, int seconds) {
    if (loop.inEventLoop()) {
      throw new IllegalStateException("the loop of " + network + " cannot wait for itself");
    }
    Future<T> done;
    try {
      done = loop.submit(task);
    } catch (RejectedExecutionException e) {
      throw new NetworkGoneException(network, e);
    }
    RunningTimeout timeout = new RunningTimeout(Duration.ofSeconds(seconds));
    if (!timeout.await(nanos -> done.awaitUninterruptibly(nanos, TimeUnit.NANOSECONDS))) {
      throw new NetworkSilentException(network);
    }
    Throwable cause = done.cause();
    if (cause instanceof RuntimeException failure) {
      throw failure;
    }
    if (cause != null) {
      throw new IllegalStateException(
          "a task on the loop of " + network + " failed: " + cause, cause);
    }
    return done.getNow();
  }

  /**
   * Begins something on the loop and waits for its end.
   *
   * @throws NetworkGoneException if the loop has ended
   */
  <T> T await(Callable<CompletionStage<T>> task) {
    CompletableFuture<T> end = call(task).toCompletableFuture();
    try {
      return end.get(CALL_SECONDS, TimeUnit.SECONDS);
    } catch (TimeoutException e) {
      NetworkSilentException silent = new NetworkSilentException(network);
      silent.initCause(e);
      throw silent;
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RuntimeException failure) {
        throw failure;
      }
      throw new IllegalStateException(
          "a task on the loop of " + network + " failed: " + e.getCause(), e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    }
  }

  /** Has something done on the loop, some time; not at all if the loop has ended. */
  void post(Runnable task) {
    try {
      loop.execute(task);
    } catch (RejectedExecutionException e) {
      // The network is closed, and what was to be done with it.
    }
  }

  /**
   * Does something on the loop, when it comes to it.
   *
   * @throws NetworkGoneException if the loop has ended
   */
  <T> Future<T> submit(Callable<T> task) {
    try {
      return loop.submit(task);
    } catch (RejectedExecutionException e) {
      throw new NetworkGoneException(network, e);
    }
  }

  @Override
  public void close() {
    Future<?> end = group.shutdownGracefully(0, STOP_SECONDS, TimeUnit.SECONDS);
    boolean _ =
        new RunningTimeout(Duration.ofSeconds(STOP_SECONDS))
            .await(nanos -> end.awaitUninterruptibly(nanos, TimeUnit.NANOSECONDS));
  }
}
