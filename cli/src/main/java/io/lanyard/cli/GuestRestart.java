package io.lanyard.cli;

import io.lanyard.config.DurationText;
import io.lanyard.control.api.GuestInfo;
import io.lanyard.control.client.GuestAction;
import io.lanyard.control.client.Reply;
import java.time.Duration;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code lanyard guest restart}. */
@Command(
    name = "restart",
    description = "Presses a guest's power button, waits until it is off, and powers it on.")
final class GuestRestart implements Callable<Integer> {
  private static final Duration USUAL = Duration.ofSeconds(60);

  @Mixin Api api = new Api();
  @Mixin Output output = new Output();
  @Spec CommandSpec spec = CommandSpec.create();

  @Option(
      names = "--timeout",
      paramLabel = "TIME",
      description =
          "How long the guest may take to power off. Default: 60s; with --force, no time.")
  @Nullable String timeout;

  @Option(
      names = "--force",
      description = "Power it off where it takes longer than --timeout; without that, at once.")
  boolean force;

  @Parameters(paramLabel = "GUEST")
  String guest = "";

  @Override
  public Integer call() throws InterruptedException {
    Duration limit = limit();
    if (!PowerOff.isOff(api, guest) && !isOffByItsButton(limit)) {
      if (!force) {
        throw new Failure(
            "guest " + guest + " has not powered off within " + DurationText.format(limit),
            "give it more --timeout, or power it off with --force");
      }
      var _ = act(GuestAction.KILL);
      if (!PowerOff.await(api, guest, USUAL)) {
        throw new Failure("guest " + guest + " cannot be powered off");
      }
    }
    GuestCommand.report(output, act(GuestAction.START));
    return Lanyard.DONE;
  }

  /** Presses the power button and waits, unless there is no time for that. */
  private boolean isOffByItsButton(Duration limit) throws InterruptedException {
    if (limit.isZero()) {
      return false;
    }
    var _ = act(GuestAction.STOP);
    return PowerOff.await(api, guest, limit);
  }

  private Reply<GuestInfo> act(GuestAction action) {
    return api.ask(daemon -> daemon.guests().act(guest, action));
  }

  private Duration limit() {
    String said = timeout;
    if (said == null) {
      return force ? Duration.ZERO : USUAL;
    }
    return PowerOff.limit(spec, said);
  }
}
