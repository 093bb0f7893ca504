package io.lanyard.control.client;

import io.lanyard.control.api.EventInfo;
import io.lanyard.control.api.SnapshotInfo;

/**
 * An event of the daemon's stream.
 *
 * <p>{@link #json} is its data as it came.
 */
public sealed interface DaemonEvent {
  /**
   * The id that a stream can be resumed after.
   *
   * @return of this event or of an earlier one that had one; or empty
   */
  String id();

  /**
   * The data as it came.
   *
   * @return JSON
   */
  String json();

  /**
   * All that there is: the stream's first event, unless it was resumed, and the one after events
   * that were missed.
   *
   * @param id names the state
   * @param all what there is
   * @param json the data as it came
   */
  record Snapshot(String id, SnapshotInfo all, String json) implements DaemonEvent {}

  /**
   * Something has happened.
   *
   * @param id names the event
   * @param event what has happened
   * @param json the data as it came
   */
  record Change(String id, EventInfo event, String json) implements DaemonEvent {}

  /**
   * Events were missed, because the client was away or did not read for too long.
   *
   * @param id of the last event before them
   * @param type {@code missed} or {@code overflow}
   * @param json the data as it came
   */
  record Gap(String id, String type, String json) implements DaemonEvent {}
}
