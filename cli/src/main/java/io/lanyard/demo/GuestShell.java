package io.lanyard.demo;

import io.lanyard.control.client.ByteStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The shell on a guest's console, driven by typing.
 *
 * <p>A command is followed by one that prints a mark with its exit status. The mark is typed in two
 * halves, so that the echo of what is typed is not taken for the answer.
 */
final class GuestShell implements AutoCloseable {
  /** More than a command prints; what is older is forgotten. */
  private static final int KEPT = 256 * 1024;

  private final ByteStream connection;
  private final Consumer<String> screen;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition arrived = lock.newCondition();
  private final StringBuilder seen = new StringBuilder();
  private boolean ended;
  private int commands;

  /**
   * A command's outcome.
   *
   * @param status its exit status
   * @param output what it printed, what was typed included
   */
  record Result(int status, String output) {
    boolean succeeded() {
      return status == 0;
    }
  }

  /**
   * Attaches to a console.
   *
   * @param connection the console's connection, already upgraded; closed with the shell
   * @param screen is shown everything
   */
  GuestShell(ByteStream connection, Consumer<String> screen) {
    this.connection = connection;
    this.screen = screen;
    Thread.ofVirtual().name("console").start(this::read);
  }

  private void read() {
    byte[] bytes = new byte[8192];
    try (InputStream in = connection.in()) {
      int count;
      while ((count = in.read(bytes)) >= 0) {
        String text = new String(bytes, 0, count, StandardCharsets.ISO_8859_1);
        screen.accept(text);
        lock.lock();
        try {
          seen.append(text);
          if (seen.length() > 2 * KEPT) {
            seen.delete(0, seen.length() - KEPT);
          }
          arrived.signalAll();
        } finally {
          lock.unlock();
        }
      }
    } catch (IOException e) {
      // The console is closed: the threads that wait are told below.
    }
    lock.lock();
    try {
      ended = true;
      arrived.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Waits until the console has printed something, and forgets what came before its end.
   *
   * @param pattern what to wait for
   * @param seconds how long
   * @return what was printed up to the end of it
   */
  String await(Pattern pattern, int seconds) throws DemoException, InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
    lock.lockInterruptibly();
    try {
      while (true) {
        Matcher matcher = pattern.matcher(seen);
        if (matcher.find()) {
          String text = seen.substring(0, matcher.end());
          seen.delete(0, matcher.end());
          return text;
        }
        long left = deadline - System.nanoTime();
        if (ended || left <= 0) {
          String tail = seen.substring(Math.max(0, seen.length() - 200)).strip();
          throw new DemoException(
              (ended ? "the console ended" : "nothing came within " + seconds + " s")
                  + (tail.isEmpty() ? "" : "; its last words: " + tail));
        }
        long _ = arrived.awaitNanos(left);
      }
    } finally {
      lock.unlock();
    }
  }

  /** Types a line. */
  void type(String line) throws IOException {
    connection.out().write((line + "\n").getBytes(StandardCharsets.ISO_8859_1));
  }

  /**
   * Runs a command and waits for its end.
   *
   * @param command a line of shell
   * @param seconds how long it may take
   */
  Result run(String command, int seconds) throws IOException, DemoException, InterruptedException {
    int number = ++commands;
    type(command + "; echo \"end\"\"-$?-" + number + "\"");
    String text = await(Pattern.compile("end-([0-9]+)-" + number + "\\b"), seconds);
    Matcher mark = Pattern.compile("end-([0-9]+)-" + number + "$").matcher(text);
    int status = mark.find() ? Integer.parseInt(mark.group(1)) : -1;
    return new Result(status, text.replace("\r", ""));
  }

  @Override
  public void close() {
    try {
      connection.close();
    } catch (IOException e) {
      // It is gone either way.
      screen.accept("");
    }
  }
}
