package io.lanyard.control.client;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import javax.net.ssl.SSLSocket;

/**
 * A connection to a server, as two streams.
 *
 * <p>Thread: one may read, another write; {@link #close} by any wakes both.
 */
abstract sealed class Connection implements Closeable {
  /** Several times the way around the world; a host that is off answers nothing at all. */
  private static final int CONNECT_MILLIS = 10_000;

  // The JVM would spin a class for a pattern switch, and every command would wait for it.
  @SuppressWarnings("IfChainToSwitch")
  static Connection open(DaemonAddress server) throws IOException {
    if (server instanceof DaemonAddress.Tcp tcp) {
      return new OfSocket(tcp);
    }
    return new OfChannel((DaemonAddress.UnixSocket) server);
  }

  /** Agrees on keys where the protocol has them. */
  abstract void handshake() throws IOException;

  abstract InputStream in() throws IOException;

  abstract OutputStream out() throws IOException;

  /** Tells the server that nothing more comes. */
  abstract void endOutput() throws IOException;

  /** A UNIX socket, which the JDK has as a channel only. */
  private static final class OfChannel extends Connection {
    private final SocketChannel channel;

    OfChannel(DaemonAddress.UnixSocket server) throws IOException {
      channel = SocketChannel.open(UnixDomainSocketAddress.of(server.path()));
    }

    @Override
    void handshake() {}

    @Override
    InputStream in() {
      return Channels.newInputStream(channel);
    }

    @Override
    OutputStream out() {
      return Channels.newOutputStream(channel);
    }

    @Override
    void endOutput() throws IOException {
      var _ = channel.shutdownOutput();
    }

    @Override
    public void close() throws IOException {
      channel.close();
    }
  }

  /** A TCP socket, with TLS or without. */
  private static final class OfSocket extends Connection {
    private final Socket socket;

    OfSocket(DaemonAddress.Tcp server) throws IOException {
      // Before connecting: a server waits for a request for some seconds only.
      Trust trust = server.isTls() ? Trust.of(server) : null;
      Socket plain = new Socket();
      try {
        plain.connect(new InetSocketAddress(server.name(), server.port()), CONNECT_MILLIS);
        plain.setTcpNoDelay(true);
        socket = trust == null ? plain : trust.wrap(plain);
      } catch (IOException | RuntimeException e) {
        plain.close();
        throw e;
      }
    }

    @Override
    void handshake() throws IOException {
      if (socket instanceof SSLSocket tls) {
        tls.startHandshake();
      }
    }

    @Override
    InputStream in() throws IOException {
      return socket.getInputStream();
    }

    @Override
    OutputStream out() throws IOException {
      return socket.getOutputStream();
    }

    @Override
    void endOutput() throws IOException {
      socket.shutdownOutput();
    }

    @Override
    public void close() throws IOException {
      socket.close();
    }
  }
}
