package io.lanyard.nat.egress;

import io.lanyard.config.EgressConfig.Rule;
import io.lanyard.config.EgressConfig.Verdict;
import io.lanyard.nat.egress.ServiceTable.Entry;
import io.lanyard.net.Address;
import io.lanyard.net.Subnet;
import java.util.ArrayList;
import java.util.List;

/**
 * An ordered list of rules, made ready to be asked about each new flow.
 *
 * <p>The first rule that matches decides. To find it, the rules are kept by the subnet that they
 * are about, and those of one subnet by port; of the few subnets that contain the destination each
 * is asked for its first rule.
 *
 * <p>Immutable.
 */
public final class EgressRules {
  /** The index of no rule. */
  public static final int NONE = -1;

  private final List<Rule> rules;
  private final Family ipv4;
  private final Family ipv6;

  /**
   * Makes a list ready.
   *
   * @param rules the rules, in order
   */
  public EgressRules(List<Rule> rules) {
    this.rules = List.copyOf(rules);
    ipv4 = new Family(this.rules, true);
    ipv6 = new Family(this.rules, false);
  }

  /**
   * Finds the rule that decides.
   *
   * @param high the upper long of the destination
   * @param low its lower long
   * @param protocol the IP protocol number
   * @param port the destination's port; 0 for ICMP
   * @param ordinary false for a destination that is protected: a rule that allows the whole world
   *     says nothing about it
   * @return its index, or {@link #NONE}
   */
  public int find(long high, long low, int protocol, int port, boolean ordinary) {
    Family family = Address.isIpv4(high, low) ? ipv4 : ipv6;
    return family.find(high, low, protocol, port, ordinary);
  }

  /**
   * A rule.
   *
   * @param index its place, from 0
   * @return the rule
   */
  public Rule get(int index) {
    return rules.get(index);
  }

  /**
   * How many rules there are.
   *
   * @return rules
   */
  public int size() {
    return rules.size();
  }

  /** The rules of one family. */
  private static final class Family {
    private final SubnetTable subnets;

    /** The rules of each subnet. */
    private final ServiceTable[] tables;

    /** Those of them that decide on a destination which is protected. */
    private final ServiceTable[] strict;

    Family(List<Rule> rules, boolean isIpv4) {
      List<Subnet> all = new ArrayList<>();
      for (Rule rule : rules) {
        rule.target().destinations().stream()
            .filter(subnet -> subnet.network().isIpv4() == isIpv4)
            .forEach(all::add);
      }
      subnets = new SubnetTable(all);
      List<List<Entry>> lists = new ArrayList<>();
      for (int i = 0; i < subnets.size(); i++) {
        lists.add(new ArrayList<>());
      }
      for (int i = 0; i < rules.size(); i++) {
        for (Subnet subnet : rules.get(i).target().destinations()) {
          int number = subnets.number(subnet);
          if (number != SubnetTable.NONE) {
            lists.get(number).add(new Entry(i, rules.get(i).target().services()));
          }
        }
      }
      tables = new ServiceTable[lists.size()];
      strict = new ServiceTable[lists.size()];
      for (int i = 0; i < tables.length; i++) {
        List<Entry> own = lists.get(i);
        List<Entry> decisive =
            own.stream().filter(entry -> !opensTheWorld(rules.get(entry.number()))).toList();
        tables[i] = new ServiceTable(own);
        strict[i] = decisive.size() == own.size() ? tables[i] : new ServiceTable(decisive);
      }
    }

    private static boolean opensTheWorld(Rule rule) {
      return rule.verdict() == Verdict.ALLOW
          && rule.target().destinations().getFirst().prefix() == 0;
    }

    int find(long high, long low, int protocol, int port, boolean ordinary) {
      ServiceTable[] asked = ordinary ? tables : strict;
      int best = NONE;
      int subnet = subnets.find(high, low);
      while (subnet != SubnetTable.NONE) {
        int index = asked[subnet].find(protocol, port);
        if (index != ServiceTable.NONE && (best == NONE || index < best)) {
          best = index;
        }
        subnet = subnets.parent(subnet);
      }
      return best;
    }
  }
}
