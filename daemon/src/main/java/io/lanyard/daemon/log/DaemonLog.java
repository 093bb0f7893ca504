package io.lanyard.daemon.log;

import io.lanyard.base.PrintableText;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.text.MessageFormat;
import java.util.List;
import java.util.TimeZone;
import java.util.concurrent.atomic.AtomicLong;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogManager;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/**
 * The daemon's log: one line an event on standard error.
 *
 * <p>Under systemd ({@code JOURNAL_STREAM} is set) a line begins with its priority as sd-daemon(3)
 * has it, and the journal knows the time itself; elsewhere it begins with the time and the level.
 * It also counts Netty's reports of tasks that threw on a loop, which are the only place where such
 * an exception shows.
 */
public final class DaemonLog extends Handler {
  /** Netty's executors say there that a task or a handler threw. */
  private static final String LOOPS = "io.netty.";

  private static final int MOST_STEPS = 30;

  private final LogBudget budget = new LogBudget();
  private final PrintStream out;
  private final boolean journal;
  private final AtomicLong loopFailures = new AtomicLong();
  private final AtomicLong warnings = new AtomicLong();

  DaemonLog(PrintStream out, boolean journal) {
    this.out = out;
    this.journal = journal;
  }

  /**
   * Makes this the only log of the process.
   *
   * @param level the least severe level that is logged
   * @return the log
   */
  public static DaemonLog install(System.Logger.Level level) {
    DaemonLog log = new DaemonLog(System.err, System.getenv("JOURNAL_STREAM") != null);
    LogManager.getLogManager().reset();
    Logger root = Logger.getLogger("");
    root.addHandler(log);
    root.setLevel(level(level));
    LastingLogManager.keepHandlers();
    // Netty tells at these levels how it found its native parts.
    Logger netty = Logger.getLogger("io.netty");
    netty.setLevel(Level.WARNING);
    // pcap4j logs each of its defaults, and as an error what it throws as well.
    Logger pcap = Logger.getLogger("org.pcap4j");
    pcap.setLevel(Level.OFF);
    KEPT = List.of(netty, pcap);
    Thread.setDefaultUncaughtExceptionHandler((thread, exception) -> {
      log.loopFailures.incrementAndGet();
      Logger.getLogger(DaemonLog.class.getName())
          .log(Level.SEVERE, "uncaught exception thread=" + thread.getName(), exception);
    });
    return log;
  }

  /**
   * Changes what is logged.
   *
   * @param level the least severe level that is logged from now on
   */
  public void keepFrom(System.Logger.Level level) {
    Logger.getLogger("").setLevel(level(level));
  }

  /** java.util.logging forgets the level of a logger that nobody holds. */
  @SuppressWarnings({"unused", "NonFinalStaticField"})
  private static List<Logger> KEPT = List.of();

  private static Level level(System.Logger.Level level) {
    return switch (level) {
      case ALL -> Level.ALL;
      case TRACE -> Level.FINER;
      case DEBUG -> Level.FINE;
      case INFO -> Level.INFO;
      case WARNING -> Level.WARNING;
      case ERROR -> Level.SEVERE;
      case OFF -> Level.OFF;
    };
  }

  /**
   * Exceptions that reached Netty or the end of a thread.
   *
   * @return how many since the start
   */
  public long loopFailures() {
    return loopFailures.get();
  }

  /**
   * Warnings and errors that were logged.
   *
   * @return how many since the start
   */
  public long warnings() {
    return warnings.get();
  }

  @Override
  public void publish(LogRecord record) {
    if (record.getLevel().intValue() >= Level.WARNING.intValue()) {
      warnings.incrementAndGet();
      String logger = record.getLoggerName();
      if (logger != null && logger.startsWith(LOOPS) && record.getThrown() != null) {
        loopFailures.incrementAndGet();
      }
    }
    String logger = String.valueOf(record.getLoggerName());
    List<String> trace = trace(record);
    // Who asked for debugging asked for all of it.
    long suppressed =
        record.getLevel().intValue() < Level.INFO.intValue()
            ? 0
            : budget.admit(logger, 1 + trace.size(), System.nanoTime());
    if (suppressed < 0) {
      return;
    }
    StringBuilder line = new StringBuilder(160);
    if (journal) {
      line.append('<').append(priority(record.getLevel())).append('>');
    } else {
      LogTime.append(line, record.getMillis(), TimeZone.getDefault());
      line.append(word(record.getLevel())).append(' ');
    }
    line.append(logger.substring(logger.lastIndexOf('.') + 1)).append(": ");
    line.append(PrintableText.of(message(record)));
    if (record.getThrown() != null) {
      line.append(" exception=\"")
          .append(PrintableText.of(String.valueOf(record.getThrown())).replace('"', '\''))
          .append('"');
    }
    if (suppressed > 0) {
      line.append(" suppressed-lines=\"").append(suppressed).append('"');
    }
    out.println(line);
    trace.forEach(step -> out.println((journal ? "<7>" : "") + "    " + step));
  }

  /** The steps of what was thrown, where somebody should act. */
  private static List<String> trace(LogRecord record) {
    if (record.getThrown() == null || record.getLevel().intValue() < Level.WARNING.intValue()) {
      return List.of();
    }
    StringWriter trace = new StringWriter();
    record.getThrown().printStackTrace(new PrintWriter(trace, true));
    return trace
        .toString()
        .lines()
        .skip(1)
        .limit(MOST_STEPS)
        .map(step -> PrintableText.of(step.strip()))
        .toList();
  }

  private static String message(LogRecord record) {
    String message = String.valueOf(record.getMessage());
    Object[] parameters = record.getParameters();
    if (parameters == null || parameters.length == 0) {
      return message;
    }
    try {
      return MessageFormat.format(message, parameters);
    } catch (IllegalArgumentException e) {
      return message;
    }
  }

  private static int priority(Level level) {
    int value = level.intValue();
    return value >= Level.SEVERE.intValue()
        ? 3
        : value >= Level.WARNING.intValue() ? 4 : value >= Level.INFO.intValue() ? 6 : 7;
  }

  private static String word(Level level) {
    int value = level.intValue();
    return value >= Level.SEVERE.intValue()
        ? "ERROR"
        : value >= Level.WARNING.intValue()
            ? "WARN "
            : value >= Level.INFO.intValue() ? "INFO " : "DEBUG";
  }

  @Override
  public void flush() {
    out.flush();
  }

  @Override
  public void close() {
    out.flush();
  }
}
