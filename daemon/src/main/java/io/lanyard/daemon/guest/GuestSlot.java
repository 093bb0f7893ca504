package io.lanyard.daemon.guest;

import io.lanyard.base.Clock;
import io.lanyard.base.EnumText;
import io.lanyard.base.LogEvent;
import io.lanyard.config.GuestConfig;
import io.lanyard.config.change.Change;
import io.lanyard.control.api.EventType;
import io.lanyard.control.api.GuestInfo;
import io.lanyard.daemon.event.EventBus;
import io.lanyard.daemon.network.Network;
import io.lanyard.image.ImageStore;
import io.lanyard.vmm.Console;
import io.lanyard.vmm.Guest;
import io.lanyard.vmm.GuestState;
import io.lanyard.vmm.GuestStatistics;
import io.lanyard.vmm.Nic;
import io.lanyard.vmm.NicStatistics;
import io.lanyard.vmm.VmmException;
import java.lang.System.Logger.Level;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A guest that the configuration declares, whether or not it could be made yet.
 *
 * <p>Making it again is tried with every start, so that a missing image can be pulled meanwhile.
 *
 * <p>Calls to the VMM go through a {@link PluginExecutor}: a plug-in that throws or hangs fails its
 * own guests, and neither the API nor the other guests.
 *
 * <p>Thread: any.
 */
public final class GuestSlot {
  private static final System.Logger LOG = System.getLogger(GuestSlot.class.getName());

  /** Less than a client of the API waits for a change. */
  private static final long SNAPSHOT_MILLIS = TimeUnit.MINUTES.toMillis(6);

  private static final String HURRY = "it is not to be waited for";

  /**
   * All that guests share.
   *
   * @param plugins the VMMs
   * @param images the images
   * @param events hears of what happens
   * @param clock limits what a guest can have logged
   * @param timeouts how long VMMs may take
   */
  public record Shared(
      VmmPlugins plugins,
      ImageStore images,
      EventBus events,
      Clock clock,
      PluginExecutor.Timeouts timeouts) {}

  private final VmmPlugins plugins;
  private final GuestSpecs specs;
  private final GuestNics nics;
  private final EventBus events;
  private final GuestCondition condition;
  private final GuestReadings readings;
  private final PluginExecutor.Timeouts timeouts;
  private final PluginExecutor acts;
  private final PluginExecutor reads;
  private volatile GuestConfig config;
  private volatile @Nullable Guest guest;
  private volatile boolean hurried;
  private volatile @Nullable PowerButton button;
  private boolean closed;

  public GuestSlot(
      GuestConfig config, Shared shared, Function<String, @Nullable Network> networks) {
    this.config = config;
    this.plugins = shared.plugins();
    this.specs = new GuestSpecs(shared.plugins(), shared.images());
    this.nics = new GuestNics(config.name(), networks);
    this.events = shared.events();
    this.condition = new GuestCondition(events, shared.clock(), this::powered);
    this.timeouts = shared.timeouts();
    this.acts = new PluginExecutor("guest " + config.name(), timeouts.actMillis());
    this.reads = new PluginExecutor("guest " + config.name(), timeouts.readMillis());
    this.readings = new GuestReadings(config.name(), () -> guest, reads);
  }

  public GuestConfig config() {
    return config;
  }

  /** Why the guest is as it is, for a person; empty for nothing to say. */
  public String reason() {
    String trouble = trouble();
    return trouble.isEmpty() ? condition.text() : trouble;
  }

  /**
   * Whether there is something to mend: it could not be made, it failed, its VMM has noted
   * something or does not answer.
   */
  public boolean hasProblem() {
    return !trouble().isEmpty() || condition.isProblem(guest != null);
  }

  /** The problem of its VMM now; empty for none. */
  private String trouble() {
    String trouble = reads.trouble();
    return trouble.isEmpty() ? acts.trouble() : trouble;
  }

  /** Makes the guest, if it has not been made. */
  public void create() throws VmmException {
    act("make it", made -> {});
  }

  /** Does something to the guest, which is made first if it has not been. */
  public void act(String what, Act act) throws VmmException {
    try {
      acts.call(
          what,
          () -> {
            act.on(made());
            return true;
          });
    } catch (VmmException e) {
      if (guest == null) {
        // It may be that the VMM does not answer, which is not said where it is asked.
        condition.because(String.valueOf(e.getMessage()));
      }
      throw e;
    }
  }

  /** Does something with the guest's snapshots, which takes as long as its memory is large. */
  <T> T onSnapshots(String what, Asking<T> asking) throws VmmException {
    return acts.call(what, SNAPSHOT_MILLIS, () -> asking.of(made()));
  }

  /** A question to a guest, or a call. */
  @FunctionalInterface
  interface Asking<T> {
    T of(Guest guest) throws VmmException;
  }

  /** Starts the guest, unless it is on: an earlier daemon may have left it running. */
  public void startUnlessOn() throws VmmException {
    act(
        "start it",
        made -> {
          GuestState now = made.state();
          if (now != GuestState.RUNNING && now != GuestState.PAUSED) {
            made.start();
          }
        });
  }

  /** A call of a guest. */
  @FunctionalInterface
  public interface Act {
    void on(Guest guest) throws VmmException;
  }

  Console console() throws VmmException {
    return acts.call("give its console", () -> made().console());
  }

  void resizeConsole(int columns, int rows) throws VmmException {
    boolean _ =
        acts.call(
            "resize its console",
            () -> {
              made().console().resize(columns, rows);
              return true;
            });
  }

  /** The guest, made if there is none. Runs on the executor of acts. */
  private Guest made() throws VmmException {
    Guest there = guest;
    if (there != null) {
      return there;
    }
    Guest made = null;
    try {
      made = plugins.open(config.vmm()).create(specs.checked(config, nics::mtu), condition);
      nics.attach(config, made.nics());
      publish(made);
      condition.because("");
      return made;
    } catch (VmmException | RuntimeException | LinkageError e) {
      condition.because(
          e instanceof VmmException ? String.valueOf(e.getMessage()) : "its VMM failed: " + e);
      if (made != null) {
        nics.detach(config);
        letGo(made);
      }
      throw e;
    }
  }

  /** Closes a guest; one that was found and goes on is left for another attempt. */
  private static void letGo(Guest made) {
    try {
      if (made.state() != GuestState.CREATED) {
        made.release();
        return;
      }
    } catch (UnsupportedOperationException e) {
      LogEvent.of("guest-not-released").log(LOG, Level.DEBUG, e);
    }
    made.close();
  }

  /** A guest that was made too late, when the daemon had given it up, is nobody's. */
  private synchronized void publish(Guest made) throws VmmException {
    if (closed) {
      throw new VmmException("the daemon stops");
    }
    guest = made;
  }

  /**
   * Whether the guest, as it is now, can become another without a restart.
   *
   * @param next the guest with other NICs and disks
   * @return false also if it is off, or does not answer
   */
  public boolean canPlug(GuestConfig next) {
    Guest made = guest;
    if (made == null || !isOn()) {
      return false;
    }
    try {
      return reads.call(
          "say what can be added",
          () ->
              GuestPlugs.areEnough(
                  plugins.describe(config.vmm()).capabilities(), made, config, next));
    } catch (VmmException | RuntimeException e) {
      LogEvent.of("guest-silent").with("guest", config.name()).log(LOG, Level.DEBUG, e);
      return false;
    }
  }

  private void plug(Guest made, GuestConfig before, GuestConfig next) throws VmmException {
    acts.call(
        "change its NICs and disks",
        GuestPlugs.mostMillis(before, next),
        () -> {
          new GuestPlugs(nics, made)
              .change(
                  before, specs.checked(before, nics::mtu), next, specs.checked(next, nics::mtu));
          return true;
        });
  }

  /**
   * Takes over what can change while the guest runs: whether it starts by itself, the policies of
   * its NICs, the networks that they are on, and where {@link #canPlug} says so NICs and disks.
   *
   * @param next the same guest with other settings
   * @throws VmmException if the VMM does not answer, a NIC cannot be attached to its new network,
   *     or the guest does not let go of a part; all is as before then
   */
  public void configure(GuestConfig next) throws VmmException {
    GuestConfig before = config;
    config = next;
    Guest made = guest;
    if (made == null) {
      return;
    }
    try {
      if (new Change.GuestChanged(before, next).needsRestart()) {
        plug(made, before, next);
      } else {
        onNics(made, all -> nics.configure(before, next, all, isOn()));
      }
    } catch (VmmException | RuntimeException e) {
      config = before;
      throw e;
    }
  }

  /**
   * Attaches those of the guest's NICs that are on a network that was made meanwhile.
   *
   * @param network the network's name
   * @throws VmmException if the VMM does not answer
   */
  public void attachAgain(String network) throws VmmException {
    Guest made = guest;
    GuestConfig present = config;
    if (made != null && present.nicOn(network).isPresent()) {
      onNics(made, all -> nics.attachAgain(network, present, all, isOn()));
    }
  }

  /** A call of a guest's NICs. */
  @FunctionalInterface
  private interface NicAct {
    void on(List<Nic> nics) throws VmmException;
  }

  private void onNics(Guest made, NicAct act) throws VmmException {
    acts.call(
        "attach its NICs",
        () -> {
          act.on(made.nics());
          return true;
        });
  }

  /** Hears from the VMM whether the guest is powered on. */
  private void powered(boolean on) {
    nics.powered(config, on);
    PowerButton pressed = button;
    if (!on && pressed != null) {
      pressed.end("it has stopped");
    }
  }

  /** Tells the readers of events what was done to the guest. */
  void tell(EventType type, Map<String, String> data) {
    events.publish(type, "", config.name(), data);
  }

  /** The guest's statistics, the last known ones while it does not answer. */
  public GuestStatistics statistics() {
    return readings.statistics();
  }

  public boolean isRunning() {
    GuestReadings.Reading now = readings.read();
    return now != null && now.state() == GuestState.RUNNING;
  }

  /** The counters of the NICs, in their order; none while the guest does not answer. */
  Map<String, NicStatistics> nicStatistics() {
    return readings.nics();
  }

  /** Whether powering the guest off would end something. */
  public boolean isOn() {
    return readings.isOn();
  }

  GuestInfo info() {
    GuestReadings.Reading now = readings.read();
    return new GuestInfo(
        config.name(),
        config.vmm(),
        state(now),
        reason(),
        config.memory(),
        config.harts(),
        now == null ? 0 : now.statistics().processorNanos() / 1e9,
        now == null ? 0 : now.statistics().instructions(),
        nics.infos(config, now != null && now.isOn()));
  }

  /** The state as a word; a guest that nobody has tried to make yet has not failed. */
  private String state(GuestReadings.@Nullable Reading now) {
    return EnumText.word(
        now != null ? now.state() : hasProblem() ? GuestState.FAILED : GuestState.CREATED);
  }

  /** Presses the power button of a guest that is on, unless that was done before. */
  public void press() {
    Guest made = guest;
    if (made == null || button != null || !isOn()) {
      return;
    }
    PowerButton pressed = new PowerButton(config.name(), config.stopTimeout());
    button = pressed;
    if (hurried) {
      pressed.end(HURRY);
    } else {
      pressed.press(made, timeouts.actMillis());
    }
  }

  /**
   * Presses the power button and waits until the guest has stopped, for its stop timeout at most.
   *
   * @throws InterruptedException if the caller is not to wait
   */
  public void awaitStop() throws InterruptedException {
    press();
    PowerButton pressed = button;
    if (pressed != null) {
      pressed.await();
    }
  }

  /** Does not wait for the guest to stop, now or later. */
  public void hurry() {
    hurried = true;
    PowerButton pressed = button;
    if (pressed != null) {
      pressed.end(HURRY);
    }
  }

  /** Whether the guest is on, or was when its power button was pressed to end it. */
  public boolean wasOn() {
    return button != null || isOn();
  }

  /** Starts a guest whose power button was pressed, since it is to stay. */
  public void startAgain() throws VmmException {
    PowerButton pressed = button;
    if (pressed == null) {
      return;
    }
    try {
      pressed.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return;
    }
    button = null;
    act(
        "start it again",
        made -> {
          if (isOn()) {
            made.kill(); // it may still heed the button
          }
          made.start();
        });
  }

  /** Whether the guest goes on when the daemon stops. */
  public boolean keepsRunning() {
    return config.keepRunning() && isOn();
  }

  /** Lets go of a guest that goes on, removes its ports and forgets it. */
  public void release() {
    end("let it go on", Guest::release);
  }

  /** Kills the guest, removes its ports and forgets it; one that does not let go is left. */
  public void close() {
    end("close", Guest::close);
  }

  private void end(String what, Consumer<Guest> end) {
    Guest made;
    synchronized (this) {
      closed = true;
      made = guest;
      guest = null;
    }
    if (made == null) {
      return;
    }
    try {
      new PluginExecutor("guest " + config.name(), timeouts.closeMillis())
          .call(
              what,
              () -> {
                end.accept(made);
                return true;
              });
    } catch (VmmException | RuntimeException e) {
      LogEvent.of("guest-not-closed").with("guest", config.name()).log(LOG, Level.WARNING, e);
    }
    nics.detach(config);
  }
}
