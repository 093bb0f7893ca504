package io.lanyard.vswitch.port;

import io.lanyard.linux.HostInterface;
import io.lanyard.linux.PacketSocket;
import io.lanyard.vswitch.Offloads;

/** An interface's frames by a packet socket. */
final class PacketWire implements Wire {
  private final PacketSocket socket;
  private final Offloads offloads;

  PacketWire(PacketSocket socket) {
    this.socket = socket;
    this.offloads = Offloads.of(true, true, true, socket.uso());
  }

  @Override
  public HostInterface at() {
    return socket.at();
  }

  @Override
  public int fd() {
    return socket.fd();
  }

  @Override
  public int read(long vectors, int count) {
    return socket.read(vectors, count);
  }

  @Override
  public int lead() {
    return socket.lead();
  }

  @Override
  public long source() {
    return socket.source();
  }

  @Override
  public int write(long address, int length) {
    return socket.write(address, length);
  }

  @Override
  public void admit(long mac) {
    socket.admit(mac);
  }

  @Override
  public int missed() {
    return socket.missed();
  }

  @Override
  public int unsent() {
    return 0;
  }

  @Override
  public String ended() {
    return ""; // a read says it
  }

  @Override
  public Offloads offloads() {
    return offloads;
  }

  @Override
  public void close() {
    socket.close();
  }
}
