package io.lanyard.control.api;

import java.util.List;

/**
 * The connections of all switches: {@code GET /v1/topology}.
 *
 * @param switches the switches of the networks, by name
 * @param patches the patches between them, each once
 */
public record TopologyInfo(List<SwitchInfo> switches, List<PatchInfo> patches) {
  /** Copies the lists. */
  public TopologyInfo {
    switches = List.copyOf(switches);
    patches = List.copyOf(patches);
  }
}
