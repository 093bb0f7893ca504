package io.lanyard.control.api;

import java.util.Map;

/**
 * A port of a switch: {@code GET /v1/ports}.
 *
 * @param network its network
 * @param name its name, unique in the network
 * @param group its port group, or empty
 * @param kind what is behind it
 * @param state {@code up}, {@code no-carrier} while no VMM is attached or the guest is off, {@code
 *     link-down} while its link is switched off, or {@code failed}
 * @param problem why it failed, what it cannot do, what it does to its network or wants more of
 *     than its share, or why its interface has no carrier; or empty
 * @param guestMac a MAC address for a guest that another VMM attaches to it: the same after each
 *     start, and different on every host; empty for ports that have no such guests
 * @param receivedFrames wire frames that came in by it
 * @param receivedBytes their bytes
 * @param transmittedFrames wire frames that left by it
 * @param transmittedBytes their bytes
 * @param loopNanos nanoseconds that the network's loop has spent on its frames and on its flows'
 *     data
 * @param loopWaitNanos nanoseconds that the loop has spent on other ports while this one had work
 * @param receiveDrops frames dropped on the way in, by cause
 * @param transmitDrops frames dropped on the way out, by cause
 */
public record PortInfo(
    String network,
    String name,
    String group,
    String kind,
    String state,
    String problem,
    String guestMac,
    long receivedFrames,
    long receivedBytes,
    long transmittedFrames,
    long transmittedBytes,
    long loopNanos,
    long loopWaitNanos,
    Map<String, Long> receiveDrops,
    Map<String, Long> transmitDrops) {}
