package io.lanyard.cli;

import io.lanyard.base.Causes;
import io.lanyard.base.Signals;
import io.lanyard.config.ByteSize;
import io.lanyard.control.client.ByteStream;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
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
      "What it does and how much it took is said on standard error.",
      "For example: lanyard capture vmnet8 | wireshark -k -i -",
      "             lanyard capture vmnet8/web -w web.pcapng --filter 'tcp port 80' --count 100",
      "             lanyard capture vmnet8 -w ring.pcapng --rotate 10M --files 5",
      "             lanyard capture vmnet8/web --last 30s -w before.pcapng"
    })
final class CaptureCommand implements Callable<Integer> {
  @Mixin Api api = new Api();
  @Spec CommandSpec spec = CommandSpec.create();

  @Option(
      names = {"-w", "--write"},
      paramLabel = "FILE",
      description = "Where to; - is standard output, which is the default when it is no terminal.")
  @Nullable String file;

  @Option(
      names = "--filter",
      paramLabel = "FILTER",
      description =
          "Only frames that it matches, as tcpdump's expressions say it (pcap-filter(7)): 'tcp port"
              + " 80 and not src host 10.0.0.1', 'vlan 20 and arp'.")
  String filter = "";

  @Option(
      names = "--last",
      paramLabel = "TIME",
      description =
          "What passed the port in this time until now, and no more; the network keeps it where its"
              + " key history says so.")
  String last = "";

  @Option(
      names = {"-c", "--count"},
      paramLabel = "N",
      description = "End after this many frames.")
  @Nullable Long count;

  @Option(
      names = "--max-size",
      paramLabel = "SIZE",
      description = "End before the files have more than this, such as 100M.")
  @Nullable String maxSize;

  @Option(
      names = "--rotate",
      paramLabel = "SIZE",
      description = "Begin another file before one has more than this: FILE.1, FILE.2, ...")
  @Nullable String rotate;

  @Option(names = "--files", paramLabel = "N", description = "Keep only the last N of these files.")
  @Nullable Integer files;

  @Option(
      names = {"-q", "--quiet"},
      description = "Say nothing but errors.")
  boolean quiet;

  @Parameters(paramLabel = "NETWORK[/PORT]")
  String target = "";

  @Override
  public Integer call() {
    int slash = target.indexOf('/');
    check(slash);
    String network = slash < 0 ? target : target.substring(0, slash);
    String port = slash < 0 ? "" : target.substring(slash + 1);
    CaptureFiles.Limits limits = limits();
    try (ByteStream capture =
            api.ask(daemon ->
                last.isEmpty()
                    ? daemon.networks().capture(network, port, filter)
                    : daemon.networks().lastFrames(network, port, last, filter));
        CaptureFiles out = CaptureFiles.open(file == null ? "-" : file, limits)) {
      AtomicBoolean ending = new AtomicBoolean();
      for (String signal : List.of("INT", "TERM")) {
        Signals.on(signal, () -> end(capture, ending));
      }
      say(
          (last.isEmpty() ? "Capturing " : "Writing the last " + last + " of ")
              + target
              + (filter.isEmpty() ? "" : ", " + filter)
              + ", to "
              + out.name());
      if (last.isEmpty() && Terminal.isOn(2) && count == null && limits.total() == Long.MAX_VALUE) {
        say("Ctrl-C ends it.");
      }
      copy(capture.in(), out);
      say(out.summary());
    } catch (IOException e) {
      throw new Failure("cannot end the capture: " + Causes.of(e));
    }
    return Lanyard.DONE;
  }

  private void say(String text) {
    if (!quiet) {
      System.err.println(text);
    }
  }

  private void check(int slash) {
    boolean isFile = file != null && !file.equals("-");
    if (file == null && Terminal.isOn(1)) {
      throw misused("a capture is binary: give a file with -w, or pipe it to a program");
    }
    if (slash == 0 || slash == target.length() - 1 || target.isEmpty()) {
      throw misused("expected NETWORK or NETWORK/PORT: \"" + target + "\"");
    }
    if (!last.isEmpty() && slash < 0) {
      throw misused("--last is of a port: NETWORK/PORT");
    }
    if (rotate != null && !isFile) {
      throw misused("--rotate needs a file: -w FILE");
    }
    if (files != null && (rotate == null || files < 1)) {
      throw misused("--files needs --rotate, and a number from 1");
    }
    if (count != null && count < 1) {
      throw misused("--count needs a number from 1");
    }
  }

  private ParameterException misused(String what) {
    return new ParameterException(spec.commandLine(), what);
  }

  private CaptureFiles.Limits limits() {
    return new CaptureFiles.Limits(
        count == null ? Long.MAX_VALUE : count,
        size(maxSize),
        size(rotate),
        files == null ? Integer.MAX_VALUE : files);
  }

  private long size(@Nullable String text) {
    if (text == null) {
      return Long.MAX_VALUE;
    }
    try {
      return Math.max(CaptureFiles.LEAST_SIZE, ByteSize.parse(text).bytes());
    } catch (IllegalArgumentException e) {
      throw misused(
          "expected a size with K, M, G or T behind it, such as 10M, found "
              + text
              + ": "
              + e.getMessage());
    }
  }

  /** Copies until the capture ends, has what was asked for, or its reader has gone. */
  static void copy(InputStream capture, CaptureFiles out) {
    PcapngBlocks blocks = new PcapngBlocks(new BufferedInputStream(capture, 1 << 16));
    try {
      boolean goes = true;
      while (goes) {
        // Flush before waiting for more: a viewer wants to see what has come.
        if (!fromDaemon(blocks::hasMore, out)) {
          out.flush();
        }
        PcapngBlocks.Block block = fromDaemon(blocks::next, out);
        goes = block != null && out.take(block);
      }
    } catch (IOException e) {
      if (!StandardOutput.readerHasGone(e)) {
        throw new Failure("cannot write " + out.name() + ": " + Causes.of(e));
      }
    }
  }

  /** Something that is read from the daemon. */
  @FunctionalInterface
  private interface Reading<T extends @Nullable Object> {
    T read() throws IOException;
  }

  private static <T extends @Nullable Object> T fromDaemon(Reading<T> reading, CaptureFiles out) {
    try {
      return reading.read();
    } catch (IOException e) {
      throw new Failure(
          "the connection to the daemon broke: " + Causes.of(e),
          "what was captured before that is written: " + out.summary());
    }
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
