package io.lanyard.daemon.network.port;

import io.lanyard.config.PortConfig;
import io.lanyard.config.PortConfig.StreamSocket;
import io.lanyard.config.PortGuests;
import io.lanyard.vswitch.Port;
import io.lanyard.vswitch.port.Framing;
import io.lanyard.vswitch.port.SharedStreamPort;
import io.lanyard.vswitch.port.StreamAddress;
import io.lanyard.vswitch.port.StreamPort;

/** QEMU's framing over a UNIX or TCP socket. */
final class QemuStreamPorts implements PortFactory<PortConfig.QemuStream> {
  @Override
  public Class<PortConfig.QemuStream> model() {
    return PortConfig.QemuStream.class;
  }

  @Override
  public String kind() {
    return "qemu-stream";
  }

  @Override
  public Port make(PortConfig.QemuStream stream, PortPlace place) {
    StreamAddress address = address(stream, place);
    return stream.guests() == PortGuests.MANY && address instanceof StreamAddress.Listen listen
        ? new SharedStreamPort(
            stream.name(),
            kind(),
            stream.mtu(),
            Framing.QEMU,
            listen,
            stream.mostGuests(),
            place.context())
        : new StreamPort(
            stream.name(), kind(), stream.mtu(), Framing.QEMU, address, place.context());
  }

  // No pattern switch: the JVM would spin a class for it in each start.
  private static StreamAddress address(PortConfig.QemuStream stream, PortPlace place) {
    StreamSocket at = stream.at();
    if (at instanceof StreamSocket.ListenUnix listen) {
      return new StreamAddress.Listen(place.file(listen.path(), stream.rights()));
    }
    if (at instanceof StreamSocket.ConnectUnix connect) {
      return new StreamAddress.Connect(place.resolve(connect.path()));
    }
    return at instanceof StreamSocket.ListenTcp listen
        ? new StreamAddress.Listen(listen.endpoint().toSocketAddress())
        : new StreamAddress.Connect(((StreamSocket.ConnectTcp) at).endpoint().toSocketAddress());
  }
}
