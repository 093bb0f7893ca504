/**
 * The back end's side of vhost-user (QEMU's docs/interop/vhost-user.rst): how a VMM shares its
 * guest's memory and rings with another process. It knows no socket and no switch.
 *
 * <p>A {@link io.lanyard.vswitch.vhost.VhostSession} takes the messages of one connection. Each is
 * a request, with descriptors beside it; some have a reply, and the front end can ask for one to
 * each (REPLY_ACK). The usual order:
 *
 * <pre>
 *   GET_FEATURES, SET_FEATURES        what the guest's driver has acknowledged, and nothing else
 *   SET_MEM_TABLE or ADD_MEM_REG      regions of memory, a descriptor each: mapped, then closed
 *   SET_VRING_NUM, _ADDR, _BASE       a ring's size, its place, its first index
 *   SET_VRING_CALL, _KICK             event descriptors; with the kick the ring starts
 *   SET_VRING_ENABLE                  frames may pass
 *   GET_VRING_BASE                    the ring stops, and its next index is told
 * </pre>
 *
 * <p>Even rings take frames to the guest, odd ones bring its frames. The rings themselves are
 * {@link io.lanyard.virtio.VirtQueue}s over the shared memory.
 *
 * <p>The front end is not trusted. Messages are measured before they are read, descriptors are
 * counted and looked at (memory has to be memory, an event descriptor an eventfd), regions may
 * neither overlap nor end behind their files, rings have to lie within one region. Chains go back
 * in the order in which they came, so that a back end which takes over goes on at the used index:
 * that is all there is to tracking what is in flight. There is no log of dirty pages, so that a
 * front end refuses to migrate its guest away.
 */
package io.lanyard.vswitch.vhost;
