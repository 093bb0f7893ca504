package io.lanyard.daemon.guest;

import io.lanyard.base.DumpNode;
import io.lanyard.base.EnumText;
import io.lanyard.control.api.GuestInfo;
import io.lanyard.vmm.Console;
import io.lanyard.vmm.Guest;
import io.lanyard.vmm.VmmException;

/**
 * A guest as the API handles it.
 *
 * <p>Thread: any. A call that the guest's state does not allow is an {@link IllegalStateException};
 * one that its VMM cannot do, an {@link UnsupportedOperationException}.
 */
public final class GuestHandle {
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
