package io.lanyard.control.api;

/** The requests that a caller of the API may make; each role includes the ones before it. */
public enum Role {
  /** Reads. */
  VIEWER,
  /** Operates what there is: powers guests on and off, reads their consoles, captures frames. */
  OPERATOR,
  /** Changes what there is. */
  ADMIN;

  /**
   * Whether this role includes another.
   *
   * @param needed the role that a request needs
   * @return whether a caller of this role may make the request
   */
  public boolean includes(Role needed) {
    return compareTo(needed) >= 0;
  }
}
