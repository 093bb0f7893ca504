package io.lanyard.control.client;

import io.lanyard.base.EnumText;
import io.lanyard.control.api.GuestInfo;
import io.lanyard.control.api.GuestSnapshotInfo;
import java.io.IOException;
import java.util.List;
import java.util.Map;

/**
 * Guests: their power, their snapshots and their consoles.
 *
 * <p>Errors and thread: as {@link LanyardClient} says.
 */
public final class GuestClient {
  private static final String SNAPSHOTS = "snapshots";

  private final Requests requests;

  GuestClient(Requests requests) {
    this.requests = requests;
  }

  /**
   * The guests.
   *
   * @return {@code GET /v1/guests}
   * @throws IOException as the class says
   */
  public Reply<List<GuestInfo>> list() throws IOException {
    return requests.list(GuestInfo.class, Query.path("guests"));
  }

  /**
   * A guest.
   *
   * @param guest its name
   * @return {@code GET /v1/guests/GUEST}
   * @throws IOException as the class says
   */
  public Reply<GuestInfo> get(String guest) throws IOException {
    return requests.one(GuestInfo.class, "GET", Query.path("guests", guest));
  }

  /**
   * Does something to a guest.
   *
   * @param guest its name
   * @param action what
   * @return {@code POST /v1/guests/GUEST/ACTION}: the guest after it
   * @throws IOException as the class says
   */
  public Reply<GuestInfo> act(String guest, GuestAction action) throws IOException {
    return requests.one(
        GuestInfo.class, "POST", Query.path("guests", guest, EnumText.word(action)));
  }

  /**
   * The snapshots of a guest.
   *
   * @param guest its name
   * @return {@code GET /v1/guests/GUEST/snapshots}
   * @throws IOException as the class says
   */
  public Reply<List<GuestSnapshotInfo>> snapshots(String guest) throws IOException {
    return requests.list(GuestSnapshotInfo.class, Query.path("guests", guest, SNAPSHOTS));
  }

  /**
   * A snapshot of a guest.
   *
   * @param guest its name
   * @param snapshot the name of the snapshot
   * @return {@code GET /v1/guests/GUEST/snapshots/SNAPSHOT}
   * @throws IOException as the class says; refused with status 404 if there is none
   */
  public Reply<GuestSnapshotInfo> snapshot(String guest, String snapshot) throws IOException {
    return requests.one(
        GuestSnapshotInfo.class, "GET", Query.path("guests", guest, SNAPSHOTS, snapshot));
  }

  /**
   * Takes a snapshot of a guest, and waits until it is written.
   *
   * @param guest its name
   * @param snapshot the name of the snapshot
   * @return {@code POST /v1/guests/GUEST/snapshots/SNAPSHOT}: the guest after it
   * @throws IOException as the class says
   */
  public Reply<GuestInfo> saveSnapshot(String guest, String snapshot) throws IOException {
    return requests.one(GuestInfo.class, "POST", Query.path("guests", guest, SNAPSHOTS, snapshot));
  }

  /**
   * Puts a guest back to a snapshot.
   *
   * @param guest its name
   * @param snapshot the name of the snapshot
   * @return {@code POST /v1/guests/GUEST/snapshots/SNAPSHOT/load}: the guest after it
   * @throws IOException as the class says
   */
  public Reply<GuestInfo> loadSnapshot(String guest, String snapshot) throws IOException {
    return requests.one(
        GuestInfo.class, "POST", Query.path("guests", guest, SNAPSHOTS, snapshot, "load"));
  }

  /**
   * Removes a snapshot of a guest.
   *
   * @param guest its name
   * @param snapshot the name of the snapshot
   * @return {@code DELETE /v1/guests/GUEST/snapshots/SNAPSHOT}: the guest after it
   * @throws IOException as the class says
   */
  public Reply<GuestInfo> removeSnapshot(String guest, String snapshot) throws IOException {
    return requests.one(
        GuestInfo.class, "DELETE", Query.path("guests", guest, SNAPSHOTS, snapshot));
  }

  /**
   * Attaches to a guest's console.
   *
   * @param guest its name
   * @return bytes both ways; to be closed
   * @throws IOException as the class says
   */
  public ByteStream console(String guest) throws IOException {
    return new ByteStream(
        requests.upgrade(Query.path("guests", guest, "console"), "lanyard-console"));
  }

  /**
   * Tells a guest how large the terminal is that shows its console.
   *
   * @param guest its name
   * @param columns from 1 to 65,535
   * @param rows from 1 to 65,535
   * @throws IOException as the class says; refused with status 409 if the console has no size, as a
   *     serial port
   */
  public void resizeConsole(String guest, int columns, int rows) throws IOException {
    requests.put(
        Query.path("guests", guest, "console", "size"), Map.of("columns", columns, "rows", rows));
  }

  /**
   * Watches a guest's console.
   *
   * @param guest its name
   * @return what it prints; to be closed
   * @throws IOException as the class says
   */
  public ByteStream watchConsole(String guest) throws IOException {
    return new ByteStream(requests.open(Query.path("guests", guest, "console")));
  }
}
