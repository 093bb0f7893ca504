package io.lanyard.dhcp;

import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Predicate;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogManager;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;
import java.util.regex.Pattern;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Fails a test that logs a warning which it does not expect, or does not log one that it expects.
 * What is logged does not reach the console unless the test fails.
 *
 * <p>Netty's leak detector logs too, so a buffer that is not released is such a warning; after a
 * class it is made to look.
 */
public final class LogWatch implements BeforeEachCallback, AfterEachCallback, AfterAllCallback {
  private static final Logger ROOT = LogManager.getLogManager().getLogger("");

  private final Queue<LogRecord> records = new ConcurrentLinkedQueue<>();
  private final List<Pattern> expected = new ArrayList<>();
  private final Handler collector =
      new Handler() {
        @Override
        public void publish(LogRecord record) {
          records.add(record);
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
      };
  private Handler[] console = {};

  /**
   * Expects warnings.
   *
   * @param regex what a part of the message of at least one warning, and perhaps more, matches
   */
  public void expect(String regex) {
    expected.add(Pattern.compile(regex));
  }

  /**
   * Counts lines.
   *
   * @param part of the message
   * @return how many lines of any level have it
   */
  public long count(String part) {
    return records.stream().filter(r -> message(r).contains(part)).count();
  }

  /**
   * Counts lines.
   *
   * @return how many lines of {@code INFO} and above were logged
   */
  public long lines() {
    return records.stream().filter(r -> r.getLevel().intValue() >= Level.INFO.intValue()).count();
  }

  private static String message(LogRecord record) {
    return new SimpleFormatter().formatMessage(record);
  }

  @Override
  public void beforeEach(ExtensionContext context) {
    records.clear();
    expected.clear();
    console = ROOT.getHandlers();
    for (Handler handler : console) {
      ROOT.removeHandler(handler);
    }
    ROOT.addHandler(collector);
  }

  @Override
  public void afterEach(ExtensionContext context) {
    restore();
    Predicate<LogRecord> unexpected =
        r -> expected.stream().noneMatch(pattern -> pattern.matcher(message(r)).find());
    List<String> warnings =
        records.stream()
            .filter(r -> r.getLevel().intValue() >= Level.WARNING.intValue())
            .filter(unexpected)
            .map(LogWatch::message)
            .toList();
    if (!warnings.isEmpty()) {
      throw new AssertionError("unexpected warnings: " + warnings);
    }
    for (Pattern pattern : expected) {
      if (records.stream().noneMatch(r -> pattern.matcher(message(r)).find())) {
        throw new AssertionError("expected a warning like " + pattern);
      }
    }
  }

  private void restore() {
    ROOT.removeHandler(collector);
    for (Handler handler : console) {
      ROOT.addHandler(handler);
    }
  }

  /** The detector reports a leaked buffer when one is allocated after it was collected. */
  @Override
  public void afterAll(ExtensionContext context) {
    records.clear();
    ROOT.addHandler(collector);
    try {
      System.gc();
      for (int i = 0; i < 200; i++) {
        PooledByteBufAllocator.DEFAULT.buffer(16).release();
        UnpooledByteBufAllocator.DEFAULT.buffer(16).release();
      }
    } finally {
      ROOT.removeHandler(collector);
    }
    List<String> leaks =
        records.stream().map(LogWatch::message).filter(m -> m.contains("LEAK")).toList();
    if (!leaks.isEmpty()) {
      throw new AssertionError("leaked buffers: " + leaks);
    }
  }
}
