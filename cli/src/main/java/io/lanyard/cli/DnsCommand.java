package io.lanyard.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.lanyard.config.DocumentPath;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code lanyard dns}. */
final class DnsCommand {
  private DnsCommand() {}

  static Noun noun() {
    return Noun.of(
        "dns",
        "Names that a network's DNS knows.",
        Noun.verb("ls", Ls.class),
        Noun.verb("add", Add.class),
        Noun.verb("set", Set.class),
        Noun.verb("rm", Rm.class));
  }

  private static DocumentPath path(String network, String name) {
    return DocumentPath.of("networks", network, "dns", "hosts", name);
  }

  /** {@code lanyard dns ls}. */
  @Command(
      name = "ls",
      description = "Lists the names of dns.hosts; guests and reservations have theirs beside it.")
  static final class Ls extends ListCommand {
    private static final int STEPS = 5;

    @Option(names = "--network", paramLabel = "NETWORK", description = "Of this network only.")
    @Nullable String network;

    Ls() {
      super("network", "name", "address", "origin");
    }

    @Override
    JsonNode list() {
      ArrayNode list = JsonNodeFactory.instance.arrayNode();
      for (Effective.Value value : Effective.of(api, false).values()) {
        List<String> steps = value.path().steps();
        if (steps.size() == STEPS
            && steps.get(0).equals("networks")
            && steps.get(2).equals("dns")
            && steps.get(3).equals("hosts")
            && (network == null || network.equals(steps.get(1)))) {
          list.addObject()
              .put("network", steps.get(1))
              .put("name", steps.get(4))
              .put("origin", value.origin())
              .set("address", Edits.value(value.text()));
        }
      }
      return list;
    }
  }

  /** The parameters of a name and its address. */
  static final class NameAndAddress {
    @Parameters(index = "0", paramLabel = "NETWORK")
    String network = "";

    @Parameters(index = "1", paramLabel = "NAME", description = "Without the domain.")
    String name = "";

    @Parameters(index = "2", paramLabel = "ADDRESS")
    String address = "";
  }

  /** {@code lanyard dns add}. */
  @Command(
      name = "add",
      description = {
        "Adds a name.",
        "For example: lanyard dns add vmnet8 printer 192.168.127.9",
      })
  static final class Add implements Callable<Integer> {
    @Mixin Change change = new Change();
    @Mixin NameAndAddress its = new NameAndAddress();

    @Override
    public Integer call() {
      DocumentPath path = path(its.network, its.name);
      return change.add("the name", path, new Edits().set(path, its.address));
    }
  }

  /** {@code lanyard dns set}. */
  @Command(name = "set", description = "Gives a name another address.")
  static final class Set implements Callable<Integer> {
    @Mixin Change change = new Change();
    @Mixin NameAndAddress its = new NameAndAddress();

    @Override
    public Integer call() {
      DocumentPath path = path(its.network, its.name);
      return change.change(
          "DNS name " + its.name + " on network " + its.network,
          path,
          new Edits().set(path, its.address));
    }
  }

  /** {@code lanyard dns rm}. */
  @Command(name = "rm", description = "Removes a name.")
  static final class Rm implements Callable<Integer> {
    @Mixin Change change = new Change();

    @Parameters(index = "0", paramLabel = "NETWORK")
    String network = "";

    @Parameters(index = "1", paramLabel = "NAME")
    String name = "";

    @Override
    public Integer call() {
      DocumentPath path = path(network, name);
      return change.change(
          "DNS name " + name + " on network " + network, path, new Edits().remove(path));
    }
  }
}
