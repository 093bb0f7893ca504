package io.lanyard.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lanyard.base.PrintableText;
import io.lanyard.config.ByteSize;
import io.lanyard.control.client.HttpClient;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicBoolean;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code lanyard guest}. */
@Command(
    name = "guest",
    description = "Guests.",
    subcommands = {
      GuestCommand.Ls.class,
      GuestCommand.Show.class,
      GuestCommand.Start.class,
      GuestCommand.Stop.class,
      GuestCommand.Kill.class,
      GuestCommand.Reset.class,
      GuestCommand.Pause.class,
      GuestCommand.Resume.class,
      GuestCommand.ConsoleVerb.class
    })
final class GuestCommand {
  /** {@code lanyard guest ls}. */
  @Command(name = "ls", description = "Lists the guests.")
  static final class Ls implements Callable<Integer> {
    @Mixin Api api = new Api();
    @Mixin Output output = new Output();

    @Override
    public Integer call() {
      JsonNode guests = api.get("/v1/guests");
      if (!output.json()) {
        for (JsonNode guest : guests) {
          readable((ObjectNode) guest);
        }
      }
      output.table(
          guests,
          List.of(
              "name",
              "vmm",
              "state",
              "memory",
              "harts",
              "processorSeconds",
              "addresses",
              "reason"));
      return 0;
    }
  }

  /** Memory with its unit, and the addresses of all NICs. */
  private static void readable(ObjectNode guest) {
    guest.put("memory", new ByteSize(guest.path("memory").asLong()).toString());
    guest.put(
        "processorSeconds",
        String.format(Locale.ROOT, "%.1f", guest.path("processorSeconds").asDouble()));
    var addresses = guest.putArray("addresses");
    guest.path("nics").forEach(nic -> addresses.add(nic.path("address").asText()));
  }

  /** {@code lanyard guest show}. */
  @Command(name = "show", description = "Shows all about a guest.")
  static final class Show implements Callable<Integer> {
    @Mixin Api api = new Api();
    @Mixin Output output = new Output();

    @Parameters(paramLabel = "GUEST")
    String guest = "";

    @Override
    public Integer call() {
      output.properties(api.get(Api.path("guests", guest)));
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
        answer.connection().shutdownOutput();
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
