package io.lanyard.control.api;

import java.util.List;

/**
 * A VMM that guests can be run by: {@code GET /v1/vmms}.
 *
 * @param name its name, as a guest's configuration asks for it
 * @param module the Java module that it comes from
 * @param open whether a guest has asked for it yet
 * @param capabilities what its guests can do
 */
public record VmmInfo(String name, String module, boolean open, List<String> capabilities) {
  /** Copies the list. */
  public VmmInfo {
    capabilities = List.copyOf(capabilities);
  }
}
