package io.lanyard.daemon.network;

import io.lanyard.config.PortConfig;
import io.lanyard.config.PortConfig.StreamSocket;
import io.lanyard.config.PortGuests;
import io.lanyard.config.PortPolicy;
import io.lanyard.config.SocketRights;
import io.lanyard.daemon.network.port.GuestNicPorts;
import io.lanyard.vmm.Attachment;
import io.lanyard.vmm.InProcessNic;
import io.lanyard.vmm.Nic;
import java.nio.file.Path;

/** The ports that go with the attachments that the NICs of guests have taken. */
final class NicPorts {
  private NicPorts() {}

  /**
   * The model of a NIC's port.
   *
   * @param name the port's name
   * @param nic the NIC
   * @param by the NIC's attachment
   * @param mtu the network's
   * @param policy the port's policy
   * @return the part of the model from which the port's factory makes it
   */
  static Object model(String name, Nic nic, Attachment by, int mtu, PortPolicy policy) {
    SocketRights own = new SocketRights(null, null, "0600");
    return switch (by) {
      case Attachment.InProcess() ->
          new GuestNicPorts.GuestNic(
              name, mtu, new GuestLink.TowardsGuest(((InProcessNic) nic).sink()));
      case Attachment.UnixStream(Path path, boolean vmmListens) -> {
        StreamSocket socket =
            vmmListens ? new StreamSocket.ConnectUnix(path) : new StreamSocket.ListenUnix(path);
        yield new PortConfig.QemuStream(name, socket, own, PortGuests.ONE, 1, mtu, policy);
      }
      case Attachment.VhostUser(Path path) ->
          new PortConfig.VhostUser(name, new StreamSocket.ListenUnix(path), own, 1, mtu, policy);
      default ->
          throw new IllegalStateException(
              "the VMM attaches NIC " + nic.name() + " as nobody offered: " + by);
    };
  }
}
