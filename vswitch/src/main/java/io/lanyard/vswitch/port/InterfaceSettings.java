package io.lanyard.vswitch.port;

import org.jspecify.annotations.Nullable;

/**
 * The settings of a port on an interface of the host: which one it is, and whether the host itself
 * is to be reached by it.
 *
 * @param device the interface's name; null for the one that the default route leads by
 * @param namespace a network namespace's name or path, or null for the daemon's own
 * @param mtu the largest packet that the port is to pass, in bytes
 * @param reachesHost whether frames for the interface's own address, and those to groups, get into
 *     the host's stack
 * @param driver what carries the frames
 * @param sharing whether all guests have the interface's own MAC address on the wire
 * @param vlan the VLAN on the wire whose frames are those of the port, without their tags there; 0
 *     for all frames as they are
 */
public record InterfaceSettings(
    @Nullable String device,
    @Nullable String namespace,
    int mtu,
    boolean reachesHost,
    WireDriver driver,
    Sharing sharing,
    int vlan) {
  /** The cases in which guests share the interface's MAC address. */
  public enum Sharing {
    /** If it is a radio. */
    AUTO,
    /** Always. */
    YES,
    /** Never. */
    NO
  }
}
