/**
 * libpcap by pcap4j: the adapter that {@link io.lanyard.vswitch.pcap.Pcap} loads when a filter, a
 * list of interfaces or an uplink of the driver {@code pcap} is asked for first.
 *
 * <p>It is outside the module graph, in a class loader of its own with pcap4j and JNA: the
 * descriptor of pcap4j 1.8.2 asks for the module of slf4j 1.7.
 */
@NullMarked
package io.lanyard.pcap;

import org.jspecify.annotations.NullMarked;
