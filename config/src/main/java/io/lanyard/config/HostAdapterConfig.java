package io.lanyard.config;

/**
 * The host's own TAP device on a network. Its address is {@link Ipv4Config#host}.
 *
 * @param name the device's name, at most 15 characters
 */
public record HostAdapterConfig(String name) {}
