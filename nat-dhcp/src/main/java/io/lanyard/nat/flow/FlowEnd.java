package io.lanyard.nat.flow;

/** Why the table ended a flow. */
public enum FlowEnd {
  /** Nothing came for as long as its idle timeout. */
  IDLE,
  /** A newer flow of the same guest or network needed its place. */
  EVICTED,
  /** The network closes or may lead there no more, or the guest's lease went to another. */
  CLOSED,
  /**
   * The guest's port is gone or has lost its carrier, or its address leads to another guest: nobody
   * is there to be told.
   */
  GONE
}
