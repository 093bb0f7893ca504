package io.lanyard.cli;

import io.lanyard.control.api.GuestInfo;
import io.lanyard.control.api.GuestSnapshotInfo;
import io.lanyard.control.client.LanyardClient;
import io.lanyard.control.client.Reply;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
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
  @Command(
      name = "ls",
      description = "Lists the snapshots of a guest, or of all guests, the oldest first.")
  static final class Ls extends ListCommand {
    /** The reasons for which a guest has no snapshots, and no others fail for it. */
    private static final Set<String> WITHOUT_SNAPSHOTS =
        Set.of(GuestSnapshotInfo.NONE, GuestSnapshotInfo.IN_NO_STATE);

    /** The guest was removed since it was listed. */
    private static final int NOT_FOUND = 404;

    @Parameters(paramLabel = "GUEST", arity = "0..1", description = "Of this guest only.")
    @Nullable String guest;

    Ls() {
      super("guest", "name", "taken", "memory");
    }

    /** A snapshot with its guest, as all commands list it. */
    record OfGuest(String guest, String name, String taken, long memory) {}

    @Override
    Reply<? extends List<?>> list() {
      return Reply.of(guest == null ? ofAll() : of(guest));
    }

    private List<OfGuest> ofAll() {
      List<OfGuest> all = new ArrayList<>();
      for (GuestInfo one : api.ask(daemon -> daemon.guests().list()).value()) {
        try {
          all.addAll(of(one.name()));
        } catch (Failure e) {
          if (e.toJson().status() != NOT_FOUND && !WITHOUT_SNAPSHOTS.contains(e.reason())) {
            throw e;
          }
        }
      }
      return all;
    }

    private List<OfGuest> of(String name) {
      return api.ask(daemon -> daemon.guests().snapshots(name)).value().stream()
          .map(one -> new OfGuest(name, one.name(), one.taken(), one.memory()))
          .toList();
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
