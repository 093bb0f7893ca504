package io.lanyard.nat.udp;

import io.lanyard.base.DescriptorBudget;
import io.lanyard.linux.InetDatagram;
import io.lanyard.nat.gateway.GuestLink;
import io.lanyard.vswitch.LoopWatch;
import io.lanyard.vswitch.Work;
import io.netty.channel.EventLoop;
import io.netty.channel.IoEventLoop;
import io.netty.channel.epoll.EpollIoOps;
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
  private final LoopWatch watch;
  private @Nullable Throwable failure;
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
          watch.stop(); // its flows can still send, and end when they are idle
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
    EventLoop loop = link.loop();
    if (!(loop instanceof IoEventLoop io) || !loop.inEventLoop()) {
      socket.close();
      throw new IOException("the network's loop is not an epoll loop, or not the caller's thread");
    }
    HostSocket watched = new HostSocket(link, io, socket, reader, receiver, descriptors);
    // On the loop's own thread this is done when the call returns.
    watched.watch.start(EpollIoOps.EPOLLIN);
    if (watched.failure != null) {
      socket.close();
      throw new IOException("the loop does not watch the socket", watched.failure);
    }
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
      IoEventLoop loop,
      InetDatagram socket,
      HostReader reader,
      HostReader.Receiver receiver,
      DescriptorBudget.Holder descriptors) {
    this.link = link;
    this.socket = socket;
    this.reader = reader;
    this.receiver = receiver;
    this.descriptors = descriptors;
    watch = new LoopWatch(socket.fd(), this::closed, loop, new Watched());
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
    closing();
    watch.close();
  }

  /** Begins to close, once. */
  private void closing() {
    if (!closed) {
      closed = true;
      descriptors.closing();
    }
  }

  /** The number is free. */
  private void closed() {
    closing(); // where the loop's end has closed it
    socket.close();
    descriptors.closed();
  }

  /** Hears of the socket. */
  private final class Watched implements LoopWatch.Listener {
    @Override
    public void ready(EpollIoOps ops) {
      hasErrors |= ops.contains(EpollIoOps.EPOLLERR);
      hasDatagrams |= ops.contains(EpollIoOps.EPOLLIN);
      receiver.turn().ready(work);
    }

    @Override
    public void notWatched(Throwable cause) {
      failure = cause;
    }

    @Override
    public void loopEnded() {
      closing();
    }
  }
}
