/**
 * The switch's view of libpcap, and how its adapter is found.
 *
 * <p>libpcap lists the host's interfaces, compiles capture filters, and carries the frames of an
 * uplink whose driver it is. The adapter ({@link io.lanyard.vswitch.pcap.PcapLibrary}) stands on
 * pcap4j and JNA. It is loaded when somebody asks for one of these for the first time ({@link
 * io.lanyard.vswitch.pcap.Pcap}), by a class loader of its own, so that a daemon that needs none of
 * them pays nothing. A host without libpcap has everything else.
 */
package io.lanyard.vswitch.pcap;
