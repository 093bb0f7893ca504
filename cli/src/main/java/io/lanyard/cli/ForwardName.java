package io.lanyard.cli;

import io.lanyard.config.DocumentPath;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The names by which commands know a forward: its own, or its protocol and listening address in any
 * form that {@code lanyard forward ls} or {@code forward add} has: {@code tcp/127.0.0.1:8080},
 * {@code tcp 127.0.0.1:8080}, {@code tcp/8080}.
 */
final class ForwardName {
  private static final List<String> PROTOCOLS = List.of("tcp", "udp");

  private ForwardName() {}

  /**
   * Finds a forward.
   *
   * @throws Failure if no forward is called so, or several are
   */
  static Target find(Effective present, String network, String name) {
    Target exact = Target.forward(network, name);
    if (present.has(exact.path())) {
      return exact;
    }
    List<String> found = new ArrayList<>();
    all(present, network)
        .forEach((identity, listen) -> {
          if (isOf(network, name, listen)) {
            found.add(identity);
          }
        });
    if (found.size() > 1) {
      throw Failure.ofUsage(
          name + " may be any of the forwards " + String.join(", ", found), "name one of them");
    }
    Target target = found.isEmpty() ? exact : Target.forward(network, found.getFirst());
    Change.require(present, target);
    return target;
  }

  /** Joins a protocol and an address that stand beside each other, as in the list. */
  static List<String> joined(Effective present, String network, List<String> words) {
    List<String> names = new ArrayList<>();
    for (int i = 0; i < words.size(); i++) {
      String word = words.get(i);
      boolean isPair =
          PROTOCOLS.contains(word)
              && i + 1 < words.size()
              && !present.has(Target.forward(network, word).path());
      names.add(isPair ? word + "/" + words.get(++i) : word);
    }
    return names;
  }

  /** Protocol and address of all forwards of a network, by their identities. */
  private static Map<String, String> all(Effective present, String network) {
    DocumentPath base = DocumentPath.of("networks", network, "forwards");
    Map<String, String> all = new LinkedHashMap<>();
    for (Effective.Value value : present.below(base)) {
      String identity = value.stepsBelow(base).isEmpty() ? "" : value.stepsBelow(base).getFirst();
      if (!identity.isEmpty() && !all.containsKey(identity)) {
        Map<String, String> keys = present.plain(base.child(identity));
        String listen = keys.get("listen");
        String protocol = keys.get("protocol");
        boolean isNamed = listen != null && protocol != null;
        all.put(identity, isNamed ? protocol + "/" + listen : identity);
      }
    }
    return all;
  }

  private static boolean isOf(String network, String name, String listen) {
    int slash = name.indexOf('/');
    boolean portsAlone = slash > 0 && name.indexOf(':') < 0;
    String canonical = canonical(network, listen);
    return portsAlone
        ? canonical.startsWith(name.substring(0, slash + 1))
            && canonical.endsWith(":" + name.substring(slash + 1))
        : canonical.equals(canonical(network, name));
  }

  private static String canonical(String network, String identity) {
    return Target.forward(network, identity).path().steps().getLast();
  }
}
