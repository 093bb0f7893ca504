package io.lanyard.daemon.log;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import org.junit.jupiter.api.Test;

final class DaemonLogTest {
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

  private DaemonLog log(boolean journal) {
    return new DaemonLog(new PrintStream(bytes, true, UTF_8), journal);
  }

  private static LogRecord entry(Level level, String logger, String message) {
    LogRecord entry = new LogRecord(level, message);
    entry.setLoggerName(logger);
    return entry;
  }

  @Test
  void anEventIsOneLine() {
    log(false).publish(entry(Level.INFO, "io.lanyard.x.Y", "guest=\nWARN forged\u001b[2J"));
    assertThat(bytes.toString(UTF_8))
        .matches("[-0-9]+ [:.0-9]+ INFO {2}Y: guest=\\\\nWARN forged\\?\\[2J\\R");
  }

  @Test
  void whatSpeaksToATerminalIsReplacedEverywhere() {
    // CSI in one character (C1), a line separator, and a mark that turns the text around.
    LogRecord entry = entry(Level.WARNING, "io.lanyard.x.Y", "a\u009b2Jb\u2028c\u202ed");
    entry.setThrown(new IllegalStateException("one\u009b2J\n\u009b31mtwo \u00fc"));
    log(false).publish(entry);
    assertThat(bytes.toString(UTF_8))
        .contains("Y: a?2Jb?c?d", "one?2J", "    ?31mtwo \u00fc")
        .doesNotContain("\u009b", "\u2028", "\u202e");
  }

  @Test
  void theJournalGetsItsPriority() {
    log(true).publish(entry(Level.WARNING, "io.lanyard.x.Y", "careful"));
    assertThat(bytes.toString(UTF_8)).isEqualTo("<4>Y: careful" + System.lineSeparator());
  }

  @Test
  void aTaskThatThrewOnALoopIsCounted() {
    DaemonLog log = log(false);
    LogRecord entry =
        entry(Level.WARNING, "io.netty.util.concurrent.AbstractEventExecutor", "a task");
    entry.setThrown(new IllegalStateException("broken"));
    log.publish(entry);
    assertThat(log.loopFailures()).isEqualTo(1);
    assertThat(log.warnings()).isEqualTo(1);
    assertThat(bytes.toString(UTF_8)).contains("broken");
  }

  @Test
  void aFaultThatIsRepeatedWithoutEndDoesNotFillTheDisk() {
    DaemonLog log = log(true);
    for (int i = 0; i < 10_000; i++) {
      LogRecord entry = entry(Level.SEVERE, "io.lanyard.x.Y", "event=fault");
      entry.setThrown(new IllegalStateException("again"));
      log.publish(entry);
    }
    assertThat(bytes.toString(UTF_8).lines().count()).isLessThan(LogBudget.BURST + 200);
    assertThat(log.warnings()).isEqualTo(10_000);
  }

  @Test
  void whatIsLeftOutIsCountedInTheNextLine() {
    LogBudget budget = new LogBudget();
    for (int i = 0; i < LogBudget.BURST + 5; i++) {
      budget.admit("a", 1, 0);
    }
    assertThat(budget.admit("a", 1, 0)).isEqualTo(-1);
    assertThat(budget.admit("b", 1, 0)).isZero();
    assertThat(budget.admit("a", 1, TimeUnit.SECONDS.toNanos(1))).isEqualTo(6);
  }

  @Test
  void parametersAreFilledIn() {
    LogRecord entry = entry(Level.INFO, "a", "x={0}");
    entry.setParameters(new Object[] {"y"});
    log(false).publish(entry);
    assertThat(bytes.toString(UTF_8)).contains("x=y");
  }
}
