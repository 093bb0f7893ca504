package io.lanyard.control.api;

/**
 * One value of the configuration.
 *
 * @param path where it is, as {@code networks.vmnet8.dhcp.lease-time}
 * @param value the value as the file would say it
 * @param origin where it comes from: {@code default}, a file with its line, or who changed it when;
 *     of what a port inherits, after the path where it is said
 */
public record SettingInfo(String path, String value, String origin) {}
