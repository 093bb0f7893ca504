package io.lanyard.config;

/**
 * Something wrong in a configuration file, or in a change that is laid over it.
 *
 * @param source the file's name, or who changed it when
 * @param line in the file or in the change's value, from 1; 0 when the problem has no place
 * @param column from 1
 * @param path the key, such as {@code networks.vmnet8.dhcp.reservations[0].mac}; empty at the root
 * @param message what was expected and what was found, in one line or more
 * @param malformed whether no configuration could have it, whatever else it says: a value that
 *     cannot be read, a key that there is not
 */
public record Problem(
    String source, int line, int column, String path, String message, boolean malformed) {
  /**
   * A problem that another configuration would not have.
   *
   * @param source the file's name, or who changed it when
   * @param line from 1; 0 when the problem has no place
   * @param column from 1
   * @param path the key
   * @param message what was expected and what was found
   */
  public Problem(String source, int line, int column, String path, String message) {
    this(source, line, column, path, message, false);
  }

  /** {@code source:line:column: path: message}, as compilers do it. */
  @Override
  public String toString() {
    String place = line > 0 ? source + ":" + line + ":" + column : source;
    return place + ": " + (path.isEmpty() ? "" : path + ": ") + message;
  }
}
