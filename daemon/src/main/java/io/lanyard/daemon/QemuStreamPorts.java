package io.lanyard.daemon;

import io.lanyard.config.PortConfig;
import io.lanyard.config.PortConfig.StreamSocket;
import io.lanyard.vswitch.Port;
import io.lanyard.vswitch.port.Framing;
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
    StreamAddress address =
        switch (stream.at()) {
          case StreamSocket.ListenUnix(var path) ->
              new StreamAddress.Listen(place.runtimeDirectory().resolve(path));
          case StreamSocket.ConnectUnix(var path) ->
              new StreamAddress.Connect(place.runtimeDirectory().resolve(path));
          case StreamSocket.ListenTcp(var endpoint) ->
              new StreamAddress.Listen(endpoint.toSocketAddress());
          case StreamSocket.ConnectTcp(var endpoint) ->
              new StreamAddress.Connect(endpoint.toSocketAddress());
        };
    return new StreamPort(
        stream.name(), kind(), stream.mtu(), Framing.QEMU, address, place.context());
  }
}
