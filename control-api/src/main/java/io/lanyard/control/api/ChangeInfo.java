package io.lanyard.control.api;

/**
 * One change of the configuration.
 *
 * @param kind as {@code forward-added}
 * @param network the network that it is on; empty for none
 * @param subject the thing that changes, by name
 * @param text the change for people, in the words of the file
 */
public record ChangeInfo(String kind, String network, String subject, String text) {}
