package io.lanyard.cli;

import io.lanyard.base.PrintableText;
import io.lanyard.base.Signals;
import io.lanyard.control.api.EventInfo;
import io.lanyard.control.api.SnapshotInfo;
import io.lanyard.control.client.ByteStream;
import io.lanyard.control.client.DaemonEvent;
import io.lanyard.control.client.EventStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code lanyard guest console}. */
@Command(
    name = "console",
    description = {
      "Attaches the terminal to a guest's serial console. Ctrl-] leaves.",
      "It ends when the guest does.",
      "A guest with a virtio console hears how large the terminal is."
    })
final class GuestConsole implements Callable<Integer> {
  /** As telnet and virsh have it. */
  private static final int LEAVE = 0x1d;

  private static final Set<String> ON = Set.of("running", "paused");

  private static final Set<String> OFF = Set.of("stopped", "failed");

  /** The guest's last words are on the way when the event of its end comes. */
  private static final long LAST_WORDS_MILLIS = 300;

  @Mixin Api api = new Api();

  @Option(names = "--watch", description = "Only look: nothing typed reaches the guest.")
  boolean watch;

  @Option(
      names = "--wait",
      description = "Wait for a guest that is off, or not there yet, until it is on.")
  boolean waits;

  @Parameters(paramLabel = "GUEST")
  String guest = "";

  /** Why the guest has ended; null while it has not. */
  private volatile @Nullable String end;

  private volatile boolean isLeft;

  @Override
  public Integer call() throws IOException, InterruptedException {
    if (waits) {
      awaitStart();
    }
    boolean isTyped = !watch && Terminal.isOn(0);
    try (ByteStream console =
        api.ask(daemon ->
            watch ? daemon.guests().watchConsole(guest) : daemon.guests().console(guest))) {
      Thread.ofPlatform().daemon().name("guest").start(() -> awaitEnd(console));
      Runnable restore = isTyped ? Terminal.raw() : () -> {};
      Thread hook = new Thread(restore, "restore-terminal");
      Runtime.getRuntime().addShutdownHook(hook);
      if (isTyped) {
        System.err.print("Connected to " + guest + ". Ctrl-] leaves.\r\n");
        Thread.ofPlatform().daemon().name("window").start(this::followWindow);
      }
      if (!watch) {
        Thread.ofPlatform().daemon().name("keys").start(() -> type(console));
      }
      try {
        copy(console.in(), StandardOutput.raw());
      } catch (IOException e) {
        // Closed by another thread, or by the daemon; or nobody reads what is shown.
      } finally {
        Runtime.getRuntime().removeShutdownHook(hook);
        restore.run();
      }
    }
    if (isTyped) {
      System.err.println();
    }
    String why = end;
    if (why != null) {
      System.err.println(PrintableText.of("Guest " + guest + " has ended: " + why));
    } else if (isTyped && !isLeft) {
      throw new Failure("the daemon has closed the console of " + guest);
    }
    return Lanyard.DONE;
  }

  /** Returns when the guest is on. The first event of a stream is all that there is. */
  private void awaitStart() throws IOException {
    try (EventStream events = api.ask(daemon -> daemon.events("guest-changed", ""))) {
      boolean isSaid = false;
      while (true) {
        DaemonEvent event = events.next();
        boolean isOn =
            switch (event) {
              case DaemonEvent.Snapshot(_, SnapshotInfo all, _) ->
                  all.guests().stream()
                      .anyMatch(one -> one.name().equals(guest) && ON.contains(one.state()));
              case DaemonEvent.Change(_, EventInfo change, _) ->
                  change.subject().equals(guest)
                      && ON.contains(change.data().getOrDefault("to", ""));
              default -> false;
            };
        if (isOn) {
          return;
        }
        if (!isSaid && Terminal.isOn(2)) {
          System.err.println("Waiting for " + guest + ".");
          isSaid = true;
        }
      }
    }
  }

  /** Closes the console some time after the guest has ended. */
  private void awaitEnd(ByteStream console) {
    try (EventStream events = api.ask(daemon -> daemon.events("guest-changed", ""))) {
      while (end == null) {
        if (events.next() instanceof DaemonEvent.Change change
            && change.event().subject().equals(guest)
            && OFF.contains(change.event().data().getOrDefault("to", ""))) {
          end = change.event().data().getOrDefault("cause", "it is off");
        }
      }
      Thread.sleep(LAST_WORDS_MILLIS);
      console.close();
    } catch (IOException | Failure e) {
      // Without events the console stays until it is left, as that of a guest that is off.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Tells the guest how large the terminal is, now and each time that this changes. */
  private void followWindow() {
    Semaphore changes = new Semaphore(1);
    Signals.on("WINCH", changes::release);
    try {
      while (true) {
        changes.acquireUninterruptibly();
        int _ = changes.drainPermits(); // a window that is drawn larger tells each step
        int[] size = Terminal.size();
        if (size[0] > 0 && size[1] > 0) {
          api.order(daemon -> daemon.guests().resizeConsole(guest, size[1], size[0]));
        }
      }
    } catch (Failure e) {
      // A serial port has no size, and a guest or a daemon that is gone has none to tell.
    }
  }

  private void type(ByteStream console) {
    byte[] keys = new byte[1024];
    try {
      int count;
      while ((count = System.in.read(keys)) >= 0) {
        for (int i = 0; i < count; i++) {
          if (keys[i] == LEAVE) {
            isLeft = true;
            console.out().write(keys, 0, i);
            console.close();
            return;
          }
        }
        console.out().write(keys, 0, count);
      }
      // The end of a script's input: what the guest answers is still shown for a moment.
      console.finish();
    } catch (IOException e) {
      // The connection has ended, which the other thread sees too.
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
