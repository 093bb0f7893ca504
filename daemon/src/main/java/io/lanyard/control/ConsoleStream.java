package io.lanyard.control;

import io.lanyard.vmm.Console;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A guest's console for one viewer: output is queued, because the guest's thread must not wait for
 * a viewer, and input is offered until the guest takes it.
 */
public final class ConsoleStream {
  /** A viewer that is further behind than this loses output, and is told so. */
  private static final int MAX_HELD = 1 << 20;

  /** After the end of a script's input, a guest that prints nothing for so long has answered it. */
  private static final int QUIET_MILLIS = 1000;

  /** And one that prints without end is left. */
  private static final int LINGER_SECONDS = 10;

  private static final byte[] LOST =
      "\r\n[lanyard: output lost]\r\n".getBytes(java.nio.charset.StandardCharsets.US_ASCII);

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition arrived = lock.newCondition();
  private final ArrayDeque<byte[]> queue = new ArrayDeque<>();
  private int held;
  private boolean lost;
  private boolean ended;
  private long endedAt;

  /** Makes a stream for one viewer. */
  public ConsoleStream() {}

  /**
   * Connects a viewer with a console until the viewer's output breaks, or its input has ended and
   * the guest has nothing more to say to it.
   *
   * @param console the guest's console
   * @param in what the viewer types
   * @param out what the viewer sees: first what the console still has of earlier output
   * @throws IOException if the viewer has gone
   * @throws InterruptedException if the thread is interrupted
   */
  public void run(Console console, InputStream in, OutputStream out)
      throws IOException, InterruptedException {
    Console.Attachment attachment = console.attach(this::accept);
    Thread typing = Thread.ofVirtual().name("console-in").start(() -> type(console, in));
    try {
      pass(out);
    } finally {
      typing.interrupt();
      attachment.close();
    }
  }

  private void accept(ByteBuffer bytes) {
    byte[] copy = new byte[bytes.remaining()];
    bytes.get(copy);
    lock.lock();
    try {
      if (held + copy.length > MAX_HELD) {
        lost = true;
        return;
      }
      queue.add(copy);
      held += copy.length;
      arrived.signal();
    } finally {
      lock.unlock();
    }
  }

  private void pass(OutputStream out) throws IOException, InterruptedException {
    while (true) {
      byte[] next;
      lock.lockInterruptibly();
      try {
        while (queue.isEmpty() && !ended) {
          arrived.await();
        }
        if (!awaitMore()) {
          return;
        }
        next = queue.removeFirst();
        held -= next.length;
        if (lost && queue.isEmpty()) {
          lost = false;
          queue.add(LOST);
          held += LOST.length;
        }
      } finally {
        lock.unlock();
      }
      out.write(next);
      out.flush();
    }
  }

  /** Under the lock: whether there is something to pass on, be it after the input's end. */
  private boolean awaitMore() throws InterruptedException {
    if (!ended) {
      return true;
    }
    long now = System.nanoTime();
    if (endedAt == 0) {
      endedAt = now;
    }
    long left = TimeUnit.SECONDS.toNanos(LINGER_SECONDS) - (now - endedAt);
    long quiet = Math.min(left, TimeUnit.MILLISECONDS.toNanos(QUIET_MILLIS));
    while (queue.isEmpty() && quiet > 0) {
      quiet = arrived.awaitNanos(quiet);
    }
    return !queue.isEmpty() && left > 0;
  }

  private void type(Console console, InputStream in) {
    byte[] keys = new byte[4096];
    try {
      int count;
      while ((count = in.read(keys)) >= 0) {
        ByteBuffer left = ByteBuffer.wrap(keys, 0, count);
        while (left.hasRemaining()) {
          int before = left.remaining();
          console.write(left);
          if (left.remaining() == before) {
            // The guest does not read: its serial port holds 16 bytes.
            TimeUnit.MILLISECONDS.sleep(5);
          }
        }
      }
    } catch (IOException | InterruptedException | IllegalStateException e) {
      // The viewer has gone, or the guest has: either way nobody types any more.
    }
    lock.lock();
    try {
      ended = true;
      arrived.signal();
    } finally {
      lock.unlock();
    }
  }
}
