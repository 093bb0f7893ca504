package io.lanyard.control.api;

/**
 * A port on which its network's loop spends its time, in a status and a network.
 *
 * @param network the network's name
 * @param port the port's name
 * @param percent of the loop's time in the last seconds
 */
public record PortLoad(String network, String port, int percent) {}
