package io.lanyard.vswitch;

/**
 * Whether frames can pass a port now, and if not, why and what to do about it.
 *
 * <p>{@code equals} is written out: for a record's own, the JVM spins classes at the first change
 * of a port, on the network's loop.
 */
public sealed interface PortState {
  /** Frames pass in both directions. */
  record Up() implements PortState {
    @Override
    public String label() {
      return "up";
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof Up;
    }

    @Override
    public int hashCode() {
      return 1;
    }
  }

  /**
   * Nobody is at the other end, which is nothing to worry about: the guest is off, no VMM is
   * attached yet.
   *
   * @param reason what is missing, for people
   * @param remedy what to do about it; empty where it passes by itself, or the reason says it
   */
  record NoCarrier(String reason, String remedy) implements PortState {
    @Override
    public String label() {
      return "no-carrier";
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof NoCarrier that
          && reason.equals(that.reason)
          && remedy.equals(that.remedy);
    }

    @Override
    public int hashCode() {
      return 31 * reason.hashCode() + remedy.hashCode();
    }
  }

  /**
   * The port cannot do its work until somebody helps. It tries again by itself.
   *
   * @param reason what happened, for people
   * @param remedy what to do about it; may be empty where the reason says it
   */
  record Failed(String reason, String remedy) implements PortState {
    /** The remedy where nothing is to be done but to let the device or the namespace come back. */
    public static final String TRIED_AGAIN = "it is tried again by itself";

    @Override
    public String label() {
      return "failed";
    }

    @Override
    public String problem() {
      return remedy.isEmpty() ? reason : reason + "; " + remedy;
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof Failed that
          && reason.equals(that.reason)
          && remedy.equals(that.remedy);
    }

    @Override
    public int hashCode() {
      return 31 * reason.hashCode() + remedy.hashCode();
    }
  }

  /**
   * The state of a port that frames pass.
   *
   * @return {@link Up}
   */
  static PortState up() {
    return new Up();
  }

  /**
   * The state of a port that is closed for good.
   *
   * @return a state without carrier
   */
  static PortState closed() {
    return new NoCarrier("the port is closed", "");
  }

  /**
   * Whether somebody is at the other end.
   *
   * @return false while every frame to the port is dropped
   */
  default boolean hasCarrier() {
    return this instanceof Up;
  }

  /**
   * The state as the API, metrics and dumps write it.
   *
   * @return {@code up}, {@code no-carrier} or {@code failed}
   */
  String label();

  /**
   * The problem of a port: the reason of its failure and the remedy.
   *
   * @return an empty text for a port that has not failed
   */
  default String problem() {
    return "";
  }
}
