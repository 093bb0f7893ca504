package io.lanyard.cli;

import io.lanyard.control.api.GuestInfo;
import io.lanyard.control.client.LanyardClient;
import io.lanyard.control.client.Reply;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code lanyard snapshot}. */
final class SnapshotCommand {
  private SnapshotCommand() {}

  static Noun noun() {
    return Noun.of(
        "snapshot",
        "Snapshots of guests.",
        Noun.verb("ls", Ls.class),
        Noun.verb("save", Save.class),
        Noun.verb("load", Load.class),
        Noun.verb("rm", Rm.class));
  }

  /** {@code lanyard snapshot ls}. */
  @Command(name = "ls", description = "Lists the snapshots of a guest, the oldest first.")
  static final class Ls extends ListCommand {
    @Parameters(paramLabel = "GUEST")
    String guest = "";

    Ls() {
      super("name", "taken", "memory");
    }

    @Override
    Reply<? extends List<?>> list() {
      return api.ask(daemon -> daemon.guests().snapshots(guest));
    }
  }

  /** A command to one snapshot. */
  abstract static class Verb implements Callable<Integer> {
    @Mixin Api api = new Api();
    @Mixin Output output = new Output();

    @Parameters(index = "0", paramLabel = "GUEST")
    String guest = "";

    @Parameters(index = "1", paramLabel = "NAME")
    String snapshot = "";

    /** The request. */
    abstract Reply<GuestInfo> ask(LanyardClient daemon) throws IOException;

    @Override
    public Integer call() {
      GuestCommand.report(output, api.ask(this::ask));
      return Lanyard.DONE;
    }
  }

  /** {@code lanyard snapshot save}. */
  @Command(
      name = "save",
      description = {
        "Keeps the memory, the devices and the disks of a guest that is on.",
        "The guest stands still until its memory is written."
      })
  static final class Save extends Verb {
    @Override
    Reply<GuestInfo> ask(LanyardClient daemon) throws IOException {
      return daemon.guests().saveSnapshot(guest, snapshot);
    }
  }

  /** {@code lanyard snapshot load}. */
  @Command(
      name = "load",
      description = {
        "Puts a guest back to a snapshot. What it has written since then is lost.",
        "A guest that is off starts with it."
      })
  static final class Load extends Verb {
    @Override
    Reply<GuestInfo> ask(LanyardClient daemon) throws IOException {
      return daemon.guests().loadSnapshot(guest, snapshot);
    }
  }

  /** {@code lanyard snapshot rm}. */
  @Command(name = "rm", description = "Removes a snapshot of a guest that is on.")
  static final class Rm extends Verb {
    @Override
    Reply<GuestInfo> ask(LanyardClient daemon) throws IOException {
      return daemon.guests().removeSnapshot(guest, snapshot);
    }
  }
}
