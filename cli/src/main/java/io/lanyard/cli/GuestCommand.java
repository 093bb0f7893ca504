package io.lanyard.cli;

import io.lanyard.base.PrintableText;
import io.lanyard.control.api.GuestInfo;
import io.lanyard.control.client.GuestAction;
import io.lanyard.control.client.Reply;
import io.lanyard.control.json.JsonText;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code lanyard guest}. */
final class GuestCommand {
  private GuestCommand() {}

  static Noun noun() {
    return Noun.of(
        "guest",
        "Guests.",
        Noun.verb("ls", Ls.class),
        Noun.verb("show", Show.class),
        Noun.verb("add", GuestChange.Add.class),
        Noun.verb("set", GuestChange.Set.class),
        Noun.verb("rm", GuestChange.Rm.class),
        Noun.verb("start", Start.class),
        Noun.verb("stop", Stop.class),
        Noun.verb("restart", GuestRestart.class),
        Noun.verb("kill", Kill.class),
        Noun.verb("reset", Reset.class),
        Noun.verb("pause", Pause.class),
        Noun.verb("resume", Resume.class),
        Noun.verb("console", GuestConsole.class));
  }

  /** {@code lanyard guest ls}. */
  @Command(name = "ls", description = "Lists the guests.")
  static final class Ls extends ListCommand {
    Ls() {
      super(
          "name",
          "vmm?",
          "state",
          "memory",
          "harts?",
          "processorSeconds?=CPU TIME",
          "addresses",
          "reason");
    }

    @Override
    Reply<? extends List<?>> list() {
      return api.ask(daemon -> daemon.guests().list());
    }

    @Override
    List<?> shown(List<?> guests) {
      return guests.stream().map(guest -> withAddresses((GuestInfo) guest)).toList();
    }
  }

  /** A guest's members with the addresses of all NICs. */
  static Map<String, @Nullable Object> withAddresses(GuestInfo guest) {
    Map<String, @Nullable Object> members = JsonText.members(guest);
    members.put("addresses", guest.nics().stream().map(GuestInfo.NicInfo::address).toList());
    return members;
  }

  /** {@code lanyard guest show}. */
  @Command(name = "show", description = "Shows all about a guest, with all its settings.")
  static final class Show implements Callable<Integer> {
    @Mixin Api api = new Api();
    @Mixin Output output = new Output();

    @Parameters(paramLabel = "GUEST")
    String guest = "";

    @Override
    public Integer call() {
      Effective.show(
          api, output, api.ask(daemon -> daemon.guests().get(guest)), Target.guest(guest).path());
      return Lanyard.DONE;
    }
  }

  /** A command to one guest. */
  abstract static class Verb implements Callable<Integer> {
    @Mixin Api api = new Api();
    @Mixin Output output = new Output();

    @Parameters(paramLabel = "GUEST")
    String guest = "";

    private final GuestAction action;

    Verb(GuestAction action) {
      this.action = action;
    }

    @Override
    public Integer call() {
      report(output, api.ask(daemon -> daemon.guests().act(guest, action)));
      return Lanyard.DONE;
    }
  }

  /** Says how a guest is after a command to it. */
  static void report(Output output, Reply<GuestInfo> answer) {
    if (output.json()) {
      output.print(answer);
    } else {
      GuestInfo guest = answer.value();
      output.line(guest.name() + ": " + PrintableText.of(guest.state()));
    }
  }

  /** {@code lanyard guest start}. */
  @Command(name = "start", description = "Powers a guest on.")
  static final class Start extends Verb {
    Start() {
      super(GuestAction.START);
    }
  }

  /** {@code lanyard guest stop}. */
  @Command(
      name = "stop",
      description = {
        "Presses a guest's power button.",
        "The guest's system shuts down by itself then, which takes its time."
      })
  static final class Stop implements Callable<Integer> {
    @Mixin Api api = new Api();
    @Mixin Output output = new Output();
    @Spec CommandSpec spec = CommandSpec.create();

    @Option(
        names = "--wait",
        paramLabel = "TIME",
        description = "Wait until it is off, at most so long: 60s.")
    @Nullable String wait;

    @Parameters(paramLabel = "GUEST")
    String guest = "";

    @Override
    public Integer call() throws InterruptedException {
      Duration limit = wait == null ? Duration.ZERO : PowerOff.limit(spec, wait);
      Reply<GuestInfo> answer = api.ask(daemon -> daemon.guests().act(guest, GuestAction.STOP));
      if (!limit.isZero()) {
        if (!PowerOff.await(api, guest, limit)) {
          throw PowerOff.tooLong(guest, limit, "time with --wait");
        }
        answer = api.ask(daemon -> daemon.guests().get(guest));
      }
      if (output.json() || !answer.value().state().equals("running")) {
        report(output, answer);
      } else {
        output.line(
            guest + ": its power button is pressed; it is off when its system has shut down");
      }
      return Lanyard.DONE;
    }
  }

  /** {@code lanyard guest kill}. */
  @Command(name = "kill", description = "Powers a guest off at once.")
  static final class Kill extends Verb {
    Kill() {
      super(GuestAction.KILL);
    }
  }

  /** {@code lanyard guest reset}. */
  @Command(name = "reset", description = "Presses a guest's reset button.")
  static final class Reset extends Verb {
    Reset() {
      super(GuestAction.RESET);
    }
  }

  /** {@code lanyard guest pause}. */
  @Command(name = "pause", description = "Stops a guest's processors.")
  static final class Pause extends Verb {
    Pause() {
      super(GuestAction.PAUSE);
    }
  }

  /** {@code lanyard guest resume}. */
  @Command(name = "resume", description = "Lets a paused guest go on.")
  static final class Resume extends Verb {
    Resume() {
      super(GuestAction.RESUME);
    }
  }
}
