package io.lanyard.nat.station;

/** The counters of the table of stations. */
public enum StationCount {
  /** Addresses that nobody answered for. */
  NEIGHBOUR_FAILED,
  /** Addresses that moved to another MAC address, or to another port. */
  NEIGHBOUR_MOVED,
  /** Packets dropped because the queue for an unresolved address was full, or nobody answered. */
  NEIGHBOUR_QUEUE_DROPPED,
  /** Addresses forgotten because the table was full. */
  NEIGHBOUR_EVICTED,
  /** Claims of addresses that are known to be another station's. */
  CLAIM_REFUSED,
  /** Stations forgotten because the table was full. */
  STATION_EVICTED,
  /** Frames of stations that found no place in the table. */
  STATION_REFUSED
}
