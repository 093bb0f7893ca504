package io.lanyard.control.api;

/**
 * A snapshot of a guest: {@code GET /v1/guests/{guest}/snapshots}.
 *
 * @param name its name among the guest's
 * @param taken when it was taken, in the form of ISO 8601
 * @param memory bytes of memory that are kept; what the disks keep is not in it
 */
public record GuestSnapshotInfo(String name, String taken, long memory) {
  /** The {@code reason} of a refusal where the guest's VMM has no snapshots. */
  public static final String NONE = "no-snapshots";

  /** The {@code reason} of a refusal where the guest is not in a state for that. */
  public static final String IN_NO_STATE = "guest-state";
}
