package io.lanyard.daemon;

import io.lanyard.config.PortConfig;
import io.lanyard.config.PortConfig.StreamSocket;
import io.lanyard.vswitch.Port;
import io.lanyard.vswitch.port.Framing;
import io.lanyard.vswitch.port.StreamAddress;
import io.lanyard.vswitch.port.StreamPort;
import java.nio.file.Path;

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
    return new StreamPort(
        stream.name(),
        kind(),
        stream.mtu(),
        Framing.QEMU,
        address(stream.at(), place.runtimeDirectory()),
        place.context());
  }

  // No pattern switch: the JVM would spin a class for it in each start.
  private static StreamAddress address(StreamSocket at, Path runtimeDirectory) {
    if (at instanceof StreamSocket.ListenUnix listen) {
      return new StreamAddress.Listen(runtimeDirectory.resolve(listen.path()));
    }
    if (at instanceof StreamSocket.ConnectUnix connect) {
      return new StreamAddress.Connect(runtimeDirectory.resolve(connect.path()));
    }
    return at instanceof StreamSocket.ListenTcp listen
        ? new StreamAddress.Listen(listen.endpoint().toSocketAddress())
        : new StreamAddress.Connect(((StreamSocket.ConnectTcp) at).endpoint().toSocketAddress());
  }
}
