package io.lanyard.nat.egress;

import io.lanyard.base.DumpNode;
import io.lanyard.base.EnumText;
import io.lanyard.config.EgressConfig;
import io.lanyard.config.EgressConfig.Direction;
import io.lanyard.config.EgressConfig.Rule;
import io.lanyard.config.EgressConfig.Verdict;
import io.lanyard.nat.flow.FlowKey;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The egress rules of a network, of a port group, of a port or of a guest, made ready, with their
 * counts.
 *
 * <p>Thread: the network's loop only.
 */
public final class EgressLevel {
  private final String owner;
  private final EgressConfig config;
  private final EgressRules rules;
  private final EgressRules inward;
  private final boolean judgesInward;
  private final NameRules names;
  private final ServiceTable deniedBySni;
  private final long[] hits;

  /**
   * Makes rules ready.
   *
   * @param owner who has them, in words such as {@code port qemu1}; empty for the network
   * @param config the rules
   * @param before the rules in whose place these come; those that stay go on counting
   */
  public EgressLevel(String owner, EgressConfig config, @Nullable EgressLevel before) {
    this.owner = owner;
    this.config = config;
    rules = new EgressRules(config.rules(), Direction.OUT);
    inward = new EgressRules(config.rules(), Direction.IN);
    judgesInward = config.rules().stream().anyMatch(rule -> rule.direction() == Direction.IN);
    names = new NameRules(config.rules());
    deniedBySni = deniedBySni(config.rules());
    hits = new long[rules.size()];
    for (int i = 0; before != null && i < hits.length; i++) {
      int same = before.config.rules().indexOf(rules.get(i));
      hits[i] = same < 0 ? 0 : before.hits[same];
    }
  }

  /** The rules that deny names by what TLS clients show, each found as its place. */
  private static ServiceTable deniedBySni(List<Rule> rules) {
    List<ServiceTable.Entry> entries = new ArrayList<>();
    for (int i = 0; i < rules.size(); i++) {
      if (rules.get(i).sni() == EgressConfig.Sni.DENIED) {
        entries.add(new ServiceTable.Entry(i, rules.get(i).target().services()));
      }
    }
    return new ServiceTable(entries);
  }

  /**
   * The rules as they are configured.
   *
   * @return the rules
   */
  public EgressConfig config() {
    return config;
  }

  /**
   * The rules about addresses.
   *
   * @return the rules
   */
  public EgressRules rules() {
    return rules;
  }

  /**
   * The rules about flows that come in, by the client's address and the guest's port.
   *
   * @return the rules
   */
  public EgressRules inward() {
    return inward;
  }

  /**
   * Whether there are rules about flows that come in.
   *
   * @return false if there are none
   */
  public boolean judgesInward() {
    return judgesInward;
  }

  /**
   * The rules about names.
   *
   * @return the rules
   */
  public NameRules names() {
    return names;
  }

  /**
   * The verdict where no rule matches.
   *
   * @return null where the next level is asked
   */
  public @Nullable Verdict otherwise() {
    return config.otherwise();
  }

  /**
   * The verdict of a rule.
   *
   * @param rule its place
   * @return the verdict
   */
  public Verdict verdict(int rule) {
    return rules.get(rule).verdict();
  }

  /**
   * Whether a rule requires the name of a server in a TLS client's first message.
   *
   * @param rule its place
   * @return true if it does
   */
  public boolean requiresSni(int rule) {
    return rules.get(rule).sni() == EgressConfig.Sni.REQUIRED;
  }

  /**
   * Whether flows to a port have to show the name of the server that they begin TLS with, because a
   * rule denies names there wherever they lead.
   *
   * @param port a TCP port
   * @return true if they have
   */
  public boolean deniesBySni(int port) {
    return deniedBySni.find(FlowKey.TCP, port) != ServiceTable.NONE;
  }

  /**
   * Whether a rule before another one denies names on a port wherever they lead.
   *
   * @param rule the other one's place; {@link EgressRules#NONE} for the default, behind all rules
   * @param port a TCP port
   * @return true if one does
   */
  boolean deniesBySniBefore(int rule, int port) {
    int first = deniedBySni.find(FlowKey.TCP, port);
    return first != ServiceTable.NONE && EgressRules.earlier(rule, first) == first;
  }

  /**
   * Whether the flows that a rule decides about are logged.
   *
   * @param rule its place
   * @return true if they are
   */
  public boolean logs(int rule) {
    return rules.get(rule).log();
  }

  /**
   * Counts a flow that a rule has decided about.
   *
   * @param rule its place; nothing happens for {@link EgressRules#NONE}
   */
  public void count(int rule) {
    if (rule != EgressRules.NONE) {
      hits[rule]++;
    }
  }

  /**
   * A rule in words.
   *
   * @param rule its place
   * @return text such as {@code rule 2 of port qemu1, deny 10.0.0.0/8}
   */
  public String describe(int rule) {
    return label(rule) + ", " + rules.get(rule).text();
  }

  /**
   * A rule's name.
   *
   * @param rule its place
   * @return text such as {@code rule 2 of port qemu1}
   */
  public String label(int rule) {
    return "rule " + rule + owner();
  }

  /**
   * The verdict where no rule matches, in words.
   *
   * @return text such as {@code default of port qemu1, deny}
   */
  public String describeDefault() {
    return "default" + owner() + ", " + word(config.otherwise());
  }

  /**
   * The denial where no rule matches, in words.
   *
   * @return text such as {@code no rule allows it; default of port qemu1, deny}
   */
  public String describeDenial() {
    return "no rule allows it" + (owner.isEmpty() ? "" : "; " + describeDefault());
  }

  private String owner() {
    return owner.isEmpty() ? "" : " of " + owner;
  }

  private static String word(@Nullable Verdict verdict) {
    return verdict == null ? "none" : verdict == Verdict.ALLOW ? "allow" : "deny";
  }

  /**
   * Describes the rules and their counts.
   *
   * @param node takes them
   * @return the same
   */
  public DumpNode.Builder addTo(DumpNode.Builder node) {
    node.with("default", word(config.otherwise()));
    for (int i = 0; i < rules.size(); i++) {
      Rule rule = rules.get(i);
      node.child(
          DumpNode.of("rule " + i)
              .with(word(rule.verdict()), rule.target().toString())
              .with("direction", EnumText.word(rule.direction()))
              .with("flows", hits[i])
              .build());
    }
    return node;
  }
}
