package io.lanyard.linux;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * A TAP device whose frames arrive at another interface, as if they had come in there: the way into
 * the host's own stack. What is sent by a packet socket leaves by the wire and never gets there.
 *
 * <p>The device has the interface's MAC address, as the stack drops frames for another one. It has
 * no address of its own, does not answer ARP and makes no IPv6 address. Its only rule: all that
 * comes in by it (clsact, a u32 filter that matches everything) is redirected to the interface's
 * ingress (mirred). The rule hangs on this device, so it goes with the process, however that ends
 * (linux/pkt_cls.h, linux/tc_act/tc_mirred.h).
 *
 * <p>Writes never wait. Thread: one at a time.
 */
public final class IngressRedirect {
  private static final int RTM_NEWQDISC = 36;
  private static final int RTM_NEWTFILTER = 44;

  // Of a struct tcmsg: handles, and the attributes behind it.
  private static final int CLSACT = 0xffff_fff1;
  private static final int CLSACT_HANDLE = 0xffff_0000;
  private static final int CLSACT_INGRESS = 0xffff_fff2;
  private static final int TCA_KIND = 1;
  private static final int TCA_OPTIONS = 2;
  private static final int PRIORITY = 1;
  private static final int ETH_P_ALL_NETWORK_ORDER = 0x0300;
  private static final int TCA_U32_SEL = 5;
  private static final int TCA_U32_ACT = 7;
  private static final int TC_U32_TERMINAL = 1;
  private static final int FIRST_ACTION = 1;
  private static final int TCA_ACT_KIND = 1;
  private static final int TCA_ACT_OPTIONS = 2;
  private static final int TCA_MIRRED_PARMS = 2;
  private static final int TC_ACT_STOLEN = 4;
  private static final int TCA_INGRESS_REDIR = 3;

  private static final String KERNEL =
      "the kernel needs sch_ingress, cls_u32 and act_mirred (CONFIG_NET_SCH_INGRESS,"
          + " CONFIG_NET_CLS_U32, CONFIG_NET_ACT_MIRRED); load them, or do without";

  private final TapDevice tap;

  private IngressRedirect(TapDevice tap) {
    this.tap = tap;
  }

  /**
   * Makes the device and its rule.
   *
   * @param name the device's name; may hold one {@code %d}
   * @param at the interface that the frames are to arrive at, in the same namespace
   * @param namespace a network namespace's name or path, or null for the daemon's own
   * @return the way in; it is gone when it is closed
   * @throws IOException if it cannot be had; the message says what to do
   */
  public static IngressRedirect open(String name, HostInterface at, @Nullable String namespace)
      throws IOException {
    return NetworkNamespace.run(namespace, () -> open(name, at));
  }

  private static IngressRedirect open(String name, HostInterface at) throws IOException {
    TapDevice tap = TapDevice.open(name, null, true);
    boolean done = false;
    try {
      HostLink link = HostLink.of(tap.name());
      link.hardwareAddress(at.mac());
      int index = HostInterface.read(tap.name()).index();
      link.makesIpv6Addresses(false);
      redirect(index, tap.name(), at);
      link.upWithoutArp();
      done = true;
      return new IngressRedirect(tap);
    } finally {
      if (!done) {
        tap.close();
      }
    }
  }

  private static void redirect(int index, String name, HostInterface at) throws ErrnoException {
    traffic(RTM_NEWQDISC, index, CLSACT_HANDLE, CLSACT, 0)
        .text(TCA_KIND, "clsact")
        .call("give " + name + " a clsact qdisc", KERNEL);
    NetlinkRequest filter =
        traffic(RTM_NEWTFILTER, index, 0, CLSACT_INGRESS, PRIORITY << 16 | ETH_P_ALL_NETWORK_ORDER)
            .text(TCA_KIND, "u32");
    int options = filter.begin(TCA_OPTIONS);
    matchAll(filter);
    int actions = filter.begin(TCA_U32_ACT);
    int action = filter.begin(FIRST_ACTION);
    filter.text(TCA_ACT_KIND, "mirred");
    int actionOptions = filter.begin(TCA_ACT_OPTIONS);
    int mirred = filter.begin(TCA_MIRRED_PARMS);
    // struct tc_mirred: index, capabilities, verdict, two counts, what to do, where to.
    filter.with(0).with(0).with(TC_ACT_STOLEN).with(0).with(0);
    filter.with(TCA_INGRESS_REDIR).with(at.index());
    filter.end(mirred).end(actionOptions).end(action).end(actions).end(options);
    filter.call("redirect " + name + " to " + at.name(), KERNEL);
  }

  /** A struct tcmsg: family, interface, handle, parent, and what the kind of message says. */
  private static NetlinkRequest traffic(int type, int index, int handle, int parent, int info) {
    return new NetlinkRequest(type, NetlinkRequest.CREATE | NetlinkRequest.EXCLUSIVE)
        .with(0)
        .with(index)
        .with(handle)
        .with(parent)
        .with(info);
  }

  /** A struct tc_u32_sel with one key, whose mask is zero: every frame matches. */
  private static void matchAll(NetlinkRequest filter) {
    int selector = filter.begin(TCA_U32_SEL);
    filter.withByte(TC_U32_TERMINAL).withByte(0).withByte(1).withByte(0);
    filter.withShort(0).withShort(0).withShort(0).withShort(0).with(0);
    filter.with(0).with(0).with(0).with(0);
    filter.end(selector);
  }

  /**
   * The device's name.
   *
   * @return the kernel's choice, where it had one
   */
  public String name() {
    return tap.name();
  }

  /**
   * Has a frame arrive at the interface.
   *
   * @param address where the 12-byte virtio-net header and the frame lie
   * @param length their bytes
   * @return bytes, or -errno
   */
  public int write(long address, int length) {
    return tap.write(address, length);
  }

  /** Removes the device; a second call does nothing. */
  public void close() {
    tap.close();
  }
}
