package io.lanyard.control.api;

import java.util.List;

/**
 * A port of a switch with what is behind it.
 *
 * @param name the port's name
 * @param group its port group, or empty
 * @param kind its kind, such as tap
 * @param state its state, such as up
 * @param at its other end in the words of the configuration, such as {@code device=t0 netns=a};
 *     empty where the kind says it all
 * @param guest the guest whose NIC it is, or empty
 * @param guestState that guest's state, or empty
 * @param stations the stations that were heard behind it, or whose addresses are pinned to it
 */
public record ConnectorInfo(
    String name,
    String group,
    String kind,
    String state,
    String at,
    String guest,
    String guestState,
    List<StationInfo> stations) {
  /** Copies the list. */
  public ConnectorInfo {
    stations = List.copyOf(stations);
  }
}
