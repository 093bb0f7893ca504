package io.lanyard.daemon.change;

import java.io.Serial;
import java.util.List;

/** A change of the configuration that was not made: everything is as it was. */
public final class ChangeRefusedException extends Exception {
  @Serial private static final long serialVersionUID = 1;

  /** Why a change is refused. */
  public enum Reason {
    /** Its edits say what no configuration could have: an unknown key, an unreadable value. */
    MALFORMED,
    /** The configuration that it makes has problems. */
    INVALID,
    /** The configuration is another one than the caller knows. */
    OUTDATED,
    /** Another change waits for its confirmation. */
    BUSY,
    /** It would end guests or flows, and the caller has not said that it may. */
    ENDS_SOMETHING,
    /** A part of it could not be done. */
    FAILED,
    /** There is nothing of that name. */
    UNKNOWN,
    /** It could not be kept. */
    NOT_KEPT
  }

  private final Reason reason;
  private final transient List<String> details;
  private final String hint;

  /**
   * Makes a refusal.
   *
   * @param reason why
   * @param what why, for people
   * @param details the problems, or what it would end; may be empty
   * @param hint what to do about it; may be empty
   */
  ChangeRefusedException(Reason reason, String what, List<String> details, String hint) {
    super(what);
    this.reason = reason;
    this.details = List.copyOf(details);
    this.hint = hint;
  }

  /**
   * Why the change is refused.
   *
   * @return the kind of refusal
   */
  public Reason reason() {
    return reason;
  }

  /**
   * The problems, or what the change would end.
   *
   * @return a line for each; may be empty
   */
  public List<String> details() {
    return details;
  }

  /**
   * The remedy.
   *
   * @return a sentence; may be empty
   */
  public String hint() {
    return hint;
  }

  /**
   * Why the change is refused, for people.
   *
   * @return a sentence
   */
  public String what() {
    return String.valueOf(getMessage());
  }
}
