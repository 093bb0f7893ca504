package io.lanyard.cli;

import io.lanyard.base.BuildVersion;
import io.lanyard.base.Causes;
import io.lanyard.base.Signals;
import io.lanyard.control.api.NetworkInfo;
import io.lanyard.control.api.PortInfo;
import io.lanyard.control.client.ByteStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * {@code lanyard extcap}: Wireshark's interface to programs that capture (extcap(4)). An interface
 * is a network, {@code lanyard-vmnet8}, or a port of one, {@code lanyard-vmnet8.web}: a network's
 * name has no dot.
 */
@Command(
    name = "extcap",
    description = {
      "Lists the networks and ports to Wireshark, and captures for it (extcap(4)).",
      "Wireshark runs it; the program lanyard-extcap beside this one goes into its directory:",
      "tshark -G folders names it, as /usr/lib/x86_64-linux-gnu/wireshark/extcap."
    })
final class ExtcapCommand implements Callable<Integer> {
  private static final String PREFIX = "lanyard-";

  /** LINKTYPE_ETHERNET. */
  private static final int ETHERNET = 1;

  @Mixin Api api = new Api();
  @Spec CommandSpec spec = CommandSpec.create();

  @Option(names = "--extcap-interfaces", description = "List the interfaces.")
  boolean interfaces;

  @Option(names = "--extcap-version", paramLabel = "VERSION", description = "Wireshark's version.")
  String version = "";

  @Option(names = "--extcap-dlts", description = "List an interface's types of links.")
  boolean dlts;

  @Option(names = "--extcap-config", description = "List an interface's options.")
  boolean config;

  @Option(names = "--capture", description = "Capture until the reader has gone.")
  boolean capture;

  @Option(names = "--extcap-interface", paramLabel = "NAME", description = "The interface.")
  String asked = "";

  @Option(names = "--fifo", paramLabel = "PATH", description = "Where the capture is written to.")
  @Nullable Path fifo;

  @Option(
      names = "--extcap-capture-filter",
      paramLabel = "FILTER",
      description = "Only frames that it matches. Without --capture: say whether it is right.")
  @Nullable String filter;

  @Option(
      names = "--last",
      paramLabel = "TIME",
      description = "What passed the port in this time until now, and no more.")
  String last = "";

  private final Output output = new Output();

  @Override
  public Integer call() {
    if (interfaces) {
      interfaces();
    } else if (dlts) {
      output.line("dlt {number=" + ETHERNET + "}{name=EN10MB}{display=Ethernet}");
    } else if (config) {
      config();
    } else if (capture) {
      capture();
    } else if (filter != null) {
      check(filter);
    } else {
      throw new ParameterException(
          spec.commandLine(),
          "Wireshark asks for one of --extcap-interfaces, --extcap-dlts, --extcap-config and"
              + " --capture");
    }
    return Lanyard.DONE;
  }

  /** Without a daemon there are none, which is no failure of Wireshark's. */
  private void interfaces() {
    output.line("extcap {version=" + BuildVersion.text() + "}{display=Lanyard}");
    List<NetworkInfo> networks;
    List<PortInfo> ports;
    try {
      networks = api.ask(daemon -> daemon.networks().list()).value();
      ports = api.ask(daemon -> daemon.networks().ports("")).value();
    } catch (Failure e) {
      System.err.println("lanyard: " + e.text());
      return;
    }
    for (NetworkInfo network : networks) {
      String name = network.name();
      output.line(
          "interface {value=%s%s}{display=Lanyard: network %s}".formatted(PREFIX, name, name));
      for (PortInfo port : ports) {
        if (port.network().equals(name)) {
          output.line(
              "interface {value=%s%s.%s}{display=Lanyard: %s/%s, %s, %s}"
                  .formatted(
                      PREFIX, name, port.name(), name, port.name(), port.kind(), port.state()));
        }
      }
    }
  }

  private void config() {
    if (!port().isEmpty()) {
      output.line(
          "arg {number=0}{call=--last}{display=Only what has passed in the last}"
              + "{tooltip=A time such as 30s; the network keeps frames where its key history says"
              + " so}{type=string}{placeholder=30s}{required=false}");
    }
  }

  private String network() {
    String name = asked.startsWith(PREFIX) ? asked.substring(PREFIX.length()) : "";
    int dot = name.indexOf('.');
    String network = dot < 0 ? name : name.substring(0, dot);
    if (network.isEmpty()) {
      throw new ParameterException(
          spec.commandLine(),
          "expected --extcap-interface " + PREFIX + "NETWORK or " + PREFIX + "NETWORK.PORT");
    }
    return network;
  }

  private String port() {
    String rest = asked.substring(PREFIX.length() + network().length());
    return rest.isEmpty() ? "" : rest.substring(1);
  }

  private void capture() {
    Path to = fifo;
    if (to == null) {
      throw new ParameterException(spec.commandLine(), "--capture needs --fifo");
    }
    try (ByteStream stream = begin(filter == null ? "" : filter);
        OutputStream out = new FileOutputStream(to.toFile())) {
      for (String signal : List.of("INT", "TERM")) {
        Signals.on(signal, () -> end(stream));
      }
      stream.in().transferTo(out);
    } catch (IOException e) {
      if (!StandardOutput.readerHasGone(e)) {
        throw new Failure("the capture broke off: " + Causes.of(e));
      }
    }
  }

  private ByteStream begin(String expression) {
    String network = network();
    String port = port();
    return api.ask(daemon ->
        last.isEmpty()
            ? daemon.networks().capture(network, port, expression)
            : daemon.networks().lastFrames(network, port, last, expression));
  }

  /** Prints what is wrong with a filter; nothing for one that is right. */
  private void check(String expression) {
    last = "";
    try (ByteStream _ = begin(expression)) {
      // The daemon has compiled it.
    } catch (Failure e) {
      output.line(e.text());
    } catch (IOException e) {
      output.line(Causes.of(e));
    }
  }

  private static void end(ByteStream stream) {
    try {
      stream.finish();
    } catch (IOException e) {
      // It has ended by itself.
    }
  }
}
