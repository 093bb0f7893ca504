package io.lanyard.daemon.adversary;

import io.lanyard.linux.NetworkNamespace;
import io.lanyard.net.Address;
import io.lanyard.vswitch.frame.Ethernet;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.DatagramChannel;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** Another host of a network that is extended by VXLAN (RFC 7348): it is there while it attacks. */
final class VxlanHost implements Hostile {
  /** The network's identifier. */
  static final int VNI = 7;

  /** The UDP port of the first attack's; each has its own. */
  private static final int FIRST_PORT = 4789;

  private static final int BATCH = 20;
  private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(1);
  private static final int HEADER = 8;
  private static final int FRAME = 60;

  /** The place of the source address in a frame. */
  private static final int SOURCE = 6;

  /** The difference of a datagram from the one before. */
  interface Writer {
    /**
     * Writes it.
     *
     * @param to a datagram of the network, with a frame to the gateway
     * @param number the datagram's
     */
    void write(ByteBuf to, int number);
  }

  private final DatagramChannel socket;
  private final Writer writer;
  private final String change;
  private volatile boolean closed;

  VxlanHost(Site site, Attack attack, Writer writer) throws IOException {
    this.writer = writer;
    Address own = attack.family.tunnel;
    String prefix = own.isIpv4() ? "/32" : "/128";
    change = "ip -n " + site.world().world + " addr %s " + own + prefix + " dev vw";
    World.run(change.formatted("add"));
    int port = port(attack);
    socket =
        NetworkNamespace.run(
            site.world().world,
            () ->
                DatagramChannel.open()
                    .bind(new InetSocketAddress(own.toInetAddress(), port))
                    .connect(new InetSocketAddress(attack.family.uplink.toInetAddress(), port)));
  }

  static int port(Attack attack) {
    return FIRST_PORT + attack.ordinal();
  }

  /** Sends frames of stations that nobody knows. */
  static void makeUpStations(ByteBuf to, int number) {
    Ethernet.setMac(to, HEADER + SOURCE, Forgery.mac(number % HostileGuest.PORTS));
  }

  /** Sends frames of networks that are none of this host's. */
  static void makeUpNetworks(ByteBuf to, int number) {
    to.setMedium(4, VNI + 1 + number % HostileGuest.PORTS);
  }

  @Override
  public void act() {
    ByteBuf datagram = Unpooled.directBuffer(HEADER + FRAME).writeZero(HEADER + FRAME);
    datagram.setByte(0, 0x08).setMedium(4, VNI);
    Ethernet.write(datagram, HEADER, Forgery.GATEWAY_MAC, Forgery.mac(0), 0x88b5);
    long deadline = System.nanoTime() + LONGEST_NANOS;
    try {
      for (int i = 0; !closed && System.nanoTime() < deadline; i++) {
        writer.write(datagram, i);
        int _ = socket.write(datagram.nioBuffer());
        if (i % BATCH == 0) {
          LockSupport.parkNanos(PAUSE_NANOS);
        }
      }
    } catch (ClosedChannelException e) {
      // Closed.
    } catch (IOException e) {
      throw new AssertionError("the datagrams cannot be sent", e);
    } finally {
      datagram.release();
    }
  }

  @Override
  public void close() throws IOException {
    closed = true;
    socket.close();
    World.run(change.formatted("del"));
  }
}
