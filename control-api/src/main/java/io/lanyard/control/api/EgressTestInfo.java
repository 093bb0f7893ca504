package io.lanyard.control.api;

/**
 * The answer to the question what would become of a guest's flow: {@code GET
 * /v1/networks/{network}/ports/{port}/egress/{destination}}.
 *
 * @param network the network
 * @param port the port of the switch that the guest is behind
 * @param name the name that the guest would ask for; empty where an address was given
 * @param address the address that the flow would lead to; empty where the name has none, or may not
 *     be asked for
 * @param service the protocol and the destination's port, such as {@code tcp/443}
 * @param verdict {@code allow}, {@code deny}, or {@code would-deny} where rules that deny it are
 *     only tried
 * @param reason what decides, in words: a rule, a default, or what is protected
 */
public record EgressTestInfo(
    String network,
    String port,
    String name,
    String address,
    String service,
    String verdict,
    String reason) {}
