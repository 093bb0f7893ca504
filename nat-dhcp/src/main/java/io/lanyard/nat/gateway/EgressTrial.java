package io.lanyard.nat.gateway;

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
    return new EgressTrial(outcome, decision.why());
  }

  static EgressTrial allowed(String reason) {
    return new EgressTrial(Outcome.ALLOW, reason);
  }

  static EgressTrial denied(String reason) {
    return new EgressTrial(Outcome.DENY, reason);
  }
}
