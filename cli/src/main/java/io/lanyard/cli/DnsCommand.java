package io.lanyard.cli;

import io.lanyard.base.Nearest;
import io.lanyard.config.DocumentPath;
import io.lanyard.control.client.Reply;
import io.lanyard.net.Address;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/**
 * {@code lanyard dns}.
 *
 * <p>One IPv4 address of a name is in {@code dns.hosts}; everything else is in {@code dns.records},
 * an IPv4 address too where its type is said.
 */
final class DnsCommand {
  private static final List<String> TYPES = List.of("a", "aaaa", "cname", "srv", "txt", "ptr");

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

  /** A record, as the list has it. */
  record Listed(String network, String name, String type, String value, String origin) {}

  /** A record of the configuration, and where it is. */
  private record Found(Listed listed, DocumentPath path) {
    boolean is(String name, @Nullable String type, @Nullable String value) {
      return listed.name().equalsIgnoreCase(name)
          && (type == null || listed.type().equalsIgnoreCase(type))
          && (value == null || path.equals(of(listed.network(), name, listed.type(), value)));
    }

    private DocumentPath of(String network, String name, String type, String value) {
      return isHost()
          ? listed.value().equals(value) ? path : DocumentPath.of("networks", network)
          : Target.dnsRecord(network, name + "/" + type + "/" + value).path();
    }

    boolean isHost() {
      return path.steps().get(3).equals("hosts");
    }
  }

  private static List<Found> found(Effective present, String network) {
    List<Found> all = new ArrayList<>();
    Map<DocumentPath, String> names = new LinkedHashMap<>();
    for (Effective.Value value : present.values()) {
      List<String> steps = value.path().steps();
      if (steps.size() < 5
          || !steps.get(0).equals("networks")
          || !steps.get(2).equals("dns")
          || (!network.isEmpty() && !network.equals(steps.get(1)))) {
        continue;
      }
      String text = Edits.text(value.text());
      String last = steps.getLast();
      DocumentPath path = new DocumentPath(steps.subList(0, 5));
      if (steps.size() == 5 && steps.get(3).equals("hosts")) {
        all.add(new Found(new Listed(steps.get(1), steps.get(4), "a", text, value.origin()), path));
      } else if (steps.size() == 6 && steps.get(3).equals("records")) {
        if (last.equals("name")) {
          names.put(path, text);
        } else {
          all.add(new Found(new Listed(steps.get(1), "", last, text, value.origin()), path));
        }
      }
    }
    all.replaceAll(each -> each.isHost() ? each : named(each, names));
    return all;
  }

  private static Found named(Found found, Map<DocumentPath, String> names) {
    Listed its = found.listed();
    String name = names.getOrDefault(found.path(), "");
    return new Found(
        new Listed(its.network(), name, its.type(), its.value(), its.origin()), found.path());
  }

  /** {@code lanyard dns ls}. */
  @Command(
      name = "ls",
      description =
          "Lists the names of dns.hosts and dns.records; guests and reservations have theirs"
              + " beside them.")
  static final class Ls extends ListCommand {
    @ArgGroup ListCommand.OfNetwork.Asked asked = new ListCommand.OfNetwork.Asked();

    Ls() {
      super("network", "name", "type", "value", "origin");
    }

    @Override
    Reply<List<Listed>> list() {
      return Reply.of(
          found(Effective.of(api, false), asked.network()).stream().map(Found::listed).toList());
    }
  }

  /** The parameters of a record. */
  static final class Said {
    @Parameters(index = "0", paramLabel = "NETWORK")
    String network = "";

    @Parameters(
        index = "1",
        paramLabel = "NAME",
        description = "Below the domain unless it ends with a dot; *.NAME is for all below NAME.")
    String name = "";

    @Parameters(
        index = "2..*",
        arity = "1..*",
        paramLabel = "[TYPE] VALUE",
        description = "An address; or a, aaaa, cname, srv, txt or ptr and what the record says.")
    List<String> words = List.of();

    /** The type that is said; null for none. */
    private @Nullable String type() {
      String first = words.getFirst().toLowerCase(Locale.ROOT);
      if (TYPES.contains(first) && words.size() > 1) {
        return first;
      }
      if (words.size() > 1 && isAddress(first)) {
        String other = words.get(1);
        throw Failure.ofUsage(
            "a command takes one address",
            "give a name another one with its type: lanyard dns add %s %s %s %s"
                .formatted(network, name, other.contains(":") ? "aaaa" : "a", other));
      }
      if (words.size() > 1) {
        String nearest = Nearest.to(first, TYPES);
        throw Failure.ofUsage(
            "there is no type of record " + words.getFirst(),
            nearest == null
                ? "the types are " + String.join(", ", TYPES)
                : "did you mean " + nearest + "?");
      }
      return null;
    }

    private static boolean isAddress(String word) {
      try {
        return !Address.parse(word).toString().isEmpty();
      } catch (IllegalArgumentException e) {
        return false;
      }
    }

    /** The type that is said, or that the address has. */
    String usualType() {
      String type = type();
      return type != null ? type : value().contains(":") ? "aaaa" : "a";
    }

    String value() {
      return String.join(" ", type() == null ? words : words.subList(1, words.size()));
    }

    /** Where the record is. */
    Target target() {
      return type() == null && usualType().equals("a")
          ? Target.dnsName(network, name)
          : Target.dnsRecord(network, name + "/" + usualType() + "/" + value());
    }

    /** The record as the file has it. */
    Object said() {
      if (type() == null && usualType().equals("a")) {
        return value();
      }
      Map<String, String> record = new LinkedHashMap<>();
      record.put("name", name);
      record.put(usualType(), value());
      return record;
    }
  }

  /** {@code lanyard dns add}. */
  @Command(
      name = "add",
      description = {
        "Adds a name, or another record of a name.",
        "For example: lanyard dns add vmnet8 printer 192.168.127.9",
        "             lanyard dns add vmnet8 www cname printer",
        "             lanyard dns add vmnet8 _ipp._tcp srv 10 5 631 printer",
      })
  static final class Add implements Callable<Integer> {
    @Mixin Change change = new Change();
    @Mixin Said its = new Said();

    @Override
    public Integer call() {
      Target target = its.target();
      return change.add(target, new Edits().set(target.path(), its.said()));
    }
  }

  /** {@code lanyard dns set}. */
  @Command(
      name = "set",
      description = {
        "Gives a name another address, or one record of a type in place of those that it has.",
        "For example: lanyard dns set vmnet8 www cname web"
      })
  static final class Set implements Callable<Integer> {
    @Mixin Change change = new Change();
    @Mixin Said its = new Said();

    @Override
    public Integer call() {
      Target target = its.target();
      return change.make(present -> {
        List<Found> before =
            found(present, its.network).stream()
                .filter(each -> each.is(its.name, its.usualType(), null))
                .toList();
        if (before.isEmpty()) {
          throw none(its.network, its.name, its.usualType());
        }
        Edits edits = new Edits();
        before.stream()
            .filter(each -> !each.path().equals(target.path()))
            .forEach(each -> edits.remove(each.path()));
        return edits.set(target.path(), its.said());
      });
    }
  }

  /** {@code lanyard dns rm}. */
  @Command(
      name = "rm",
      description = {
        "Removes a name with all its records, or those of a type, or one.",
        "For example: lanyard dns rm vmnet8 www cname",
      })
  static final class Rm implements Callable<Integer> {
    @Mixin Change change = new Change();

    @Parameters(index = "0", paramLabel = "NETWORK")
    String network = "";

    @Parameters(index = "1", paramLabel = "NAME")
    String name = "";

    @Parameters(index = "2", arity = "0..1", paramLabel = "TYPE")
    @Nullable String type;

    @Parameters(index = "3..*", arity = "0..*", paramLabel = "VALUE")
    List<String> value = List.of();

    @Override
    public Integer call() {
      String text = value.isEmpty() ? null : String.join(" ", value);
      return change.make(present -> {
        Edits edits = new Edits();
        found(present, network).stream()
            .filter(each -> each.is(name, type, text))
            .forEach(each -> edits.remove(each.path()));
        if (edits.isEmpty()) {
          throw none(network, name, type);
        }
        return edits;
      });
    }
  }

  private static Failure none(String network, String name, @Nullable String type) {
    String what = type == null ? "DNS name " : type.toUpperCase(Locale.ROOT) + " record of ";
    return new Failure(
        "the configuration has no " + what + name + " on network " + network,
        "\"lanyard dns ls " + network + "\" lists names and records");
  }
}
