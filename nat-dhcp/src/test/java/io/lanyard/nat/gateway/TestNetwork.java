package io.lanyard.nat.gateway;

import io.lanyard.config.ForwardConfig;
import io.lanyard.config.NetworkConfig;
import io.lanyard.nat.HostResources;
import io.lanyard.nat.TestNetworks;
import io.lanyard.net.Address;
import io.lanyard.net.Endpoint;
import io.lanyard.net.Transport;
import io.lanyard.testing.SteppedTimers;
import io.lanyard.vswitch.InMemoryPort;
import io.lanyard.vswitch.Offloads;
import io.lanyard.vswitch.Switch;
import io.lanyard.vswitch.frame.Arp;
import io.lanyard.vswitch.frame.Checksum;
import io.lanyard.vswitch.frame.Ethernet;
import io.lanyard.vswitch.frame.Icmp;
import io.lanyard.vswitch.frame.Ipv4;
import io.lanyard.vswitch.frame.Tcp;
import io.lanyard.vswitch.frame.Udp;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;

/** Frames of a guest, written by hand, and what a gateway on a stopped clock makes of them. */
final class TestNetwork {
  static final long GUEST_MAC = 0x5254_0000_0010L;

  /** As a gateway of the network {@code test} has it where the host has no seed of its own. */
  static final long GATEWAY_MAC =
      HostResources.alone().prefixes().macAddress("gateway of test").bits();

  static final int GUEST = Ipv4.parse("192.168.127.10");
  static final int GATEWAY = Ipv4.parse("192.168.127.2");
  static final int HOST = Ipv4.parse("192.168.127.1");
  static final int WORLD = Ipv4.parse("192.0.2.1");

  final SteppedTimers timers = new SteppedTimers();
  final Switch network;
  final InMemoryPort guest;
  int mtu = 1500;

  /** A network whose loop is the test. */
  TestNetwork() {
    this(Runnable::run);
  }

  TestNetwork(Executor loop) {
    this(loop, Ethernet.LARGEST_PACKET, Offloads.NONE);
  }

  TestNetwork(Executor loop, int guestMtu, Offloads offloads) {
    network = new Switch("test", timers, loop, PooledByteBufAllocator.DEFAULT);
    guest = new InMemoryPort("guest", guestMtu, offloads);
    guest.attachTo(network);
  }

  static GatewayAddresses addresses(boolean hostLoopback) {
    return new GatewayAddresses(
        GATEWAY_MAC, TestNetworks.mode(config()).gateway().ipv4(), null, hostLoopback);
  }

  /**
   * A network with the way to the host's loopback.
   *
   * @param nat further keys of its NAT, such as {@code filtering: endpoint-independent}
   */
  static NetworkConfig config(String... nat) {
    List<String> keys = new ArrayList<>(List.of(nat));
    keys.addFirst("host-loopback: true");
    return TestNetworks.named("test", "nat: {" + String.join(", ", keys) + "}");
  }

  static ForwardConfig forward(Transport protocol, Endpoint listen, String to, int port) {
    return new ForwardConfig(
        null, protocol, listen, new ForwardConfig.ToAddress(to, Address.parse(to), port), 1);
  }

  static ByteBuf frame(byte[] bytes) {
    ByteBuf frame = PooledByteBufAllocator.DEFAULT.directBuffer(12 + bytes.length);
    return frame.writeZero(12).writeBytes(bytes);
  }

  /** Sends a frame and takes what came back. */
  List<byte[]> exchange(byte[] bytes) {
    guest.send(frame(bytes));
    return guest.drain();
  }

  static byte[] bytes(ByteBuf b) {
    byte[] bytes = new byte[b.readableBytes()];
    b.readBytes(bytes);
    b.release();
    return bytes;
  }

  static byte[] arp(
      long to, int operation, long senderMac, int sender, long targetMac, int target) {
    ByteBuf b = buffer(14 + 28);
    Ethernet.write(b, 0, to, senderMac, Ethernet.TYPE_ARP);
    Arp.write(b, 14, operation, senderMac, sender, targetMac, target);
    return bytes(b);
  }

  static byte[] ipv4(
      int source, int destination, int protocol, int ttl, int id, int fragment, byte[] payload) {
    ByteBuf b = buffer(14 + 20 + payload.length);
    Ethernet.write(b, 0, GATEWAY_MAC, GUEST_MAC, Ethernet.TYPE_IPV4);
    Ipv4.write(b, 14, 20 + payload.length, id, fragment, ttl, protocol, source, destination);
    b.setBytes(34, payload);
    return bytes(b);
  }

  static byte[] echo(int destination, int ttl, byte[] data) {
    return ipv4(GUEST, destination, Ipv4.ICMP, ttl, 7, 0, icmp(Icmp.ECHO_REQUEST, 0x1234, data));
  }

  static byte[] icmp(int type, int id, byte[] data) {
    ByteBuf b = buffer(8 + data.length);
    b.setZero(0, 8);
    Icmp.setType(b, 0, type);
    Icmp.setIdentifier(b, 0, id);
    Icmp.setSequence(b, 0, 1);
    b.setBytes(8, data);
    Icmp.finishChecksum(b, 0, b.readableBytes());
    return bytes(b);
  }

  static byte[] udpPayload(
      int source, int destination, int sourcePort, int destinationPort, byte[] data) {
    ByteBuf b = buffer(8 + data.length);
    Udp.write(b, 0, sourcePort, destinationPort, 8 + data.length);
    b.setBytes(8, data);
    Udp.setChecksum(
        b,
        0,
        Checksum.finishUdp(
            Checksum.pseudo4(source, destination, Ipv4.UDP, 8 + data.length)
                + Checksum.sum(b, 0, 8 + data.length)));
    return bytes(b);
  }

  static byte[] udp(int source, int destination, int sourcePort, int destinationPort, byte[] data) {
    return ipv4(
        source,
        destination,
        Ipv4.UDP,
        64,
        9,
        0,
        udpPayload(source, destination, sourcePort, destinationPort, data));
  }

  /** A TCP segment without options that opens the window as far as 16 bits go. */
  static byte[] tcp(
      int source, int destination, int from, int to, int seq, int ack, int flags, byte... text) {
    int length = Tcp.HEADER_LENGTH + text.length;
    ByteBuf b = buffer(length);
    b.setZero(0, Tcp.HEADER_LENGTH);
    b.setBytes(Tcp.HEADER_LENGTH, text);
    b.setShort(0, from);
    b.setShort(2, to);
    b.setInt(4, seq);
    b.setInt(8, ack);
    b.setInt(12, 5 << 28 | flags << 16 | 65535);
    long sum = Checksum.pseudo4(source, destination, Ipv4.TCP, length);
    b.setShort(16, Checksum.finish(sum + Checksum.sum(b, 0, length)));
    return ipv4(source, destination, Ipv4.TCP, 64, 7, 0, bytes(b));
  }

  private static ByteBuf buffer(int length) {
    return PooledByteBufAllocator.DEFAULT.directBuffer(length).writerIndex(length);
  }

  /** A view of an Ethernet frame for the accessors; unpooled, needs no release. */
  static ByteBuf view(byte[] bytes) {
    return io.netty.buffer.Unpooled.wrappedBuffer(bytes);
  }
}
