package io.lanyard.nat.gateway;

import io.lanyard.base.DescriptorBudget;
import io.lanyard.nat.station.StationMemory;
import io.lanyard.vswitch.frame.Arp;
import io.lanyard.vswitch.frame.Ethernet;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.embedded.EmbeddedChannel;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.AfterEach;

/** A gateway on a network with one guest, and frames that ask for addresses. */
abstract class GatewayScene {
  static final byte[] HELLO = "hello".getBytes(StandardCharsets.UTF_8);

  final TestNetwork net = new TestNetwork();
  Gateway gateway = gateway(false);

  final Gateway gateway(boolean hostLoopback) {
    Gateway made =
        new Gateway(
            new EmbeddedChannel().eventLoop(),
            net.timers,
            PooledByteBufAllocator.DEFAULT,
            net.network,
            "gateway",
            TestNetwork.addresses(hostLoopback),
            net.mtu,
            DescriptorBudget.ample().share("test"),
            StationMemory.alone());
    made.attach();
    return made;
  }

  final void withHostLoopback() {
    gateway.close();
    gateway = gateway(true);
    net.guest.drain();
  }

  @AfterEach
  void close() {
    gateway.close();
    net.guest.close();
  }

  static ByteBuf view(byte[] bytes) {
    return TestNetwork.view(bytes);
  }

  final byte[] ask(int target) {
    return TestNetwork.arp(
        Ethernet.BROADCAST, Arp.REQUEST, TestNetwork.GUEST_MAC, TestNetwork.GUEST, 0, target);
  }

  /** Lets the gateway learn the guest. */
  final void introduce() {
    net.exchange(ask(TestNetwork.GATEWAY));
    net.guest.drain();
  }
}
