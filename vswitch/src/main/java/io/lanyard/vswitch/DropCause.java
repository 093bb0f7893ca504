package io.lanyard.vswitch;

import io.lanyard.base.EnumText;

/** Why a frame went no further. */
public enum DropCause {
  /** Shorter than an Ethernet header, or longer than the port or the network takes. */
  BAD_LENGTH(
      "the frames are longer than the port's mtu, or cut short; compare the mtu at its other end"),
  /** The offload header asks for the impossible. */
  BAD_OFFLOAD_HEADER("look at the guest behind the port: its driver asks for the impossible"),
  /** More tags with a priority alone than two. */
  BAD_TAGS("the guest behind the port sends too many VLAN tags; look at it"),
  /** To a group address that switches keep to themselves (IEEE 802.1Q section 8.6.3). */
  RESERVED_ADDRESS,
  /** A super-frame to a group address: a segment for each port each would multiply its cost. */
  GROUP_SUPER_FRAME(
      "the guest behind the port sends super-frames to groups; switch off its offloads"),
  /** Segments of a super-frame behind one that the port refused: they were not made. */
  UNSENT_SEGMENTS,
  /** The datagram around the frame does not begin as it should. */
  BAD_ENCAPSULATION("compare the protocol, and the vni where there is one, at its other end"),
  /** The datagram came from another socket than the port's peer. */
  FOREIGN_SENDER("the port takes frames from its peer alone; compare the addresses"),
  /** The source address is a group address, or all zeros. */
  BAD_SOURCE("the guest behind the port sends from an address that is no station's; look at it"),
  /** The source address belongs to another port: it is pinned there, or held by it. */
  PINNED_SOURCE("the guest behind the port uses the address of another station; look at it"),
  /** The port has sent from as many addresses as it may. */
  MAC_LIMIT("the guest behind the port uses more MAC addresses than its mac-limit allows"),
  /** The port is isolated, or the one that the frame is for. */
  ISOLATED,
  /** The IP source is not an address of the guest's. */
  GUARD_IP("the guest behind the port sends from an IP address that is not its own"),
  /** The ARP packet claims an address that is not the guest's. */
  GUARD_ARP(
      "the guest behind the port claims an IP address by ARP that is not its own: another's, or one"
          + " that it has by hand and that is to be in the port's addresses"),
  /** The neighbour discovery packet claims an address that is not the guest's. */
  GUARD_ND(
      "the guest behind the port claims an IPv6 address that is not its own: another's, or one that"
          + " it has by hand and that is to be in the port's addresses"),
  /** The DHCP packet is for another client than the one that sends it. */
  GUARD_DHCP("the guest behind the port speaks DHCP for another"),
  /** Only a DHCP server or a router may send this. */
  GUARD_SERVER("the guest behind the port plays DHCP server or router"),
  /** The headers cannot be judged: cut short, split, or behind too many tags. */
  GUARD_MALFORMED("the guest behind the port hides its headers"),
  /** The packet came to the host's adapter and is for none of the host's addresses there. */
  NOT_FOR_HOST("the host's adapter is no router: a guest's way out is the network's gateway"),
  /** A name server of the host's, where egress rules are about names. */
  NAME_SERVICE("names are asked of the network's gateway where egress rules are about names"),
  /** More broadcast frames than the port may send. */
  BROADCAST_STORM("look for a loop behind the port, or raise networks.NAME.storm-control"),
  /** More multicast frames than the port may send. */
  MULTICAST_STORM("look for a loop behind the port, or raise networks.NAME.storm-control"),
  /** More frames to unknown addresses than the port may send. */
  UNKNOWN_STORM("look for a loop behind the port, or raise networks.NAME.storm-control"),
  /** More than the port's limits let pass in a second. */
  RATE_LIMIT,
  /** The other side's queue is full. */
  QUEUE_FULL,
  /** The other side is not there: link down, nobody connected. */
  NO_CARRIER,
  /** The destination is on the port that the frame came from. */
  SAME_PORT,
  /** A port answered from inside an answer from inside an answer, and so on: a loop of ports. */
  NESTED,
  /** No buffer space in the host (ENOBUFS, ENOMEM). */
  NO_BUFFERS,
  /** The host refused the frame for another reason. */
  HOST_ERROR;

  private final String label = EnumText.word(this);
  private final String advice;

  DropCause() {
    this("");
  }

  DropCause(String advice) {
    this.advice = advice;
  }

  /**
   * The advice to a reader of the log or the status.
   *
   * @return empty for causes that need none
   */
  public String advice() {
    return advice;
  }

  /**
   * Whether the frame makes no sense where it came in, whatever the port may send: that is not
   * logged for each port, and many are its problem all the same.
   *
   * @return false for what is refused by a rule, and for what has no room
   */
  public boolean isMalformed() {
    return switch (this) {
      case BAD_LENGTH,
          BAD_OFFLOAD_HEADER,
          BAD_TAGS,
          BAD_ENCAPSULATION,
          FOREIGN_SENDER,
          BAD_SOURCE ->
          true;
      default -> false;
    };
  }

  /** Whether the frame was one of a storm that is held down. */
  boolean isStorm() {
    return this == BROADCAST_STORM || this == MULTICAST_STORM || this == UNKNOWN_STORM;
  }

  /**
   * The cause as the log and messages write it.
   *
   * @return lower case, with hyphens
   */
  public String label() {
    return label;
  }
}
