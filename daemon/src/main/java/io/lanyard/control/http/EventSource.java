package io.lanyard.control.http;

/**
 * Hands events to the readers of a stream.
 *
 * <p>Thread: {@link #subscribe} is called on a virtual thread and may block.
 */
@FunctionalInterface
public interface EventSource {
  /**
   * Begins to hand events to a reader. A reader without a position, or with one that the source no
   * longer has, is handed a snapshot first; the others are handed every event after their position.
   *
   * @param lastEventId the id of the last event that the reader has, or empty
   * @param reader takes the events, from now on and until the subscription is closed
   * @return ends it
   * @throws InterruptedException if the reader leaves before
   */
  Subscription subscribe(String lastEventId, Reader reader) throws InterruptedException;

  /** Takes events; keeps those that its client has not read yet, up to a limit. */
  interface Reader {
    /**
     * Takes an event. Never blocks. Thread: any, one at a time; the order of calls is the order of
     * the stream.
     *
     * @param event the event
     * @return false if the reader has gone or reads too slowly: it takes no more
     */
    boolean take(ServerEvent event);

    /**
     * Waits until the client has read most of what was taken: a source that keeps its events does
     * not lose a reader by a burst. Thread: the source's own, for each reader one.
     *
     * @return false if the reader has gone or reads too slowly: it takes no more
     * @throws InterruptedException if the thread was interrupted
     */
    boolean awaitRoom() throws InterruptedException;

    /**
     * Ends the stream, behind the events that were taken: the source has no more, or cannot go on.
     * The client may connect again. Thread: any.
     */
    void end();
  }

  /** A reader's place at a source. */
  interface Subscription extends AutoCloseable {
    /** Hands the reader nothing more. Thread: any; may be called more than once. */
    @Override
    void close();
  }
}
