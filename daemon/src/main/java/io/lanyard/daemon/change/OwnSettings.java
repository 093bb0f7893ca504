package io.lanyard.daemon.change;

import io.lanyard.config.Configuration;
import io.lanyard.config.HookConfig;
import java.util.List;

/**
 * The settings that concern no network and no guest, and follow the configuration.
 *
 * <p>Thread: the conductor's.
 */
public interface OwnSettings {
  /**
   * Why a configuration cannot run at all, so that a change to it is refused.
   *
   * @param next what is to run
   * @return why, with the remedy; empty if it can
   */
  default String misfit(Configuration next) {
    return "";
  }

  /**
   * Takes over another level of the log.
   *
   * @param log the settings
   */
  void log(Configuration.Log log);

  /**
   * Takes over other programs that are run for events.
   *
   * @param hooks the programs
   */
  void hooks(List<HookConfig> hooks);

  /**
   * Serves the metrics elsewhere.
   *
   * @param metrics where
   * @return why they are not served there yet, with the remedy; empty if they are
   */
  String metrics(Configuration.Metrics metrics);

  /**
   * Serves the API on TCP elsewhere, with another certificate or for other tokens.
   *
   * @param api how; its UNIX socket is not looked at
   * @return why it is not served so yet, with the remedy; empty if it is
   */
  String api(Configuration.Api api);
}
