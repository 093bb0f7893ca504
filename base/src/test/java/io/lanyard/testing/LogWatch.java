package io.lanyard.testing;

import java.util.List;
import java.util.Queue;
import java.util.ServiceLoader;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogManager;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;
import java.util.regex.Pattern;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Fails a test that logs a warning which it does not expect, or does not log one that it expects.
 * The log does not reach the console unless the test fails. What a library says of a machine that
 * stood still is no test's doing.
 *
 * <p>Netty's leak detector logs too, so a buffer that is not released is such a warning; after a
 * class the {@link LeakProbe}s of the modules that have buffers make it look.
 *
 * <p>JUnit finds it by itself, so it watches every test of this module and of those that use this
 * module's test kit. There is one, since there is one log a process: a test speaks to it by the
 * static methods.
 */
public final class LogWatch
    implements BeforeAllCallback, BeforeEachCallback, AfterEachCallback, AfterAllCallback {
  /**
   * Netty's words when the thread that wakes a loop had no processor for a second between its two
   * steps. The loop goes on by itself. That is the host's doing, and can happen in any test that
   * has a loop.
   */
  private static final String LATE_WAKE_UP = "Missed eventfd write";

  private static final Logger ROOT = LogManager.getLogManager().getLogger("");
  private static final Queue<LogRecord> RECORDS = new ConcurrentLinkedQueue<>();
  private static final List<Pattern> EXPECTED = new CopyOnWriteArrayList<>();

  private static volatile boolean allowed;

  private static final List<LeakProbe> LEAK_PROBES =
      ServiceLoader.load(LeakProbe.class).stream().map(ServiceLoader.Provider::get).toList();
  private static final Handler[] CONSOLE = ROOT.getHandlers();

  static {
    for (Handler handler : CONSOLE) {
      ROOT.removeHandler(handler);
    }
    ROOT.addHandler(
        new Handler() {
          @Override
          public void publish(LogRecord record) {
            if (!isOfTheHost(message(record))) {
              RECORDS.add(record);
            }
          }

          @Override
          public void flush() {}

          @Override
          public void close() {}
        });
  }

  /**
   * Expects warnings in the test that runs.
   *
   * @param regex what a part of the message of at least one warning, and perhaps more, matches
   */
  public static void expect(String regex) {
    EXPECTED.add(Pattern.compile(regex));
  }

  /**
   * Allows any warning in the test that runs, and forgets what was logged so far. For fuzz tests:
   * what hostile input makes the product say is not known before, and millions of inputs follow
   * each other.
   */
  public static void allowWarnings() {
    RECORDS.clear();
    allowed = true;
  }

  /**
   * Counts lines of the test that runs.
   *
   * @param part of the message
   * @return how many lines of any level have it
   */
  public static long count(String part) {
    return RECORDS.stream().filter(r -> message(r).contains(part)).count();
  }

  /**
   * Counts lines of the test that runs.
   *
   * @return how many lines of {@code INFO} and above were logged
   */
  public static long lines() {
    return RECORDS.stream().filter(r -> r.getLevel().intValue() >= Level.INFO.intValue()).count();
  }

  /**
   * Whether a line tells of a host that is busy, and not of the program.
   *
   * @param line a message, or a line of a daemon's log with it
   * @return true for a warning that no test has to expect
   */
  public static boolean isOfTheHost(String line) {
    return line.contains(LATE_WAKE_UP);
  }

  private static String message(LogRecord record) {
    return new SimpleFormatter().formatMessage(record);
  }

  @Override
  public void beforeAll(ExtensionContext context) {
    clear();
  }

  @Override
  public void beforeEach(ExtensionContext context) {
    clear();
  }

  private static void clear() {
    RECORDS.clear();
    EXPECTED.clear();
    allowed = false;
  }

  @Override
  public void afterEach(ExtensionContext context) {
    List<LogRecord> records = List.copyOf(RECORDS);
    List<Pattern> expected = List.copyOf(EXPECTED);
    boolean any = allowed;
    clear();
    if (context.getExecutionException().isPresent()) {
      print(records);
      return;
    }
    List<LogRecord> warnings =
        records.stream()
            .filter(r -> !any && r.getLevel().intValue() >= Level.WARNING.intValue())
            .filter(r -> expected.stream().noneMatch(pattern -> matches(pattern, r)))
            .toList();
    if (!warnings.isEmpty()) {
      print(warnings);
      throw new AssertionError(
          "unexpected warnings: " + warnings.stream().map(LogWatch::message).toList());
    }
    for (Pattern pattern : expected) {
      if (records.stream().noneMatch(r -> matches(pattern, r))) {
        throw new AssertionError("expected a warning like " + pattern);
      }
    }
  }

  private static boolean matches(Pattern pattern, LogRecord record) {
    return pattern.matcher(message(record)).find();
  }

  private static void print(List<LogRecord> records) {
    for (LogRecord record : records) {
      for (Handler handler : CONSOLE) {
        handler.publish(record);
      }
    }
  }

  /** A detector speaks of what was leaked only once that was collected. */
  @Override
  public void afterAll(ExtensionContext context) {
    if (LEAK_PROBES.isEmpty()) {
      clear();
      return;
    }
    System.gc();
    LEAK_PROBES.forEach(LeakProbe::provoke);
    List<String> leaks =
        RECORDS.stream().map(LogWatch::message).filter(m -> m.contains("LEAK")).toList();
    clear();
    if (!leaks.isEmpty()) {
      throw new AssertionError("leaked buffers: " + leaks);
    }
  }
}
