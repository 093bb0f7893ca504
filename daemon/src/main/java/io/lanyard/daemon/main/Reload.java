package io.lanyard.daemon.main;

import io.lanyard.base.Causes;
import io.lanyard.base.LogEvent;
import io.lanyard.control.api.PlanInfo;
import io.lanyard.daemon.Daemon;
import io.lanyard.daemon.change.ChangeRefusedException;
import io.lanyard.daemon.change.ChangeRequest;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads the daemon's configuration file again (SIGHUP) and changes what runs.
 *
 * <p>A signal cannot be asked whether guests and flows may end: a change that would end some is
 * refused, and the log says how to make it.
 */
final class Reload {
  private static final System.Logger LOG = System.getLogger(Reload.class.getName());

  private Reload() {}

  static void begin(Daemon daemon, @Nullable Path file, SystemdNotifier systemd) {
    if (file == null) {
      LogEvent.of("hangup")
          .with("advice", "there is no configuration file to read again")
          .log(LOG, Level.INFO);
      return;
    }
    systemd.reloading();
    var _ =
        daemon
            .conductor()
            .apply(
                new ChangeRequest(
                    daemon::reread,
                    "SIGHUP",
                    "read " + file + " again",
                    ChangeRequest.ANY,
                    false,
                    true,
                    Duration.ZERO))
            .whenComplete((done, failure) -> {
              tell(file, done, failure);
              systemd.ready();
            });
  }

  private static void tell(Path file, @Nullable PlanInfo done, @Nullable Throwable failure) {
    if (failure instanceof ChangeRefusedException refused) {
      for (String detail : refused.details().isEmpty() ? List.of("") : refused.details()) {
        LogEvent.of("reload-refused")
            .with("file", file)
            .with("cause", refused.what())
            .with("detail", detail)
            .with("advice", "nothing has changed; \"lanyard apply " + file + "\" tells more")
            .log(LOG, Level.ERROR);
      }
    } else if (failure != null) {
      LogEvent.of("reload-failed").with("cause", Causes.of(failure)).log(LOG, Level.ERROR, failure);
    } else if (done != null && done.changes().isEmpty()) {
      LogEvent.of("reload-changes-nothing").with("file", file).log(LOG, Level.INFO);
    }
  }
}
