package io.lanyard.nat.egress;

import io.lanyard.config.Destination;
import io.lanyard.config.EgressConfig.Direction;
import io.lanyard.config.EgressConfig.Rule;
import io.lanyard.config.EgressConfig.Verdict;
import io.lanyard.config.NamePattern;
import io.lanyard.nat.egress.ServiceTable.Entry;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The rules about names of an ordered list, made ready to be asked about each new flow, and about
 * each question for a name.
 *
 * <p>A name is looked up whole, and by as many of its last labels as a rule has, so that what it
 * costs depends on the longest rule and not on their number, nor on the name, which a guest may
 * have made up.
 *
 * <p>Immutable.
 */
public final class NameRules {
  /** The rules of one pattern. */
  private static final class Tables {
    final ServiceTable all;
    final ServiceTable explicit;

    Tables(List<Entry> entries, List<Rule> rules) {
      all = new ServiceTable(entries);
      explicit = new ServiceTable(only(entries, rules, NameRules::isExplicit));
    }
  }

  private final List<Rule> rules;
  private final Map<String, Tables> exact = new HashMap<>();
  private final Map<String, Tables> below = new HashMap<>();

  /** The labels of the longest pattern with a wildcard. */
  private final int depth;

  /** For each pattern the first rule that says whether its names may be asked for. */
  private final Map<NamePattern, Integer> asked = new HashMap<>();

  /**
   * The first rule that says so of the whole world: one that permits a family, or the one by which
   * both are denied.
   */
  private final int askedOfAll;

  /**
   * Makes a list ready.
   *
   * @param rules the rules, in order; those about addresses count for questions alone, and those
   *     about what comes in not at all
   */
  public NameRules(List<Rule> rules) {
    this.rules = List.copyOf(rules);
    Map<NamePattern, List<Entry>> entries = new HashMap<>();
    int first = EgressRules.NONE;
    int denied = 0;
    for (int i = 0; i < rules.size(); i++) {
      Rule rule = rules.get(i);
      if (rule.direction() == Direction.IN) {
        continue;
      }
      // Who may not reach some ports of a name may ask for it: there are others.
      boolean decides = rule.verdict() == Verdict.ALLOW || rule.target().services().isEmpty();
      if (rule.target().where() instanceof Destination.Names(NamePattern pattern)) {
        entries
            .computeIfAbsent(pattern, key -> new ArrayList<>())
            .add(new Entry(i, rule.target().services()));
        if (decides) {
          asked.putIfAbsent(pattern, i);
        }
      } else if (decides && first == EgressRules.NONE) {
        int families = EgressRules.wholeFamilies(rule);
        boolean denies = rule.verdict() == Verdict.DENY;
        denied |= denies ? families : 0;
        // A name may lead to the other family, so a denial counts when both are denied.
        if (families != 0 && (!denies || denied == EgressRules.BOTH_FAMILIES)) {
          first = i;
        }
      }
    }
    askedOfAll = first;
    depth =
        entries.keySet().stream()
            .filter(NamePattern::below)
            .mapToInt(pattern -> 1 + (int) pattern.name().chars().filter(c -> c == '.').count())
            .max()
            .orElse(0);
    entries.forEach((pattern, own) ->
        (pattern.below() ? below : exact).put(pattern.name(), new Tables(own, this.rules)));
  }

  private static boolean isExplicit(Rule rule) {
    return rule.verdict() == Verdict.DENY || !rule.target().services().isEmpty();
  }

  private static List<Entry> only(
      List<Entry> entries, List<Rule> rules, Predicate<Rule> condition) {
    return entries.stream().filter(entry -> condition.test(rules.get(entry.number()))).toList();
  }

  /**
   * Whether there are rules about names at all.
   *
   * @return true if there are none
   */
  public boolean isEmpty() {
    return exact.isEmpty() && below.isEmpty();
  }

  /**
   * Finds the rule that decides about a service of a host with a name.
   *
   * @param name the name in lower case, without a dot at its end
   * @param protocol the IP protocol number
   * @param port the destination's port; 0 for ICMP
   * @param byService whether a rule that permits has to name its services
   * @return its index, or {@link EgressRules#NONE}
   */
  public int find(String name, int protocol, int port, boolean byService) {
    int best = first(exact.get(name), protocol, port, byService);
    int dot = name.lastIndexOf('.');
    for (int labels = 0; dot >= 0 && labels < depth; labels++) {
      int index = first(below.get(name.substring(dot + 1)), protocol, port, byService);
      best = EgressRules.earlier(best, index);
      dot = name.lastIndexOf('.', dot - 1);
    }
    return best;
  }

  private static int first(@Nullable Tables tables, int protocol, int port, boolean byService) {
    return tables == null
        ? EgressRules.NONE
        : (byService ? tables.explicit : tables.all).find(protocol, port);
  }

  /**
   * Finds the rule that decides whether a name may be asked for.
   *
   * @param name the name in lower case, without a dot at its end
   * @return its index, or {@link EgressRules#NONE}
   */
  public int findAsked(String name) {
    int best = EgressRules.earlier(askedOfAll, asked(name, false));
    int dot = name.lastIndexOf('.');
    for (int labels = 0; dot >= 0 && labels < depth; labels++) {
      best = EgressRules.earlier(best, asked(name.substring(dot + 1), true));
      dot = name.lastIndexOf('.', dot - 1);
    }
    return best;
  }

  private int asked(String name, boolean isBelow) {
    return asked.getOrDefault(new NamePattern(name, isBelow), EgressRules.NONE);
  }
}
