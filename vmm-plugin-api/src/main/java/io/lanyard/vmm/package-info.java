/**
 * The interface between the daemon and a virtual machine monitor.
 *
 * <p>A plug-in is a module that {@code provides} {@link io.lanyard.vmm.VmmProvider}. Before there
 * is a guest, the provider is asked twice: {@link io.lanyard.vmm.VmmDescription} says what its VMM
 * can do on this host at all, and {@link io.lanyard.vmm.VmmProvider#validate} what stands in the
 * way of one guest. Then the daemon opens the {@link io.lanyard.vmm.Vmm}, and has it make a {@link
 * io.lanyard.vmm.Guest} for each guest in its configuration.
 *
 * <p>How a guest's {@link io.lanyard.vmm.Nic} is attached to its network is negotiated: the daemon
 * offers {@link io.lanyard.vmm.Attachment}s, the VMM takes one, and the daemon makes the switch
 * port that goes with it. A VMM in the daemon's process takes {@link
 * io.lanyard.vmm.Attachment.InProcess}: a frame on that link is a {@link
 * java.lang.foreign.MemorySegment} that starts with the 12-byte {@code virtio_net_hdr_v1}, lent for
 * the length of a call, so that super-frames and unfinished checksums cross unharmed. A VMM with
 * processes of its own takes a socket, and no frame passes through the plug-in.
 *
 * <p>Types that a plug-in makes may get more constants and methods with defaults; types that the
 * daemon makes may get more components; interfaces with records in them, such as {@link
 * io.lanyard.vmm.BootSource}, more records. None of that is a new major version, because the daemon
 * gives a plug-in only what its description has.
 *
 * <p>The interface knows nothing of the daemon's own classes and depends on the JDK alone.
 */
package io.lanyard.vmm;
