/**
 * The adversarial guest: well-formed frames in number and from several identities, with an honest
 * guest beside it, a third on another network, and a client that asks the API.
 *
 * <p>The daemon is a process of its own with little heap and few descriptors, in a network
 * namespace, so that its budgets are the kernel's and the JVM's and not the test's opinion: it ends
 * on OutOfMemoryError, and it cannot open more files than its limit. The honest guests are Linux
 * stacks behind TAP devices in namespaces; the hostile one is made of bytes, and comes by a stream
 * or datagram port, by a packet socket on a TAP device, or by memory that it shares. Users of the
 * host attack the API, another host attacks by VXLAN and the metrics' server, and clients in the
 * world by a forward. The world is one more namespace, with servers that the test runs.
 *
 * <p>All of it is in both families: attacks come by IPv4 and by IPv6, and during each the honest
 * guests work by both, and must have their share by both.
 *
 * <p>An {@link io.lanyard.daemon.adversary.Attack} is a way to attack and the {@link
 * io.lanyard.daemon.adversary.Sign} by which it is seen; an {@link
 * io.lanyard.daemon.adversary.Alliance} is several at once.
 *
 * <pre>
 *   guest a --TAP--+
 *                  | network a --- daemon (host) --veth-- world: TCP, DNS
 *   hostile -UNIX--+                  |              and silent addresses
 *   guest b --TAP---- network b ------+
 * </pre>
 */
@org.jspecify.annotations.NullMarked
package io.lanyard.daemon.adversary;
