package io.lanyard.vswitch;

import io.netty.channel.IoEvent;
import io.netty.channel.IoHandle;
import io.netty.channel.IoHandler;
import io.netty.channel.IoHandlerContext;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.IoRegistration;
import io.netty.channel.epoll.EpollIoHandle;
import io.netty.channel.unix.FileDescriptor;
import java.util.ArrayDeque;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * Runs tasks of a loop after each batch of events, one batch a time, and keeps the loop running
 * whatever is thrown ({@link LoopFaults}): Netty's own handler ends the loop at an {@link Error}.
 *
 * <p>A task that the loop's own {@code execute} takes cannot do that: Netty runs tasks until there
 * are none, for up to a second, and a task that calls for itself again keeps the loop from its
 * events for so long. Here a task that was added by another waits for the next batch, and a loop
 * with tasks does not sleep. Nothing is allocated for a task.
 *
 * <p>A descriptor that is registered within a batch hears nothing of that batch: its number may
 * have been that of a channel which has closed in it, and what is left for that number is the
 * former one's. Netty closes its channels at once, when another one's event has them closed; a
 * successor would take the event for its own, and be "connected". What is ready is told with the
 * next batch.
 *
 * <p>Thread: {@link #execute} the loop only, once it runs.
 */
public final class AfterBatch implements Executor {
  private final LoopFaults faults;
  private final ArrayDeque<Runnable> tasks = new ArrayDeque<>();

  /**
   * Makes an executor for one loop; its I/O handler is made by {@link #around}.
   *
   * @param faults hears what the loop's events and these tasks throw
   */
  public AfterBatch(LoopFaults faults) {
    this.faults = faults;
  }

  @Override
  public void execute(Runnable task) {
    tasks.add(task);
  }

  /**
   * Wraps the handler of the one loop whose tasks these are.
   *
   * @param factory makes the handler that does the I/O
   * @return a factory for a group of one loop
   */
  public IoHandlerFactory around(IoHandlerFactory factory) {
    return executor -> new Handler(factory.newHandler(executor));
  }

  private void runTasks() {
    for (int n = tasks.size(); n > 0; n--) {
      try {
        tasks.remove().run();
      } catch (RuntimeException | Error e) {
        faults.caught(e);
      }
    }
  }

  private final class Handler implements IoHandler {
    private final IoHandler handler;
    private @Nullable Context context;

    /** Counts the batches. */
    private long batch;

    /** Whether events of a batch are being handled. */
    private boolean handling;

    Handler(IoHandler handler) {
      this.handler = handler;
    }

    @Override
    public int run(IoHandlerContext loop) {
      Context present = context;
      if (present == null) {
        present = new Context(loop);
        context = present;
      }
      int handled = 1;
      batch++;
      handling = true;
      try {
        handled = handler.run(present);
      } catch (RuntimeException | Error e) {
        faults.caught(e);
      } finally {
        handling = false;
      }
      runTasks();
      return handled;
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
      return handler.register(
          handling && handle instanceof EpollIoHandle epoll
              ? new Newcomer(epoll, this, batch)
              : handle);
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

  /**
   * A descriptor that was registered within a batch, deaf until that is over.
   *
   * @param born the batch
   */
  @SuppressWarnings("try") // Netty's interface throws what it likes
  private record Newcomer(EpollIoHandle handle, Handler loop, long born) implements EpollIoHandle {
    @Override
    public FileDescriptor fd() {
      return handle.fd();
    }

    @Override
    public void handle(IoRegistration from, IoEvent event) {
      if (loop.batch != born) {
        handle.handle(from, event);
      }
    }

    @Override
    public void registered() {
      handle.registered();
    }

    @Override
    public void unregistered() {
      handle.unregistered();
    }

    @Override
    public void close() throws Exception {
      handle.close();
    }
  }

  /** The loop as the handler sees it: it may not sleep while tasks wait. */
  private final class Context implements IoHandlerContext {
    private final IoHandlerContext loop;

    Context(IoHandlerContext loop) {
      this.loop = loop;
    }

    @Override
    public boolean canBlock() {
      return tasks.isEmpty() && loop.canBlock();
    }

    @Override
    public long delayNanos(long currentTimeNanos) {
      return tasks.isEmpty() ? loop.delayNanos(currentTimeNanos) : 0;
    }

    @Override
    public long deadlineNanos() {
      return loop.deadlineNanos();
    }

    @Override
    public void reportActiveIoTime(long activeNanos) {
      loop.reportActiveIoTime(activeNanos);
    }

    @Override
    public boolean shouldReportActiveIoTime() {
      return loop.shouldReportActiveIoTime();
    }
  }
}
