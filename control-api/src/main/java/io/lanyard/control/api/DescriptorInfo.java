package io.lanyard.control.api;

/**
 * The answer to a descriptor that became a link: {@code POST /v1/networks/{network}/descriptors}.
 *
 * @param network the network that has it
 * @param port the port that it is
 */
public record DescriptorInfo(String network, String port) {}
