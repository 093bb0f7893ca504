package io.lanyard.cli;

import java.io.IOException;
import java.util.Locale;

/** The person who can be asked before something ends. */
interface Person {
  /** Whether there is one: not where a script runs the command. */
  boolean isThere();

  /** Asks, and waits for the answer; no answer is none. */
  boolean agrees(String question);

  /** The person at the terminal of this process. */
  static Person atTerminal() {
    return new Person() {
      @Override
      public boolean isThere() {
        return Terminal.isOn(0) && Terminal.isOn(2);
      }

      @Override
      public boolean agrees(String question) {
        System.err.print(question + " [y/N] ");
        System.err.flush();
        String answer = readLine().strip().toLowerCase(Locale.ROOT);
        return answer.equals("y") || answer.equals("yes");
      }
    };
  }

  private static String readLine() {
    StringBuilder line = new StringBuilder();
    try {
      for (int c = System.in.read(); c >= 0 && c != '\n'; c = System.in.read()) {
        line.append((char) c);
      }
    } catch (IOException e) {
      // The terminal has gone, and with it the person.
      line.setLength(0);
    }
    return line.toString();
  }
}
