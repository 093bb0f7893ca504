package io.lanyard.control.client;

import org.jspecify.annotations.Nullable;

/**
 * How a change of the configuration is made.
 *
 * @param yes whether it may end guests and flows
 * @param tolerate whether a port or a forward may stay that does not work yet
 * @param dryRun whether it is only planned
 * @param confirm the time after which it is taken back unless it is confirmed, such as {@code 60s};
 *     empty for none
 * @param ifRevision the revision that it changes, and no other; null for any
 * @param hold begins with the change, which is taken back if the hold is given up before the change
 *     is confirmed; only with a time in {@code confirm}; null for a change that its time alone
 *     takes back
 */
public record ChangeOptions(
    boolean yes,
    boolean tolerate,
    boolean dryRun,
    String confirm,
    @Nullable Long ifRevision,
    @Nullable Hold hold) {
  /** A change that ends nothing, made at once for good. */
  public static final ChangeOptions PLAIN = new ChangeOptions(false, false, false, "", null);

  /**
   * A change that nobody holds.
   *
   * @param yes whether it may end guests and flows
   * @param tolerate whether a port or a forward may stay that does not work yet
   * @param dryRun whether it is only planned
   * @param confirm the time after which it is taken back unless it is confirmed
   * @param ifRevision the revision that it changes, and no other; null for any
   */
  public ChangeOptions(
      boolean yes, boolean tolerate, boolean dryRun, String confirm, @Nullable Long ifRevision) {
    this(yes, tolerate, dryRun, confirm, ifRevision, null);
  }

  boolean isHeld() {
    return hold != null && !dryRun;
  }

  Query query() {
    Query query = new Query();
    if (yes) {
      query.add("yes", "true");
    }
    if (tolerate) {
      query.add("tolerate", "true");
    }
    if (dryRun) {
      query.add("dry-run", "true");
    } else if (!confirm.isEmpty()) {
      query.add("confirm", confirm);
    }
    if (isHeld()) {
      query.add("hold", "true");
    }
    return query;
  }
}
