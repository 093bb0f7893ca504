package io.lanyard.vswitch.port.datagram;

import io.lanyard.base.Clock;
import io.lanyard.linux.DatagramBatch;
import io.lanyard.linux.DatagramEnds;
import io.lanyard.linux.SocketName;
import io.lanyard.net.Address;
import io.lanyard.net.Endpoint;
import io.lanyard.vswitch.MacTable;
import io.lanyard.vswitch.Passage;
import io.lanyard.vswitch.frame.Ethernet;
import io.netty.buffer.ByteBuf;
import java.security.SecureRandom;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Other hosts, by VXLAN (RFC 7348): a UDP datagram holds 8 bytes and a frame.
 *
 * <pre>
 *   0x08 (the VNI is valid), 3 bytes 0, VNI (3), 1 byte 0
 * </pre>
 *
 * <p>Which host a MAC address is behind is learned from the frames that come. A frame to another
 * address, or to a group, goes to every host. Frames that came from a host are not sent to another:
 * each host has all others in its list (section 6.1 leaves the loops to that).
 *
 * <p>Only the hosts of the list are heard. Their source port is any (section 5: it spreads flows).
 * Addresses are learned into a table like the switch's: when it is full, the host that has the most
 * addresses gives one up, so a guest that makes addresses up leaves those behind other hosts.
 */
public final class VxlanPeers implements Addressing {
  /** The UDP port (RFC 7348 section 5). */
  public static final int PORT = 4789;

  private static final int HEADER = 8;
  private static final int VNI_IS_VALID = 0x08;

  /** A host, and where its datagrams go to. */
  private record Host(long high, long low, SocketName name) {}

  private final int vni;
  private final Host[] hosts;
  private final Clock clock;
  private final DatagramEnds ends = new DatagramEnds();

  /** The hosts' places in the list, as its ports. */
  private final MacTable table = new MacTable(new SecureRandom().nextLong());

  /** The receiver of the last frame; null for all hosts. */
  private @Nullable Host one;

  /**
   * Makes an addressing for one port.
   *
   * @param vni the VXLAN network identifier, 24 bits
   * @param hosts the other hosts' addresses, a few: each costs a copy of every broadcast
   * @param port their UDP port
   * @param clock forgets addresses
   */
  public VxlanPeers(int vni, List<Address> hosts, int port, Clock clock) {
    this.vni = vni;
    this.clock = clock;
    this.hosts = new Host[hosts.size()];
    for (int i = 0; i < this.hosts.length; i++) {
      Address host = hosts.get(i);
      this.hosts[i] = new Host(host.high(), host.low(), SocketName.of(new Endpoint(host, port)));
    }
  }

  @Override
  public int prefixLength() {
    return HEADER;
  }

  @Override
  public void writePrefix(ByteBuf into) {
    into.writeInt(VNI_IS_VALID << 24).writeInt(vni << 8);
  }

  @Override
  public Verdict judge(DatagramBatch batch, int slot, ByteBuf datagram, int index) {
    batch.ends(slot, ends);
    return judge(ends.remoteHigh(), ends.remoteLow(), batch.length(slot), datagram, index);
  }

  /** Judges a datagram of a length whose sender has an address. */
  Verdict judge(long high, long low, int length, ByteBuf datagram, int index) {
    int sender = hosts.length - 1;
    while (sender >= 0 && (hosts[sender].low != low || hosts[sender].high != high)) {
      sender--;
    }
    if (sender < 0) {
      return Verdict.FOREIGN;
    }
    if (length < HEADER + Ethernet.HEADER_LENGTH
        || (datagram.getByte(index) & VNI_IS_VALID) == 0
        || datagram.getUnsignedMedium(index + 4) != vni) {
      return Verdict.MALFORMED;
    }
    int frame = index + HEADER;
    learn(
        Ethernet.source(datagram, frame),
        sender,
        Ethernet.isGroup(Ethernet.destination(datagram, frame)));
    return Verdict.FRAME;
  }

  /** Learns as the switch does: a frame to all that comes by a loop moves no address. */
  private void learn(long mac, int host, boolean toAll) {
    long now = clock.nanoTime();
    if (mac != 0 && !Ethernet.isGroup(mac) && !(toAll && table.settled(0, mac, host, now))) {
      var _ = table.learn(0, mac, host, now);
    }
  }

  private @Nullable Host find(long mac) {
    int host = table.find(0, mac, clock.nanoTime());
    return host == MacTable.UNKNOWN ? null : hosts[host];
  }

  @Override
  public int route(Passage passage) {
    return route(passage.destination());
  }

  /** Finds the receivers of a frame to an address. */
  int route(long to) {
    one = Ethernet.isGroup(to) ? null : find(to);
    return one == null ? hosts.length : 1;
  }

  @Override
  public SocketName receiver(int number) {
    Host only = one;
    return (only == null ? hosts[number] : only).name;
  }
}
