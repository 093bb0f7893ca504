package io.lanyard.cli;

import io.lanyard.control.client.ByteStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicBoolean;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code lanyard guest console}. */
@Command(
    name = "console",
    description = "Attaches the terminal to a guest's serial console. Ctrl-] leaves.")
final class GuestConsole implements Callable<Integer> {
  /** As telnet and virsh have it. */
  private static final int LEAVE = 0x1d;

  @Mixin Api api = new Api();

  @Option(names = "--watch", description = "Only look: nothing typed reaches the guest.")
  boolean watch;

  @Parameters(paramLabel = "GUEST")
  String guest = "";

  @Override
  public Integer call() throws IOException, InterruptedException {
    if (watch) {
      try (ByteStream console = api.ask(daemon -> daemon.watchConsole(guest))) {
        copy(console.in(), StandardOutput.raw());
      } catch (IOException e) {
        if (!StandardOutput.readerHasGone(e)) {
          throw e;
        }
      }
      return Lanyard.DONE;
    }
    try (ByteStream console = api.ask(daemon -> daemon.console(guest))) {
      boolean terminal = Terminal.isOn(0);
      AtomicBoolean left = new AtomicBoolean();
      Runnable restore = terminal ? Terminal.raw() : () -> {};
      Thread hook = new Thread(restore, "restore-terminal");
      Runtime.getRuntime().addShutdownHook(hook);
      if (terminal) {
        System.err.print("Connected to " + guest + ". Ctrl-] leaves.\r\n");
      }
      Thread.ofPlatform().daemon().name("keys").start(() -> type(console, left));
      try {
        copy(console.in(), StandardOutput.raw());
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
    return Lanyard.DONE;
  }

  private static void type(ByteStream console, AtomicBoolean left) {
    byte[] keys = new byte[1024];
    try {
      int count;
      while ((count = System.in.read(keys)) >= 0) {
        for (int i = 0; i < count; i++) {
          if (keys[i] == LEAVE) {
            left.set(true);
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
