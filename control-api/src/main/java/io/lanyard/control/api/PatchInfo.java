package io.lanyard.control.api;

/**
 * A patch between two networks.
 *
 * @param network the network of one end
 * @param port its port
 * @param peerNetwork the network of the other end
 * @param peerPort its port
 * @param up whether frames pass
 */
public record PatchInfo(
    String network, String port, String peerNetwork, String peerPort, boolean up) {}
