package io.lanyard.control.http;

/**
 * Hears what the server does, for counters and the log.
 *
 * <p>Thread: any; implementations do not block.
 */
public interface HttpMeter {
  /**
   * A request was answered.
   *
   * @param status the HTTP status
   * @param nanos from the whole request to the answer, in nanoseconds
   */
  void answered(int status, long nanos);

  /** A connection or a stream was refused because there are too many. */
  void refused();

  /**
   * A long answer was ended, which its client was slow to read, because another client waited. Does
   * nothing where a server has no long answers.
   */
  default void cutOff() {}

  /**
   * Something went wrong that is not the client's doing.
   *
   * @param cause what
   */
  void failed(Throwable cause);
}
