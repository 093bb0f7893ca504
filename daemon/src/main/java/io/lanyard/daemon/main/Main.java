package io.lanyard.daemon.main;

import io.lanyard.control.launch.DaemonUsage;
import io.lanyard.daemon.StartException;
import io.lanyard.daemon.log.LastingLogManager;
import java.util.Locale;

/** The program behind {@code lanyard daemon}. */
public final class Main {
  /** Done. */
  static final int DONE = 0;

  /** It did not work. */
  static final int FAILED = 1;

  /** The command line makes no sense. */
  static final int BAD_USAGE = 2;

  private Main() {}

  /**
   * Runs the daemon, and exits when it has stopped.
   *
   * @param arguments what follows {@code lanyard daemon}
   */
  public static void main(String[] arguments) {
    // Names of sockets and messages have the digits that other programs expect.
    Locale.setDefault(Locale.Category.FORMAT, Locale.ROOT);
    chooseLog();
    System.exit(run(arguments));
  }

  /** Before anything logs, and without a call to that class, which would make the JDK's own. */
  static void chooseLog() {
    System.setProperty("java.util.logging.manager", LastingLogManager.class.getName());
  }

  @SuppressWarnings("SystemOut") // The help is asked for.
  static int run(String... arguments) {
    DaemonCommand command;
    try {
      command = DaemonArguments.parse(arguments);
    } catch (UsageException e) {
      System.err.println("lanyard: " + e.getMessage());
      System.err.print(DaemonUsage.text());
      return BAD_USAGE;
    }
    if (command == null) {
      System.out.print(DaemonUsage.text());
      return System.out.checkError() ? FAILED : DONE;
    }
    EarlyStart.begin();
    try {
      return command.call();
    } catch (StartException e) {
      String hint = e.hint().isBlank() ? "" : System.lineSeparator() + e.hint().strip();
      return failed(e.getMessage() + hint, e);
    } catch (RuntimeException e) {
      return failed(e.toString(), e);
    }
  }

  private static int failed(String text, Exception exception) {
    System.err.println("lanyard: " + text);
    if (System.getenv("LANYARD_TRACE") != null) {
      exception.printStackTrace(System.err);
    }
    return FAILED;
  }
}
