package io.lanyard.daemon;

import io.lanyard.config.Configuration;
import io.lanyard.config.ForwardConfig;
import io.lanyard.config.GuestConfig;
import io.lanyard.config.NetworkConfig;
import io.lanyard.config.PortConfig;
import io.lanyard.config.change.Change;
import io.lanyard.control.api.NetworkInfo;
import io.lanyard.vmm.Guest;
import io.lanyard.vmm.VmmException;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Makes the step of each kind of change.
 *
 * <p>Thread: the conductor's.
 */
final class StepMaker {
  private final RunningTree tree;
  private final Consumer<Configuration> settings;

  /**
   * Makes one.
   *
   * @param tree what runs
   * @param settings takes over what concerns no network and no guest: the log, the metrics'
   *     endpoint
   */
  StepMaker(RunningTree tree, Consumer<Configuration> settings) {
    this.tree = tree;
    this.settings = settings;
  }

  /**
   * The step of a change; null for one that is part of a network's settings, or waits for the next
   * start.
   */
  @Nullable Step step(Change change, Configuration before, Configuration after) {
    return switch (change) {
      case Change.NetworkAdded added -> adding(change, added.after(), after.guests());
      case Change.NetworkRemoved removed ->
          inverse(change, adding(change, removed.before(), before.guests()));
      case Change.PortAdded added -> adding(change, added.after());
      case Change.PortRemoved removed -> inverse(change, adding(change, removed.before()));
      case Change.PortReplaced replaced ->
          replacing(change, adding(change, replaced.before()), adding(change, replaced.after()));
      case Change.PortPolicyChanged changed ->
          new Governing(change, changed.before(), changed.after());
      case Change.ForwardAdded added -> adding(change, added.after());
      case Change.ForwardRemoved removed -> inverse(change, adding(change, removed.before()));
      case Change.ForwardChanged changed -> forward(change, changed.before(), changed.after());
      case Change.GuestAdded added -> new GuestAdding(change, added.after(), false);
      case Change.GuestRemoved removed -> new GuestRemoving(change, removed.before());
      case Change.GuestChanged changed ->
          changed.needsRestart()
              ? new GuestReplacing(change, changed.before(), changed.after())
              : new GuestConfiguring(change, changed.before(), changed.after());
      case Change.LogChanged _ -> new Setting(change, before, after);
      case Change.MetricsChanged _ -> new Setting(change, before, after);
      case Change.HooksChanged _ -> new Setting(change, before, after);
      default -> null;
    };
  }

  /** The step that takes over a network's settings. */
  Step settings(String network, Configuration before, Configuration after) {
    return new NetworkConfiguring(network, before, after);
  }

  /** The step that makes a network anew, with the NICs that are on it. */
  Step replacement(String network, Configuration before, Configuration after) {
    return new NetworkReplacing(network, before, after);
  }

  /** The step that presses the power buttons of guests that later steps end. */
  Step powerButtons(List<String> guests) {
    return new PowerButtons(tree, guests);
  }

  private Network network(String name) {
    return Objects.requireNonNull(tree.network(name), name);
  }

  private static <T> T of(Map<String, T> map, String name) {
    return Objects.requireNonNull(map.get(name), name);
  }

  private Step adding(Change change, NetworkConfig network, Map<String, GuestConfig> guests) {
    return new NetworkAdding(change, network, guests);
  }

  private Step adding(Change change, PortConfig port) {
    return new PortAdding(change, port);
  }

  private Step adding(Change change, ForwardConfig forward) {
    return new ForwardAdding(change, forward);
  }

  private Step forward(Change change, ForwardConfig before, ForwardConfig after) {
    return before.key().equals(after.key())
        ? new ForwardChanging(change, before, after)
        : replacing(change, adding(change, before), adding(change, after));
  }

  private static Step inverse(Change change, Step adding) {
    return new Inverse(change, adding);
  }

  private static Step replacing(Change change, Step former, Step adding) {
    return new Replacing(change, former, adding);
  }

  /** A step of one change, with the change's words. */
  private abstract static class OfChange implements Step {
    final Change change;

    OfChange(Change change) {
      this.change = change;
    }

    @Override
    public String describe() {
      return change.describe();
    }
  }

  /** A removal: an addition, the other way round. What it gives back ends nothing by failing. */
  private static final class Inverse extends OfChange {
    private final Step adding;

    Inverse(Change change, Step adding) {
      super(change);
      this.adding = adding;
    }

    @Override
    public String run() throws VmmException {
      adding.undo();
      return "";
    }

    @Override
    public void undo() throws VmmException {
      adding.run();
    }
  }

  /** A removal and an addition in its place. */
  private static final class Replacing extends OfChange {
    private final Step former;
    private final Step adding;

    Replacing(Change change, Step former, Step adding) {
      super(change);
      this.former = former;
      this.adding = adding;
    }

    @Override
    public String run() throws VmmException {
      former.undo();
      return adding.run();
    }

    @Override
    public void undo() throws VmmException {
      adding.undo();
      former.run();
    }
  }

  private final class NetworkAdding extends OfChange {
    private final NetworkConfig added;
    private final Map<String, GuestConfig> guests;

    NetworkAdding(Change change, NetworkConfig added, Map<String, GuestConfig> guests) {
      super(change);
      this.added = added;
      this.guests = guests;
    }

    @Override
    public String run() {
      return add(added, guests);
    }

    @Override
    public void undo() {
      tree.removeNetwork(added.name());
    }
  }

  /** Adds a network, and answers with its problems. */
  private String add(NetworkConfig added, Map<String, GuestConfig> guests) {
    tree.addNetworks(List.of(added), guests);
    NetworkInfo info = network(added.name()).info();
    return String.join("; ", info.problems());
  }

  private final class NetworkReplacing implements Step {
    private final String name;
    private final Configuration before;
    private final Configuration after;

    NetworkReplacing(String name, Configuration before, Configuration after) {
      this.name = name;
      this.before = before;
      this.after = after;
    }

    @Override
    public String describe() {
      return "networks." + name;
    }

    @Override
    public String run() throws VmmException {
      return replace(after);
    }

    @Override
    public void undo() throws VmmException {
      replace(before);
    }

    private String replace(Configuration with) throws VmmException {
      tree.removeNetwork(name);
      String problem = add(of(with.networks(), name), with.guests());
      for (GuestSlot guest : tree.guests().values()) {
        guest.attachAgain(name);
      }
      return problem;
    }
  }

  private final class NetworkConfiguring implements Step {
    private final String name;
    private final Configuration before;
    private final Configuration after;

    NetworkConfiguring(String name, Configuration before, Configuration after) {
      this.name = name;
      this.before = before;
      this.after = after;
    }

    @Override
    public String describe() {
      return "networks." + name;
    }

    @Override
    public String run() {
      network(name).configure(of(after.networks(), name), after.guests());
      return "";
    }

    @Override
    public void undo() {
      network(name).configure(of(before.networks(), name), before.guests());
    }
  }

  private final class PortAdding extends OfChange {
    private final PortConfig port;

    PortAdding(Change change, PortConfig port) {
      super(change);
      this.port = port;
    }

    @Override
    public String run() {
      return network(change.network()).addPort(port);
    }

    @Override
    public void undo() {
      network(change.network()).removePort(port.name());
    }
  }

  private final class Governing extends OfChange {
    private final PortConfig before;
    private final PortConfig after;

    Governing(Change change, PortConfig before, PortConfig after) {
      super(change);
      this.before = before;
      this.after = after;
    }

    @Override
    public String run() {
      network(change.network()).govern(after.name(), after.policy());
      return "";
    }

    @Override
    public void undo() {
      network(change.network()).govern(before.name(), before.policy());
    }
  }

  private final class ForwardAdding extends OfChange {
    private final ForwardConfig forward;

    ForwardAdding(Change change, ForwardConfig forward) {
      super(change);
      this.forward = forward;
    }

    @Override
    public String run() {
      return network(change.network()).addForward(forward);
    }

    @Override
    public void undo() {
      network(change.network()).removeForward(forward);
    }
  }

  private final class ForwardChanging extends OfChange {
    private final ForwardConfig before;
    private final ForwardConfig after;

    ForwardChanging(Change change, ForwardConfig before, ForwardConfig after) {
      super(change);
      this.before = before;
      this.after = after;
    }

    @Override
    public String run() {
      network(change.network()).changeForward(before, after);
      return "";
    }

    @Override
    public void undo() {
      network(change.network()).changeForward(after, before);
    }
  }

  private final class GuestAdding extends OfChange {
    private final GuestConfig config;
    private final boolean start;

    GuestAdding(Change change, GuestConfig config, boolean start) {
      super(change);
      this.config = config;
      this.start = start;
    }

    @Override
    public String run() {
      return add(config, start);
    }

    @Override
    public void undo() {
      tree.discardGuest(config.name());
    }
  }

  /** Adds a guest, makes it, and starts it if it is to run; answers with what went wrong. */
  private String add(GuestConfig config, boolean start) {
    GuestSlot slot = tree.addGuest(config);
    try {
      slot.create();
      if (start || config.autostart()) {
        slot.act("start it", Guest::start);
      }
      return "";
    } catch (VmmException e) {
      return String.valueOf(e.getMessage());
    }
  }

  private final class GuestRemoving extends OfChange {
    private final GuestConfig config;
    private boolean ran;

    GuestRemoving(Change change, GuestConfig config) {
      super(change);
      this.config = config;
    }

    @Override
    public String run() {
      ran = of(tree.guests(), config.name()).wasOn();
      tree.removeGuest(config.name());
      return "";
    }

    @Override
    public void undo() throws VmmException {
      String problem = add(config, ran);
      if (!problem.isEmpty()) {
        throw new VmmException(problem);
      }
    }
  }

  private final class GuestReplacing extends OfChange {
    private final GuestConfig before;
    private final GuestConfig after;
    private boolean ran;

    GuestReplacing(Change change, GuestConfig before, GuestConfig after) {
      super(change);
      this.before = before;
      this.after = after;
    }

    @Override
    public String run() {
      ran = of(tree.guests(), before.name()).wasOn();
      tree.removeGuest(before.name());
      return add(after, ran);
    }

    @Override
    public void undo() throws VmmException {
      tree.discardGuest(after.name());
      String problem = add(before, ran);
      if (!problem.isEmpty()) {
        throw new VmmException(problem);
      }
    }
  }

  private final class GuestConfiguring extends OfChange {
    private final GuestConfig before;
    private final GuestConfig after;

    GuestConfiguring(Change change, GuestConfig before, GuestConfig after) {
      super(change);
      this.before = before;
      this.after = after;
    }

    @Override
    public String run() throws VmmException {
      of(tree.guests(), after.name()).configure(after);
      return "";
    }

    @Override
    public void undo() throws VmmException {
      of(tree.guests(), before.name()).configure(before);
    }
  }

  private final class Setting extends OfChange {
    private final Configuration before;
    private final Configuration after;

    Setting(Change change, Configuration before, Configuration after) {
      super(change);
      this.before = before;
      this.after = after;
    }

    @Override
    public String run() {
      settings.accept(after);
      return "";
    }

    @Override
    public void undo() {
      settings.accept(before);
    }
  }
}
