package io.lanyard.vswitch.port.datagram;

import io.lanyard.linux.BatchSocket;
import io.lanyard.linux.SocketName;
import io.lanyard.net.Endpoint;
import io.lanyard.vswitch.port.SocketFile;
import java.io.IOException;

/** Where the socket of a datagram port comes from. */
public sealed interface DatagramSource {
  /**
   * A UNIX datagram socket at a path.
   *
   * @param file the path, and who may send to it
   * @param tellsUsers whether the kernel says of each datagram which user has sent it
   */
  record Unix(SocketFile file, boolean tellsUsers) implements DatagramSource {
    @Override
    public BatchSocket open() throws IOException {
      file.clear();
      BatchSocket socket = BatchSocket.unixDatagram(SocketName.of(file.path()));
      try {
        if (tellsUsers) {
          socket.tellUsers();
        }
      } catch (IOException e) {
        socket.close();
        file.remove();
        throw e;
      }
      return granted(socket, file);
    }

    @Override
    public void removed() {
      file.remove();
    }

    @Override
    public String toString() {
      return file.path().toString();
    }
  }

  /**
   * A UNIX seqpacket socket at a path, which waits for clients.
   *
   * @param file the path, and who may connect
   */
  record Packets(SocketFile file) implements DatagramSource {
    @Override
    public BatchSocket open() throws IOException {
      file.clear();
      BatchSocket socket = BatchSocket.listenPackets(SocketName.of(file.path()));
      return granted(socket, file);
    }

    @Override
    public void removed() {
      file.remove();
    }

    @Override
    public String toString() {
      return file.path().toString();
    }
  }

  /**
   * A UDP socket.
   *
   * @param local the address and port that it is bound to
   */
  record Udp(Endpoint local) implements DatagramSource {
    @Override
    public BatchSocket open() throws IOException {
      return BatchSocket.udp(local);
    }

    @Override
    public void removed() {}

    @Override
    public String toString() {
      return local.toString();
    }
  }

  /**
   * A UDP socket for one VXLAN; others of the process may have the same address and port for
   * theirs.
   *
   * @param local the address and port that it is bound to
   * @param vni the VXLAN network identifier
   */
  record Vxlan(Endpoint local, int vni) implements DatagramSource {
    @Override
    public BatchSocket open() throws IOException {
      return BatchSocket.udp(local, vni);
    }

    @Override
    public void removed() {}

    @Override
    public String toString() {
      return local + " VNI " + vni;
    }
  }

  /**
   * Opens the socket. It may wait.
   *
   * @return a socket that belongs to the caller
   * @throws IOException if it cannot be had; the message says what to do
   */
  BatchSocket open() throws IOException;

  /** Removes what is left of a socket that was closed. */
  void removed();

  private static BatchSocket granted(BatchSocket socket, SocketFile file) throws IOException {
    try {
      file.grant();
      return socket;
    } catch (IOException | RuntimeException e) {
      socket.close();
      file.remove();
      throw e;
    }
  }
}
