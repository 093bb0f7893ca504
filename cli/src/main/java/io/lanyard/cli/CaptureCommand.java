package io.lanyard.cli;

import io.lanyard.base.Causes;
import io.lanyard.base.Signals;
import io.lanyard.control.client.ByteStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code lanyard capture}. */
@Command(
    name = "capture",
    description = {
      "Writes what passes a network, or one of its ports, as pcapng, until Ctrl-C.",
      "For example: lanyard capture vmnet8 | wireshark -k -i -"
    })
final class CaptureCommand implements Callable<Integer> {
  @Mixin Api api = new Api();
  @Spec CommandSpec spec = CommandSpec.create();

  @Option(
      names = {"-w", "--write"},
      paramLabel = "FILE",
      description = "Where to; - is standard output, which is the default when it is no terminal.")
  @Nullable String file;

  @Parameters(paramLabel = "NETWORK[/PORT]")
  String target = "";

  @Override
  public Integer call() throws IOException {
    if (file == null && Terminal.isOn(1)) {
      throw new ParameterException(
          spec.commandLine(), "a capture is binary: give a file with -w, or pipe it to a program");
    }
    int slash = target.indexOf('/');
    if (slash == 0 || slash == target.length() - 1 || target.isEmpty()) {
      throw new ParameterException(
          spec.commandLine(), "expected NETWORK or NETWORK/PORT: \"" + target + "\"");
    }
    String network = slash < 0 ? target : target.substring(0, slash);
    String port = slash < 0 ? "" : target.substring(slash + 1);
    try (ByteStream capture = api.ask(daemon -> daemon.capture(network, port));
        OutputStream out = output()) {
      AtomicBoolean ending = new AtomicBoolean();
      for (String signal : List.of("INT", "TERM")) {
        Signals.on(signal, () -> end(capture, ending));
      }
      copy(capture.in(), out);
    }
    return Lanyard.DONE;
  }

  private OutputStream output() {
    if (file == null || file.equals("-")) {
      return StandardOutput.raw();
    }
    try {
      return Files.newOutputStream(Path.of(file));
    } catch (NoSuchFileException e) {
      throw new Failure("cannot write " + file + ": its directory is not there");
    } catch (IOException e) {
      throw unwritable(e);
    }
  }

  private void copy(InputStream in, OutputStream out) {
    byte[] bytes = new byte[16 * 1024];
    while (true) {
      int count;
      try {
        count = in.read(bytes);
      } catch (IOException e) {
        throw new Failure(
            "the connection to the daemon broke: " + Causes.of(e),
            "what was captured before that is written");
      }
      if (count < 0) {
        return;
      }
      try {
        out.write(bytes, 0, count);
        out.flush();
      } catch (IOException e) {
        if (StandardOutput.readerHasGone(e)) {
          return;
        }
        throw unwritable(e);
      }
    }
  }

  private Failure unwritable(IOException e) {
    String where = file == null || file.equals("-") ? "standard output" : file;
    return new Failure("cannot write " + where + ": " + Causes.of(e));
  }

  /** The first signal asks the daemon for the end of the file, the second is impatient. */
  private static void end(ByteStream capture, AtomicBoolean ending) {
    if (ending.getAndSet(true)) {
      Runtime.getRuntime().halt(Lanyard.FAILED);
    }
    try {
      capture.finish();
    } catch (IOException e) {
      // It has ended by itself.
    }
  }
}
