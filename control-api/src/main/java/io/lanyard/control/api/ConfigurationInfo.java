package io.lanyard.control.api;

import java.util.List;

/**
 * The configuration that runs.
 *
 * @param revision its number
 * @param source the file that it stands on; empty for the built-in one
 * @param settings its values
 * @param removed values that the file says and that changes have removed: as the file says them,
 *     with who removed them when
 */
public record ConfigurationInfo(
    long revision, String source, List<SettingInfo> settings, List<SettingInfo> removed) {
  /** Copies the lists. */
  public ConfigurationInfo {
    settings = List.copyOf(settings);
    removed = List.copyOf(removed);
  }
}
