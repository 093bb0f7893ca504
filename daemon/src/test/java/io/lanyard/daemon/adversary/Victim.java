package io.lanyard.daemon.adversary;

/**
 * The leases of the honest guest, as its attackers know them.
 *
 * @param lease its lease
 * @param lease6 its lease of an IPv6 address
 */
record Victim(LeaseClient.Lease lease, Dhcp6.Lease lease6) {}
