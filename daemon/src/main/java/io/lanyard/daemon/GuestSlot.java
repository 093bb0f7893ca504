package io.lanyard.daemon;

import io.lanyard.config.GuestConfig;
import io.lanyard.config.GuestConfig.Boot;
import io.lanyard.control.api.GuestInfo;
import io.lanyard.image.ImageStore;
import io.lanyard.vmm.BootSource;
import io.lanyard.vmm.DiskSpec;
import io.lanyard.vmm.Guest;
import io.lanyard.vmm.GuestEvent;
import io.lanyard.vmm.GuestListener;
import io.lanyard.vmm.GuestSpec;
import io.lanyard.vmm.GuestState;
import io.lanyard.vmm.GuestStatistics;
import io.lanyard.vmm.Nic;
import io.lanyard.vmm.NicSpec;
import io.lanyard.vmm.VmmException;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A guest that the configuration declares, whether or not it could be made yet.
 *
 * <p>Making it again is tried with every start, so that a missing image can be pulled meanwhile.
 *
 * <p>Thread: any.
 */
final class GuestSlot implements GuestListener {
  private static final System.Logger LOG = System.getLogger(GuestSlot.class.getName());

  /** A guest that asks for {@code NAME-slim} gets image NAME with its slim RAM disk. */
  private static final String SLIM = "-slim";

  private final GuestConfig config;
  private final VmmPlugins plugins;
  private final ImageStore images;
  private final Map<String, Network> networks;
  private @Nullable Guest guest;
  private volatile String reason = "";

  GuestSlot(
      GuestConfig config, VmmPlugins plugins, ImageStore images, Map<String, Network> networks) {
    this.config = config;
    this.plugins = plugins;
    this.images = images;
    this.networks = networks;
  }

  GuestConfig config() {
    return config;
  }

  /** Why the guest is as it is, for a person; empty for nothing to say. */
  String reason() {
    return reason;
  }

  synchronized @Nullable Guest guest() {
    return guest;
  }

  /** The guest, made if it has not been. */
  synchronized Guest create() throws VmmException {
    Guest made = guest;
    if (made != null) {
      return made;
    }
    try {
      List<NicSpec> nics = new ArrayList<>();
      for (GuestConfig.Nic nic : config.nics()) {
        nics.add(new NicSpec(nic.name(), nic.mac().bits(), network(nic).mtu()));
      }
      GuestSpec spec =
          new GuestSpec(
              config.name(),
              config.memory(),
              config.harts(),
              boot(),
              config.disks().stream()
                  .map(disk -> new DiskSpec(disk.path(), disk.readOnly()))
                  .toList(),
              nics,
              config.options());
      made = plugins.open(config.vmm()).create(spec, this);
      plug(made);
      guest = made;
      reason = "";
      return made;
    } catch (VmmException e) {
      reason = String.valueOf(e.getMessage());
      if (made != null) {
        made.close();
      }
      throw e;
    }
  }

  private void plug(Guest made) throws VmmException {
    List<Nic> nics = made.nics();
    if (nics.size() != config.nics().size()) {
      throw new VmmException(
          "VMM " + config.vmm() + " made another number of network cards than it was asked for");
    }
    for (int i = 0; i < nics.size(); i++) {
      network(config.nics().get(i)).plug(config.name(), nics.get(i));
    }
  }

  private Network network(GuestConfig.Nic nic) throws VmmException {
    Network network = networks.get(nic.network());
    if (network == null) {
      throw new VmmException(
          "guest "
              + config.name()
              + " is on network "
              + nic.network()
              + ", which does not run here");
    }
    return network;
  }

  private BootSource boot() throws VmmException {
    return switch (config.boot()) {
      case Boot.Kernel(var kernel, var initrd, var commandLine) ->
          new BootSource.Kernel(kernel, initrd, commandLine);
      case Boot.Program(var elf) -> new BootSource.Program(elf);
      case Boot.Image(String name, String commandLine) -> image(name, commandLine);
    };
  }

  private BootSource image(String fullName, @Nullable String commandLine) throws VmmException {
    boolean slim = fullName.endsWith(SLIM) && images.find(fullName).isEmpty();
    String name = slim ? fullName.substring(0, fullName.length() - SLIM.length()) : fullName;
    Optional<ImageStore.Image> image = images.find(name);
    if (image.isEmpty()) {
      throw new VmmException(
          "image "
              + name
              + " is not in "
              + images.directory()
              + "; run: lanyard image pull "
              + name);
    }
    return new BootSource.Kernel(
        image.get().file("kernel").orElseThrow(),
        image.get().file(slim ? "slim" : "initrd").orElse(null),
        commandLine == null ? image.get().manifest().commandLine() : commandLine);
  }

  @Override
  public void onEvent(GuestEvent event) {
    switch (event) {
      case GuestEvent.StateChanged(String name, GuestState from, GuestState to, String why) -> {
        reason = why;
        LOG.log(
            to == GuestState.FAILED ? Level.WARNING : Level.INFO,
            "guest state changed guest=" + name + " from=" + from + " to=" + to + " reason=" + why);
      }
      case GuestEvent.Rebooted(String name) -> LOG.log(Level.INFO, "guest rebooted guest=" + name);
      case GuestEvent.ProgramExited(String name, long code) -> {
        reason = code == 0 ? "the program succeeded" : "test " + code + " failed";
        LOG.log(Level.INFO, "guest program ended guest=" + name + " code=" + code);
      }
    }
  }

  GuestInfo info() {
    Guest made = guest();
    GuestStatistics statistics = made == null ? null : made.statistics();
    List<GuestInfo.NicInfo> nics = new ArrayList<>();
    for (GuestConfig.Nic nic : config.nics()) {
      Network network = networks.get(nic.network());
      nics.add(
          new GuestInfo.NicInfo(
              nic.name(),
              nic.network(),
              nic.mac().toString(),
              network == null ? "" : network.addressOf(nic.mac().bits())));
    }
    return new GuestInfo(
        config.name(),
        config.vmm(),
        made == null ? "failed" : made.state().name().toLowerCase(Locale.ROOT),
        reason,
        config.memory(),
        config.harts(),
        statistics == null ? 0 : statistics.processorNanos() / 1e9,
        statistics == null ? 0 : statistics.instructions(),
        nics);
  }

  synchronized void close() {
    Guest made = guest;
    guest = null;
    if (made != null) {
      try {
        made.close();
      } catch (RuntimeException e) {
        LOG.log(Level.WARNING, "cannot close guest " + config.name(), e);
      }
    }
  }
}
