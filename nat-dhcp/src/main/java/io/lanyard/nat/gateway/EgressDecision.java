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
 */
record EgressDecision(@Nullable Grant grant, String why, @Nullable EgressLevel level, int rule) {
  /**
   * The decision of a rule.
   *
   * @param level the level that has the rule
   * @param rule its place
   * @param grant why the flow may be, if the rule permits it
   * @return the decision
   */
  static EgressDecision byRule(EgressLevel level, int rule, Grant grant) {
    return new EgressDecision(
        level.verdict(rule) == Verdict.ALLOW ? grant : null, level.describe(rule), level, rule);
  }

  /** Permits a flow without a rule. */
  static EgressDecision allowed(@Nullable EgressLevel level, String why) {
    return new EgressDecision(Grant.BY_ADDRESS, why, level, EgressRules.NONE);
  }

  /** Denies a flow without a rule; where a level is the cause, trying its rules lets it pass. */
  static EgressDecision denied(@Nullable EgressLevel level, String why) {
    return new EgressDecision(null, why, level, EgressRules.NONE);
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
    return grant == null && level != null && level.config().dryRun();
  }

  /** Counts the rule. */
  void count() {
    if (level != null) {
      level.count(rule);
    }
  }
}
