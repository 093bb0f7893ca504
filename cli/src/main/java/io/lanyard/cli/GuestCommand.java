package io.lanyard.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lanyard.base.PrintableText;
import io.lanyard.control.client.HttpClient;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicBoolean;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

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
        Noun.verb("console", ConsoleVerb.class));
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
    JsonNode list() {
      return api.get("/v1/guests");
    }

    @Override
    JsonNode shown(JsonNode guests) {
      return withAddresses(guests);
    }
  }

  /** Guests with the addresses of all NICs. */
  static JsonNode withAddresses(JsonNode guests) {
    for (JsonNode guest : guests) {
      if (guest instanceof ObjectNode object) {
        var addresses = object.putArray("addresses");
        guest.path("nics").forEach(nic -> addresses.add(nic.path("address").asText()));
      }
    }
    return guests;
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
      JsonNode info = api.get(Api.path("guests", guest));
      output.properties(Effective.withSettings(api, info, GuestChange.path(guest)));
      return Lanyard.DONE;
    }
  }

  /** A command to one guest. */
  abstract static class Verb implements Callable<Integer> {
    @Mixin Api api = new Api();
    @Mixin Output output = new Output();

    @Parameters(paramLabel = "GUEST")
    String guest = "";

    private final String verb;

    Verb(String verb) {
      this.verb = verb;
    }

    @Override
    public Integer call() {
      JsonNode info = api.post(Api.path("guests", guest, verb));
      if (output.json()) {
        output.print(info);
      } else {
        output.line(guest + ": " + PrintableText.of(info.path("state").asText()));
      }
      return 0;
    }
  }

  /** {@code lanyard guest start}. */
  @Command(name = "start", description = "Powers a guest on.")
  static final class Start extends Verb {
    Start() {
      super("start");
    }
  }

  /** {@code lanyard guest stop}. */
  @Command(name = "stop", description = "Presses a guest's power button.")
  static final class Stop extends Verb {
    Stop() {
      super("stop");
    }
  }

  /** {@code lanyard guest kill}. */
  @Command(name = "kill", description = "Powers a guest off at once.")
  static final class Kill extends Verb {
    Kill() {
      super("kill");
    }
  }

  /** {@code lanyard guest reset}. */
  @Command(name = "reset", description = "Presses a guest's reset button.")
  static final class Reset extends Verb {
    Reset() {
      super("reset");
    }
  }

  /** {@code lanyard guest pause}. */
  @Command(name = "pause", description = "Stops a guest's processors.")
  static final class Pause extends Verb {
    Pause() {
      super("pause");
    }
  }

  /** {@code lanyard guest resume}. */
  @Command(name = "resume", description = "Lets a paused guest go on.")
  static final class Resume extends Verb {
    Resume() {
      super("resume");
    }
  }

  /** {@code lanyard guest console}. */
  @Command(
      name = "console",
      description = "Attaches the terminal to a guest's serial console. Ctrl-] leaves.")
  static final class ConsoleVerb implements Callable<Integer> {
    /** As telnet and virsh have it. */
    private static final int LEAVE = 0x1d;

    @Mixin Api api = new Api();

    @Option(names = "--watch", description = "Only look: nothing typed reaches the guest.")
    boolean watch;

    @Parameters(paramLabel = "GUEST")
    String guest = "";

    @Override
    public Integer call() throws IOException, InterruptedException {
      String path = Api.path("guests", guest, "console");
      if (watch) {
        try (HttpClient.Answer answer = api.open("GET", path)) {
          copy(answer.body(), StandardOutput.raw());
        } catch (IOException e) {
          if (!StandardOutput.readerHasGone(e)) {
            throw e;
          }
        }
        return 0;
      }
      try (HttpClient.Answer answer = api.upgrade(path, "lanyard-console")) {
        boolean terminal = Terminal.isOn(0);
        AtomicBoolean left = new AtomicBoolean();
        Runnable restore = terminal ? Terminal.raw() : () -> {};
        Thread hook = new Thread(restore, "restore-terminal");
        Runtime.getRuntime().addShutdownHook(hook);
        if (terminal) {
          System.err.print("Connected to " + guest + ". Ctrl-] leaves.\r\n");
        }
        Thread.ofPlatform().daemon().name("keys").start(() -> type(answer, left));
        try {
          copy(answer.body(), StandardOutput.raw());
        } catch (IOException e) {
          // Closed by the keys' thread, or by the daemon.
        } finally {
          Runtime.getRuntime().removeShutdownHook(hook);
          restore.run();
        }
        if (terminal) {
          System.err.println();
        }
        if (terminal && !left.get()) {
          throw new Failure("the daemon has closed the console of " + guest);
        }
      }
      return 0;
    }

    private static void type(HttpClient.Answer answer, AtomicBoolean left) {
      byte[] keys = new byte[1024];
      try {
        int count;
        while ((count = System.in.read(keys)) >= 0) {
          for (int i = 0; i < count; i++) {
            if (keys[i] == LEAVE) {
              left.set(true);
              answer.out().write(keys, 0, i);
              answer.close();
              return;
            }
          }
          answer.out().write(keys, 0, count);
        }
        // The end of a script's input: what the guest answers is still shown for a moment.
        answer.endOutput();
      } catch (IOException e) {
        // The connection has ended, which the other thread sees too.
      }
    }
  }

  private static void copy(InputStream in, OutputStream out) throws IOException {
    byte[] bytes = new byte[16 * 1024];
    int count;
    while ((count = in.read(bytes)) >= 0) {
      out.write(bytes, 0, count);
      out.flush();
    }
  }
}
