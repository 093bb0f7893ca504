/**
 * Where guests may go: the rules of a network's configuration, made ready to be asked about each
 * new flow, and what they protect without being told.
 *
 * <p>The decision is {@link io.lanyard.nat.gateway.Egress}, asked once when a flow begins: packets
 * of a flow that is there pass. The first rule of {@link io.lanyard.config.EgressConfig} that
 * matches decides. {@link io.lanyard.nat.egress.EgressPolicies} chains the rules for each port when
 * they change:
 *
 * <pre>
 *   guest or port -&gt; its port group -&gt; network      a default ends the chain where it is said
 * </pre>
 *
 * <p>Where none does, protected destinations are denied: the host's own addresses, which {@link
 * io.lanyard.nat.egress.HostAddressWatch} follows (what leads there goes over the host's loopback,
 * past its firewall), other networks of the daemon ({@link io.lanyard.nat.egress.NetworkSubnets}),
 * link-local and metadata addresses. The rest is as the default says. A rule for the whole world
 * does not open what is protected; a narrower one does.
 *
 * <p>A rule about names ({@link io.lanyard.nat.egress.NameRules}) decides about the addresses that
 * the guest was told for them, which {@link io.lanyard.nat.egress.ToldNames} keeps by port:
 *
 * <pre>
 *   question -&gt; NamePolicy.question -&gt; refused, or asked upstream
 *   answer   -&gt; NamePolicy.told     -&gt; (port, address, name) until its time is over
 *   new flow -&gt; Egress.admits       -&gt; names of (port, address), rules -&gt; the flow keeps its name
 * </pre>
 *
 * <p>Such a rule never opens what is private or protected ({@link
 * io.lanyard.nat.egress.SpecialAddresses}), and where there is one, the other ways to ask for names
 * are closed ({@link io.lanyard.nat.egress.NameServices}).
 */
package io.lanyard.nat.egress;
