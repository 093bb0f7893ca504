package io.lanyard.vmm;

import java.nio.file.Path;

/**
 * A way in which a NIC is attached to its network. The daemon offers some in a {@link NicSpec}, the
 * VMM takes one, which {@link Nic#attachment} names, and the daemon makes the port that goes with
 * it.
 *
 * <p>Open: later versions have other ways. A VMM ignores those that it does not know.
 */
public interface Attachment {
  /** By calls in the daemon's process. The NIC is an {@link InProcessNic}. */
  record InProcess() implements Attachment {}

  /**
   * By a UNIX stream socket, on which each frame has its length before it: 32 bits, big-endian.
   * There is no offload header, so that frames are finished wire frames. Either end may go and come
   * back while the other stays: a NIC moves to another network so, and a daemon restarts.
   *
   * @param path the socket's, an absolute path that is at most 107 bytes long
   * @param vmmListens whether the VMM makes the socket and the daemon connects to it, again and
   *     again; otherwise the daemon makes it, and the VMM connects
   */
  record UnixStream(Path path, boolean vmmListens) implements Attachment {}

  /**
   * By memory that the VMM shares: the guest's virtqueues are served by the daemon (vhost-user).
   * The daemon listens, and the VMM is the front end, which connects again when the daemon or the
   * network was away. The socket is there before the guest is started, and while its network runs.
   *
   * @param path the socket's, an absolute path that is at most 107 bytes long
   */
  record VhostUser(Path path) implements Attachment {}
}
