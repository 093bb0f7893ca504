package io.lanyard.daemon.guest;

import io.lanyard.base.DumpNode;
import io.lanyard.base.EnumText;
import io.lanyard.base.LogEvent;
import io.lanyard.control.api.EventType;
import io.lanyard.control.api.GuestInfo;
import io.lanyard.vmm.Console;
import io.lanyard.vmm.Guest;
import io.lanyard.vmm.Snapshot;
import io.lanyard.vmm.VmmException;
import java.lang.System.Logger.Level;
import java.util.List;
import java.util.Map;

/**
 * A guest as the API handles it.
 *
 * <p>Thread: any. A call that the guest's state does not allow is an {@link IllegalStateException};
 * one that its VMM cannot do, an {@link UnsupportedOperationException}.
 */
public final class GuestHandle {
  private static final System.Logger LOG = System.getLogger(GuestHandle.class.getName());

  /** A command to a guest. */
  public enum Action {
    /** Power it on. */
    START,
    /** Press its power button. */
    STOP,
    /** Power it off at once. */
    KILL,
    /** Press its reset button. */
    RESET,
    /** Stop its processors. */
    PAUSE,
    /** Let it go on. */
    RESUME
  }

  private final GuestSlot slot;

  public GuestHandle(GuestSlot slot) {
    this.slot = slot;
  }

  /**
   * Does something to the guest. A guest that could not be made yet is made first.
   *
   * @param action what
   * @throws VmmException if the host cannot give what the guest needs
   */
  public void act(Action action) throws VmmException {
    slot.act(
        EnumText.word(action) + " it",
        switch (action) {
          case START -> Guest::start;
          case STOP -> Guest::requestStop;
          case KILL -> Guest::kill;
          case RESET -> Guest::reset;
          case PAUSE -> Guest::pause;
          case RESUME -> Guest::resume;
        });
  }

  /**
   * The guest's snapshots.
   *
   * @return the oldest first
   * @throws VmmException if the guest cannot be made, or they cannot be read
   */
  public List<Snapshot> snapshots() throws VmmException {
    return slot.onSnapshots("list its snapshots", Guest::snapshots);
  }

  /**
   * Takes a snapshot of the guest, which is on.
   *
   * @param name its name
   * @throws VmmException if there is one of that name, or it cannot be kept
   */
  public void saveSnapshot(String name) throws VmmException {
    onSnapshot(EventType.GUEST_SNAPSHOT_SAVED, name, guest -> guest.saveSnapshot(name));
  }

  /**
   * Puts the guest back to a snapshot; one that is off starts with it.
   *
   * @param name its name
   * @throws VmmException if there is none of that name, or it does not fit the guest any more
   */
  public void loadSnapshot(String name) throws VmmException {
    onSnapshot(EventType.GUEST_SNAPSHOT_LOADED, name, guest -> guest.loadSnapshot(name));
  }

  /**
   * Removes a snapshot of the guest.
   *
   * @param name its name
   * @throws VmmException if there is none of that name
   */
  public void removeSnapshot(String name) throws VmmException {
    onSnapshot(EventType.GUEST_SNAPSHOT_REMOVED, name, guest -> guest.removeSnapshot(name));
  }

  private void onSnapshot(EventType done, String name, GuestSlot.Act act) throws VmmException {
    String verb = done.word().substring(done.word().lastIndexOf('-') + 1);
    var _ =
        slot.onSnapshots(
            "have snapshot " + name + " " + verb,
            guest -> {
              act.on(guest);
              return true;
            });
    slot.tell(done, Map.of("snapshot", name));
    LogEvent.of(done.word())
        .with("guest", slot.config().name())
        .with("snapshot", name)
        .log(LOG, Level.INFO);
  }

  /**
   * The guest's console.
   *
   * @return the console
   * @throws VmmException if the guest cannot be made
   */
  public Console console() throws VmmException {
    return slot.console();
  }

  /**
   * Tells the guest how large the terminal is that shows its console.
   *
   * @param columns from 1 to 65,535
   * @param rows from 1 to 65,535
   * @throws VmmException if the guest cannot be made
   */
  public void resizeConsole(int columns, int rows) throws VmmException {
    slot.resizeConsole(columns, rows);
  }

  /**
   * The guest's description.
   *
   * @return a snapshot
   */
  public GuestInfo info() {
    return slot.info();
  }

  public DumpNode dump() {
    GuestInfo info = info();
    DumpNode.Builder node =
        DumpNode.of("guest " + info.name())
            .with("vmm", info.vmm())
            .with("state", info.state())
            .with("memory", info.memory())
            .with("harts", info.harts())
            .with("processorSeconds", info.processorSeconds())
            .with("instructions", info.instructions());
    slot.nicStatistics()
        .forEach((nic, counters) ->
            node.child(
                DumpNode.of("nic " + nic)
                    .with("receivedFrames", counters.receivedFrames())
                    .with("receivedBytes", counters.receivedBytes())
                    .with("receiveDrops", counters.receiveDrops())
                    .with("transmittedFrames", counters.transmittedFrames())
                    .with("transmittedBytes", counters.transmittedBytes())
                    .with("transmitDrops", counters.transmitDrops())
                    .build()));
    return node.build();
  }
}
