package io.lanyard.control.launch;

import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An option of {@code lanyard daemon}, in the order in which its help shows them. The daemon reads
 * them; the command line explains and completes them; a program that starts a daemon writes them.
 */
public enum DaemonOption {
  /** The configuration file. */
  CONFIG(
      "--config",
      "FILE",
      "The configuration. Default: the user's or the system's lanyard.yaml, or none: vmnet8 (NAT),"
          + " and vmnet1 (host-only) where TAP devices may be made."),

  /** Who may use the API. */
  GROUP("--group", "GROUP", "Who may use the API besides the owner."),

  /** The help. */
  HELP("--help", "", "Show this help."),

  /** The image store. */
  IMAGES("--images", "DIR", "The image store."),

  /** Where VMM plug-ins are. */
  PLUGINS("--plugins", "DIR", "Jars of VMM plug-ins."),

  /** Where sockets are. */
  RUNTIME_DIR("--runtime-dir", "DIR", "Where sockets are."),

  /** Where leases are kept. */
  STATE_DIR("--state-dir", "DIR", "Where leases are kept."),

  /** The end of standard input ends the daemon. */
  WHILE_INPUT(
      "--while-input",
      "",
      "Stop when standard input ends, as it does when the process that holds its other end is gone:"
          + " a parent cannot leave the daemon behind.");

  private final String word;
  private final String label;
  private final String description;

  DaemonOption(String word, String label, String description) {
    this.word = word;
    this.label = label;
    this.description = description;
  }

  /**
   * Finds an option.
   *
   * @param word as on a command line, {@code -h} included
   * @return the option, or null
   */
  public static @Nullable DaemonOption of(String word) {
    if (word.equals("-h")) {
      return HELP;
    }
    for (DaemonOption option : values()) {
      if (option.word.equals(word)) {
        return option;
      }
    }
    return null;
  }

  /**
   * All words that are options.
   *
   * @return their long forms
   */
  public static List<String> words() {
    return Arrays.stream(values()).map(DaemonOption::word).toList();
  }

  /**
   * The option's word.
   *
   * @return for example {@code --config}
   */
  public String word() {
    return word;
  }

  /**
   * The placeholder of its value in the help.
   *
   * @return for example {@code FILE}; empty for an option without a value
   */
  public String label() {
    return label;
  }

  /**
   * Whether a value follows.
   *
   * @return false for a flag
   */
  public boolean takesValue() {
    return !label.isEmpty();
  }

  /**
   * The option's purpose.
   *
   * @return sentences
   */
  public String description() {
    return description;
  }
}
