package io.lanyard.cli;

import io.lanyard.control.client.Reply;
import java.util.ArrayList;
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

  /** A name, as the list has it. */
  record Name(String network, String name, String address, String origin) {}

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
    Reply<List<Name>> list() {
      List<Name> list = new ArrayList<>();
      for (Effective.Value value : Effective.of(api, false).values()) {
        List<String> steps = value.path().steps();
        if (steps.size() == STEPS
            && steps.get(0).equals("networks")
            && steps.get(2).equals("dns")
            && steps.get(3).equals("hosts")
            && (network == null || network.equals(steps.get(1)))) {
          list.add(new Name(steps.get(1), steps.get(4), Edits.text(value.text()), value.origin()));
        }
      }
      return Reply.of(list);
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
      Target target = Target.dnsName(its.network, its.name);
      return change.add(target, new Edits().set(target.path(), its.address));
    }
  }

  /** {@code lanyard dns set}. */
  @Command(name = "set", description = "Gives a name another address.")
  static final class Set implements Callable<Integer> {
    @Mixin Change change = new Change();
    @Mixin NameAndAddress its = new NameAndAddress();

    @Override
    public Integer call() {
      Target target = Target.dnsName(its.network, its.name);
      return change.change(target, new Edits().set(target.path(), its.address));
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
      return change.remove(Target.dnsName(network, name));
    }
  }
}
