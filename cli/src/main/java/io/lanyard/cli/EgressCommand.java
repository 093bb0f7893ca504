package io.lanyard.cli;

import io.lanyard.config.DocumentPath;
import io.lanyard.control.api.EgressTestInfo;
import io.lanyard.control.api.PortInfo;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code lanyard egress}. */
final class EgressCommand {
  private EgressCommand() {}

  static Noun noun() {
    return Noun.of(
        "egress",
        "Where a network's guests may go.",
        Noun.verb("show", Show.class),
        Noun.verb("set", Set.class),
        Noun.verb("test", Test.class));
  }

  private static DocumentPath path(String network) {
    return DocumentPath.of("networks", network, "egress");
  }

  /** {@code lanyard egress show}. */
  @Command(
      name = "show",
      description = {
        "Shows the rules of a network, in the order in which they decide: those of a port or a"
            + " guest, then those of its port group, then the network's.",
        "The host's own addresses, other networks and link-local addresses are denied unless a"
            + " rule says otherwise."
      })
  static final class Show implements Callable<Integer> {
    @Mixin Api api = new Api();
    @Mixin Output output = new Output();

    @Parameters(paramLabel = "NETWORK")
    String network = "";

    /** A setting of the egress of a port, a guest, a port group or the network. */
    record Rule(String level, String key, String value, String origin) {}

    @Override
    public Integer call() {
      Effective all = Effective.of(api, true);
      List<Rule> list = new ArrayList<>();
      levels(all)
          .forEach((egress, level) -> {
            for (Effective.Value value : all.below(egress)) {
              String key = value.key(egress);
              if (!key.isEmpty()) { // Without a key nothing is said there.
                list.add(new Rule(level, key, value.text(), value.origin()));
              }
            }
          });
      if (list.isEmpty()) {
        // The daemon says it better if there is no such network.
        var _ = api.ask(daemon -> daemon.networks().get(network));
      }
      output.table(list, List.of("level", "key", "value", "origin"));
      return Lanyard.DONE;
    }

    /**
     * The places of all that may have rules, in the order in which they decide, with their names.
     */
    private Map<DocumentPath, String> levels(Effective all) {
      Map<DocumentPath, String> levels = new LinkedHashMap<>();
      Map<DocumentPath, String> guests = new LinkedHashMap<>();
      Map<DocumentPath, String> groups = new LinkedHashMap<>();
      for (Effective.Value value : all.values()) {
        List<String> steps = value.path().steps();
        if (steps.size() < 4) {
          continue;
        }
        String name = steps.get(3);
        if (steps.getFirst().equals("guests")) {
          if (steps.get(2).equals("nics")
              && steps.getLast().equals("network")
              && network.equals(Edits.value(value.text()))) {
            String guest = steps.get(1);
            guests.put(egress(Target.guest(guest)), "guest " + guest);
          }
        } else if (steps.getFirst().equals("networks") && steps.get(1).equals(network)) {
          switch (steps.get(2)) {
            case "ports" -> levels.put(egress(Target.port(network, name)), "port " + name);
            case "port-groups" ->
                groups.put(egress(Target.portGroup(network, name)), "port group " + name);
            default -> {
              // It has no rules of its own.
            }
          }
        }
      }
      levels.putAll(guests);
      levels.putAll(groups);
      levels.put(path(network), "network");
      return levels;
    }

    private static DocumentPath egress(Target target) {
      return target.path().child("egress");
    }
  }

  /** {@code lanyard egress test}. */
  @Command(
      name = "test",
      description = {
        "Says what would become of a guest's flow, and by which rule.",
        "The daemon asks for the name itself; the guest need not run. Without a port it is 443.",
        "Exit code 0 if an address would be reached, 1 if none would.",
        "For example: lanyard egress test web deb.debian.org:443",
        "             lanyard egress test web 198.51.100.7:80 --in"
      })
  static final class Test implements Callable<Integer> {
    @Mixin Api api = new Api();
    @Mixin Output output = new Output();

    @Parameters(
        index = "0",
        paramLabel = "GUEST|PORT",
        description = "A guest, a port, or NETWORK/PORT.")
    String from = "";

    @Parameters(
        index = "1",
        paramLabel = "NAME[:PORT]|ADDRESS[:PORT]",
        description = "Where to. An IPv6 address with a port stands in brackets.")
    String to = "";

    @Option(
        names = "--protocol",
        paramLabel = "PROTOCOL",
        description = "tcp, udp or icmp; ${DEFAULT-VALUE} unless said.")
    String protocol = "tcp";

    @Option(
        names = "--in",
        description = {
          "Asks about a flow that comes in by a forward: ADDRESS is the client's, and PORT the"
              + " guest's."
        })
    boolean inward;

    @Override
    public Integer call() {
      List<PortInfo> ports =
          api.ask(daemon -> daemon.networks().ports("")).value().stream()
              .filter(this::isMeant)
              .toList();
      if (ports.isEmpty()) {
        throw new Failure(
            "there is no guest or port " + from,
            "\"lanyard port ls\" lists the ports; a port is named PORT or NETWORK/PORT");
      }
      List<EgressTestInfo> answers = new ArrayList<>();
      for (PortInfo port : ports) {
        answers.addAll(
            api.ask(daemon ->
                    daemon
                        .networks()
                        .testEgress(port.network(), port.name(), to, protocol, inward ? "in" : ""))
                .value());
      }
      output.table(answers, List.of("network", "port", "address", "service", "verdict", "reason"));
      return answers.stream().allMatch(answer -> answer.verdict().equals("deny"))
          ? Lanyard.FAILED
          : Lanyard.DONE;
    }

    /** Whether a port is meant: by its name, with its network's before it, or by its guest's. */
    private boolean isMeant(PortInfo port) {
      return port.name().equals(from)
          || from.equals(port.network() + "/" + port.name())
          || port.name().matches(Pattern.quote(from) + "\\.nic[0-9]+");
    }
  }

  /** {@code lanyard egress set}. */
  @Command(
      name = "set",
      description = {
        "Changes the rules of a network.",
        "Keys are default and rules, or one of the rules: rules[0]='{deny: 10.0.0.0/8}'.",
        "For example: lanyard egress set vmnet8 default=deny 'rules=[{allow: 192.0.2.0/24:443}]'"
      })
  static final class Set extends SetCommand.OfOneName {
    @Parameters(index = "0", paramLabel = "NETWORK")
    String network = "";

    @Override
    Target target() {
      return Target.network(network);
    }

    @Override
    DocumentPath base(Target target) {
      return path(network);
    }
  }
}
