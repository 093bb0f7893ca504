package io.lanyard.control.api;

import java.util.List;

/**
 * The configuration that runs.
 *
 * @param revision its number
 * @param source the file that it stands on; empty for the built-in one
 * @param settings its values
 */
public record ConfigurationInfo(long revision, String source, List<SettingInfo> settings) {
  /** Copies the list. */
  public ConfigurationInfo {
    settings = List.copyOf(settings);
  }
}
