package io.lanyard.daemon.guest;

import io.lanyard.config.GuestConfig;
import io.lanyard.control.api.GuestInfo;
import io.lanyard.daemon.network.Network;
import io.lanyard.vmm.InProcessNic;
import io.lanyard.vmm.Nic;
import io.lanyard.vmm.VmmException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The links between a guest's NICs and the networks that they are on.
 *
 * <p>A NIC that is moved sees its link go down, then up on the other network, so that its guest
 * asks for an address again. One whose network is not there has no link until the network is.
 *
 * <p>Thread: any, one at a time. A call of a NIC may hang with its VMM.
 */
final class GuestNics {
  private final String guest;
  private final Function<String, @Nullable Network> networks;

  /**
   * Makes one.
   *
   * @param guest the guest's name
   * @param networks finds a network by its name
   */
  GuestNics(String guest, Function<String, @Nullable Network> networks) {
    this.guest = guest;
    this.networks = networks;
  }

  /** The MTU of a NIC, in bytes. */
  int mtu(GuestConfig.Nic nic) throws VmmException {
    Network network = network(nic);
    return nic.mtu() == null ? network.mtu() : nic.mtu();
  }

  /**
   * Attaches the NICs of a guest that was made.
   *
   * @throws VmmException if it has another number of them than its configuration, or a network is
   *     not there
   */
  void attach(GuestConfig config, List<Nic> made) throws VmmException {
    if (made.size() != config.nics().size()) {
      throw new VmmException(
          "VMM "
              + config.vmm()
              + " made another number of NICs than the guest's configuration has");
    }
    for (int i = 0; i < made.size(); i++) {
      GuestConfig.Nic nic = config.nics().get(i);
      Network network = network(nic);
      network.attach(portOf(nic), made.get(i), nic.mtu(), nic.policy());
      if (network.isStopped()) {
        made.get(i).link(false);
      }
    }
  }

  /** Detaches all NICs of a guest that goes. */
  void detach(GuestConfig config) {
    config.nics().forEach(this::detach);
  }

  /** Detaches a NIC. */
  void detach(GuestConfig.Nic nic) {
    Network network = networks.apply(nic.network());
    if (network != null) {
      network.detach(portOf(nic));
    }
  }

  /**
   * Gives NICs their new networks and policies while the guest runs. All are as before if it fails.
   *
   * @param before the guest as it is
   * @param after the guest with the same NICs
   * @param made the NICs
   * @param on whether the guest is on
   */
  void configure(GuestConfig before, GuestConfig after, List<Nic> made, boolean on)
      throws VmmException {
    int next = 0;
    try {
      for (; next < made.size(); next++) {
        configure(before.nics().get(next), after.nics().get(next), made.get(next), on);
      }
    } catch (VmmException | RuntimeException e) {
      for (int i = Math.min(next, made.size() - 1); i >= 0; i--) {
        configure(after.nics().get(i), before.nics().get(i), made.get(i), on);
      }
      throw e;
    }
  }

  /** Gives a NIC its new network and policy. */
  void configure(GuestConfig.Nic before, GuestConfig.Nic after, Nic made, boolean on)
      throws VmmException {
    Network network = networks.apply(after.network());
    if (!after.network().equals(before.network())) {
      detach(before);
      unplug(made);
      plug(after, made, on);
    } else if (network != null && !after.policy().equals(before.policy())) {
      network.govern(portOf(after), after.policy());
    }
  }

  /**
   * Attaches those NICs that are on a network which was made meanwhile.
   *
   * @param network the network's name
   * @param on whether the guest is on
   */
  void attachAgain(String network, GuestConfig config, List<Nic> made, boolean on) {
    for (int i = 0; i < made.size(); i++) {
      GuestConfig.Nic nic = config.nics().get(i);
      if (nic.network().equals(network)) {
        unplug(made.get(i));
        plug(nic, made.get(i), on);
      }
    }
  }

  private static void unplug(Nic made) {
    made.link(false);
    if (made instanceof InProcessNic near) {
      near.disconnect();
    }
  }

  /** Attaches a NIC, if its network is there. */
  void plug(GuestConfig.Nic nic, Nic made, boolean on) {
    Network network = networks.apply(nic.network());
    if (network != null) {
      network.attach(portOf(nic), made, nic.mtu(), nic.policy());
      made.link(!network.isStopped());
      network.powered(portOf(nic), on);
    }
  }

  /** Tells the networks whether the guest is on. Does not block. */
  void powered(GuestConfig config, boolean on) {
    for (GuestConfig.Nic nic : config.nics()) {
      Network network = networks.apply(nic.network());
      if (network != null) {
        network.powered(portOf(nic), on);
      }
    }
  }

  /** The NICs, with the addresses that they have while the guest is on. */
  List<GuestInfo.NicInfo> infos(GuestConfig config, boolean on) {
    List<GuestInfo.NicInfo> infos = new ArrayList<>();
    for (GuestConfig.Nic nic : config.nics()) {
      Network network = networks.apply(nic.network());
      infos.add(
          new GuestInfo.NicInfo(
              nic.name(),
              nic.network(),
              nic.mac().toString(),
              network == null || !on ? "" : network.addressOf(nic.mac().bits())));
    }
    return infos;
  }

  private String portOf(GuestConfig.Nic nic) {
    return guest + "." + nic.name();
  }

  private Network network(GuestConfig.Nic nic) throws VmmException {
    Network network = networks.apply(nic.network());
    if (network == null) {
      throw new VmmException(
          "guest " + guest + " is on network " + nic.network() + ", which does not run here");
    }
    return network;
  }
}
