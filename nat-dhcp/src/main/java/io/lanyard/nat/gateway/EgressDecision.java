package io.lanyard.nat.gateway;

import io.lanyard.config.EgressConfig.Verdict;
import io.lanyard.nat.egress.EgressLevel;
import io.lanyard.nat.egress.EgressRules;
import io.lanyard.nat.flow.Grant;
import org.jspecify.annotations.Nullable;

/**
 * The decision about a flow.
 *
 * @param grant why it may be; null if it may not
 * @param why what has decided, in words
 * @param level the level that has decided; null for what is decided without rules
 * @param rule the rule of the level that has decided; {@link EgressRules#NONE} for its default
 * @param tried by which decision it passes all the same, where this one is of rules that are only
 *     tried; null if it does not
 */
record EgressDecision(
    @Nullable Grant grant,
    String why,
    @Nullable EgressLevel level,
    int rule,
    @Nullable EgressDecision tried) {
  /**
   * The decision of a rule.
   *
   * @param level the level that has the rule
   * @param rule its place
   * @param grant why the flow may be, if the rule permits it
   * @return the decision
   */
  static EgressDecision byRule(EgressLevel level, int rule, Grant grant) {
    String why = level.describe(rule);
    return level.verdict(rule) == Verdict.ALLOW
        ? new EgressDecision(grant, why, level, rule, null)
        : new EgressDecision(null, why, level, rule, trial(level, why));
  }

  /** Permits a flow without a rule. */
  static EgressDecision allowed(@Nullable EgressLevel level, String why) {
    return new EgressDecision(Grant.BY_ADDRESS, why, level, EgressRules.NONE, null);
  }

  /** Permits a flow that comes in where no rule is about who sends it. */
  static EgressDecision comesIn() {
    return allowed(null, "no rule is about who comes in");
  }

  /** Permits a flow to a port that the daemon publishes. */
  static EgressDecision published() {
    return new EgressDecision(
        Grant.PUBLISHED, "the daemon publishes the port", null, EgressRules.NONE, null);
  }

  /** Denies a flow without a rule; where a level is the cause, trying its rules lets it pass. */
  static EgressDecision denied(@Nullable EgressLevel level, String why) {
    EgressDecision tried = level == null ? null : trial(level, why);
    return new EgressDecision(null, why, level, EgressRules.NONE, tried);
  }

  private static @Nullable EgressDecision trial(EgressLevel level, String why) {
    return level.config().dryRun() ? allowed(level, why) : null;
  }

  /**
   * The decision about a flow that rules which are only tried have denied before: they open nothing
   * that is closed without them.
   *
   * @param before their decision; null for none
   * @param next the decision of the levels after theirs
   * @return the one that counts
   */
  static EgressDecision after(@Nullable EgressDecision before, EgressDecision next) {
    EgressDecision passing = next.passing();
    return before == null || passing == null
        ? next
        : new EgressDecision(null, before.why(), before.level(), before.rule(), passing);
  }

  /**
   * The decision by which the flow passes.
   *
   * @return one with a grant; null if it does not pass
   */
  @Nullable EgressDecision passing() {
    return grant == null ? tried : this;
  }

  /**
   * Whether the flow is admitted.
   *
   * @return true if it is
   */
  boolean admitted() {
    return grant != null;
  }

  /**
   * Whether it is denied and passes all the same, because the rules are only tried.
   *
   * @return false for what is denied whatever the rules say
   */
  boolean dry() {
    return grant == null && tried != null;
  }

  /**
   * Whether the flow is logged: as the rule says; without one, if it is denied.
   *
   * @return true if it is
   */
  boolean logged() {
    return (level == null || rule == EgressRules.NONE) ? !admitted() : level.logs(rule);
  }

  /**
   * The rule's name, which tells one allowance of the log from another.
   *
   * @return empty without a rule
   */
  String label() {
    return (level == null || rule == EgressRules.NONE) ? "" : level.label(rule);
  }

  /** Counts the rule. */
  void count() {
    if (level != null) {
      level.count(rule);
    }
  }
}
