/**
 * System calls through {@code java.lang.foreign}: the only place that knows the number of a file
 * descriptor and the shape of a kernel structure.
 *
 * <p>A class here wraps one kind of descriptor and has one method a call. What can fail while
 * traffic flows returns the error number negated, as the kernel does, so that a full queue costs no
 * exception; what fails once, when something is opened, throws {@link
 * io.lanyard.linux.ErrnoException}. Pointers are passed as {@code long}, and structures live in
 * memory that is allocated once: a call makes no object.
 *
 * <p>A frame passes the host's stack by a {@link io.lanyard.linux.PacketSocket} on one of its
 * interfaces, in both directions, and gets into it by an {@link io.lanyard.linux.IngressRedirect}.
 * What changes at the interface is told by {@link io.lanyard.linux.LinkNews}, and seen by {@link
 * io.lanyard.linux.HostInterface}.
 *
 * <p>Descriptors register with Netty's loop through {@code EpollIoHandle}, next to its sockets.
 *
 * <p>A network namespace is entered by a thread, not by a process: {@link
 * io.lanyard.linux.NetworkNamespace} runs a task on a platform thread of its own that ends
 * afterwards, because a carrier of virtual threads or an event loop must never be left in another
 * namespace.
 */
package io.lanyard.linux;
