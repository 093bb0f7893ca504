package io.lanyard.control.api;

/**
 * A DHCP lease: {@code GET /v1/leases}.
 *
 * @param network its network
 * @param address the guest's IPv4 address
 * @param mac the guest's MAC address
 * @param hostname what the guest calls itself, or empty
 * @param expires when it ends, in the form of ISO 8601
 * @param state for example {@code bound}
 */
public record LeaseInfo(
    String network, String address, String mac, String hostname, String expires, String state) {}
