package io.lanyard.nat.udp;

import io.lanyard.base.DescriptorBudget;
import io.lanyard.linux.InetDatagram;
import io.lanyard.nat.gateway.GuestLink;
import io.lanyard.vswitch.LoopClosing;
import io.lanyard.vswitch.Work;
import io.netty.channel.EventLoop;
import io.netty.channel.IoEvent;
import io.netty.channel.IoEventLoop;
import io.netty.channel.IoRegistration;
import io.netty.channel.epoll.EpollIoEvent;
import io.netty.channel.epoll.EpollIoHandle;
import io.netty.channel.epoll.EpollIoOps;
import io.netty.channel.unix.FileDescriptor;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * A datagram socket of the host that the network's loop watches.
 *
 * <p>Thread: the network's loop only.
 */
public final class HostSocket {
  private final GuestLink link;
  private final InetDatagram socket;
  private final HostReader reader;
  private final HostReader.Receiver receiver;
  private final DescriptorBudget.Holder descriptors;
  private final FileDescriptor descriptor;
  private @Nullable IoRegistration registration;
  private boolean closed;

  // Events that the loop has told of and nobody has taken yet.
  private boolean hasErrors;
  private boolean hasDatagrams;
  private final Work work =
      new Work() {
        @Override
        protected boolean run() {
          return read();
        }

        @Override
        protected void broke(Throwable cause) {
          unwatch(); // its flows can still send, and end when they are idle
        }
      };

  /**
   * Registers a socket with the loop.
   *
   * @param link the network
   * @param socket the socket; owned from here on, and closed if this fails
   * @param reader reads it
   * @param receiver takes what it reads
   * @param descriptors has granted a descriptor for the socket, and hears of its end; still to be
   *     given one back if this fails
   * @return the socket, watched
   * @throws IOException the loop does not take it
   */
  public static HostSocket watch(
      GuestLink link,
      InetDatagram socket,
      HostReader reader,
      HostReader.Receiver receiver,
      DescriptorBudget.Holder descriptors)
      throws IOException {
    HostSocket watched = new HostSocket(link, socket, reader, receiver, descriptors);
    EventLoop loop = link.loop();
    if (!(loop instanceof IoEventLoop io) || !loop.inEventLoop()) {
      socket.close();
      throw new IOException("the network's loop is not an epoll loop, or not the caller's thread");
    }
    // On the loop's own thread this is done when the call returns.
    var future = io.register(watched.new Watched());
    if (!future.isSuccess()) {
      socket.close();
      throw new IOException("the loop does not watch the socket", future.cause());
    }
    IoRegistration registered = future.getNow();
    watched.registration = registered;
    registered.submit(EpollIoOps.EPOLLIN);
    return watched;
  }

  /** Takes errors and a few bursts. Says whether there may be more. */
  private boolean read() {
    if (hasErrors && !closed) {
      hasErrors = false;
      reader.readErrors(socket, receiver);
    }
    if (hasDatagrams && !closed) {
      hasDatagrams = reader.read(socket, receiver);
    }
    link.flush();
    return hasDatagrams && !closed;
  }

  private HostSocket(
      GuestLink link,
      InetDatagram socket,
      HostReader reader,
      HostReader.Receiver receiver,
      DescriptorBudget.Holder descriptors) {
    this.link = link;
    this.socket = socket;
    this.reader = reader;
    this.receiver = receiver;
    this.descriptors = descriptors;
    descriptor = new FileDescriptor(socket.fd());
  }

  /**
   * The socket itself.
   *
   * @return the socket, perhaps closed
   */
  public InetDatagram socket() {
    return socket;
  }

  /** Takes the errors that are known now, without waiting for the loop. */
  public void readErrors() {
    reader.readErrors(socket, receiver);
  }

  /** Closes the socket; its number is free after the loop's present batch. */
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    unwatch();
    descriptors.closing();
    LoopClosing.close(
        link.loop(),
        socket.fd(),
        () -> {
          socket.close();
          descriptors.closed();
        });
  }

  private void unwatch() {
    IoRegistration registered = registration;
    registration = null;
    if (registered != null) {
      registered.cancel();
    }
  }

  /** The handle that the loop sees. */
  private final class Watched implements EpollIoHandle {
    @Override
    public FileDescriptor fd() {
      return descriptor;
    }

    @Override
    public void handle(IoRegistration registered, IoEvent event) {
      EpollIoOps ops = ((EpollIoEvent) event).ops();
      hasErrors |= ops.contains(EpollIoOps.EPOLLERR);
      hasDatagrams |= ops.contains(EpollIoOps.EPOLLIN);
      if (!closed) {
        receiver.turn().ready(work);
      }
    }

    /** The loop closes: so does the socket. */
    @Override
    public void close() {
      HostSocket.this.close();
    }
  }
}
