package io.lanyard.nat.gateway;

import io.lanyard.nat.flow.Grant;
import org.jspecify.annotations.Nullable;

/**
 * The answer to the question what would become of a flow, or of a question for a name.
 *
 * @param outcome what would happen
 * @param reason what decides, in words: a rule, a default, or what is protected
 */
public record EgressTrial(Outcome outcome, String reason) {
  /** The outcome of a trial. */
  public enum Outcome {
    /** It would be. */
    ALLOW,
    /** It would not be. */
    DENY,
    /** It would be, and be told: the rules that deny it are only tried. */
    WOULD_DENY
  }

  static EgressTrial of(EgressDecision decision) {
    Outcome outcome =
        decision.admitted() ? Outcome.ALLOW : decision.dry() ? Outcome.WOULD_DENY : Outcome.DENY;
    return new EgressTrial(outcome, decision.why() + condition(decision.grant()));
  }

  /** The condition of a flow that has to show a server's name; empty for none. */
  private static String condition(@Nullable Grant grant) {
    return grant instanceof Grant.ByName(String name, boolean sni) && sni
        ? ", if it begins with TLS for " + name
        : "";
  }

  /** The same answer with a condition behind its reason. */
  EgressTrial but(String condition) {
    return new EgressTrial(outcome, reason + "; " + condition);
  }

  /**
   * Of a flow that would be.
   *
   * @param reason what decides
   * @return the answer
   */
  public static EgressTrial allowed(String reason) {
    return new EgressTrial(Outcome.ALLOW, reason);
  }

  /**
   * Of a flow that would not be.
   *
   * @param reason what decides
   * @return the answer
   */
  public static EgressTrial denied(String reason) {
    return new EgressTrial(Outcome.DENY, reason);
  }
}
