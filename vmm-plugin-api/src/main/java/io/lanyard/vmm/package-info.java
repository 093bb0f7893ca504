/**
 * The interface between the daemon and a virtual machine monitor.
 *
 * <p>A plug-in is a module that {@code provides} {@link io.lanyard.vmm.VmmProvider}. The daemon
 * asks the provider for a {@link io.lanyard.vmm.Vmm}, and that for a {@link io.lanyard.vmm.Guest}
 * for each guest in its configuration. A guest's NICs are {@link io.lanyard.vmm.Nic}s: the daemon
 * attaches each to a switch port by a link. A frame on that link is a {@link
 * java.lang.foreign.MemorySegment} that starts with the 12-byte {@code virtio_net_hdr_v1}, lent for
 * the length of a call, so that super-frames and unfinished checksums cross unharmed.
 *
 * <p>The interface knows nothing of the daemon's own classes and depends on the JDK alone.
 */
package io.lanyard.vmm;
