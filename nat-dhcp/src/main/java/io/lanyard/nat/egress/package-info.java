/**
 * Where guests may go: the rules of a network's configuration, made ready to be asked about each
 * new flow, and what they protect without being told.
 *
 * <p>The decision is {@link io.lanyard.nat.gateway.Egress}, asked once when a flow begins: packets
 * of a flow that is there pass. The first rule of {@link io.lanyard.config.EgressConfig} that
 * matches decides. Where none does, protected destinations are denied: the host's own addresses,
 * which {@link io.lanyard.nat.egress.HostAddressWatch} follows (what leads there goes over the
 * host's loopback, past its firewall), other networks of the daemon ({@link
 * io.lanyard.nat.egress.NetworkSubnets}), link-local and metadata addresses. The rest is as the
 * default says. A rule for the whole world does not open what is protected; a narrower one does.
 */
package io.lanyard.nat.egress;
