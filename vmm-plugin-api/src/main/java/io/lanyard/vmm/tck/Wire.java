package io.lanyard.vmm.tck;

import io.lanyard.vmm.Attachment;
import io.lanyard.vmm.FrameSink;
import io.lanyard.vmm.InProcessNic;
import io.lanyard.vmm.Nic;
import io.lanyard.vmm.NicOffloads;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** The network's end of a NIC's link, in the way in which the NIC is attached. */
abstract class Wire implements AutoCloseable {
  /** The offload header of a frame in this process. */
  private static final int HEADER = 12;

  /** The frames that came from the guest. */
  final List<byte[]> received = new CopyOnWriteArrayList<>();

  /** Attaches to a NIC. */
  static Wire to(Nic nic) throws IOException {
    return switch (nic.attachment()) {
      case Attachment.InProcess() -> new Calls((InProcessNic) nic);
      case Attachment.UnixStream(Path path, boolean vmmListens) ->
          new Stream(nic, path, vmmListens);
      default -> throw new AssertionError("the kit has not offered " + nic.attachment());
    };
  }

  /** Sends a frame, or loses it, as a network does. */
  abstract void send(byte[] frame) throws IOException;

  @Override
  public abstract void close() throws IOException;

  /** By calls. */
  private static final class Calls extends Wire implements FrameSink {
    private final InProcessNic nic;

    Calls(InProcessNic nic) {
      this.nic = nic;
      nic.connect(this);
    }

    @Override
    void send(byte[] frame) {
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment whole = arena.allocate(HEADER + frame.length);
        MemorySegment.copy(frame, 0, whole, ValueLayout.JAVA_BYTE, HEADER, frame.length);
        if (nic.sink().accept(whole)) {
          nic.sink().flush();
        }
      }
    }

    @Override
    public boolean accept(MemorySegment frame) {
      received.add(frame.asSlice(HEADER).toArray(ValueLayout.JAVA_BYTE));
      return true;
    }

    @Override
    public void flush() {
      // Nothing is kept back.
    }

    @Override
    public NicOffloads offloads() {
      return NicOffloads.NONE;
    }

    @Override
    public void close() {
      nic.disconnect();
    }
  }

  /** By a UNIX stream socket. */
  private static final class Stream extends Wire {
    private static final int LARGEST = 1 << 17;

    private final Nic nic;
    private final Path path;
    private final SocketChannel channel;

    Stream(Nic nic, Path path, boolean vmmListens) throws IOException {
      this.nic = nic;
      this.path = path;
      this.channel = vmmListens ? connected(path) : accepted(path);
      nic.link(true);
      Thread.ofVirtual().start(this::read);
    }

    private static SocketChannel connected(Path path) {
      SocketChannel[] made = {null};
      Bench.await(
          () -> {
            try {
              made[0] = SocketChannel.open(UnixDomainSocketAddress.of(path));
            } catch (IOException e) {
              return false; // not there yet
            }
            return true;
          },
          "the VMM to listen at " + path);
      return made[0];
    }

    private static SocketChannel accepted(Path path) throws IOException {
      try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
        server.bind(UnixDomainSocketAddress.of(path));
        server.configureBlocking(false);
        SocketChannel[] made = {null};
        Bench.await(
            () -> {
              try {
                made[0] = server.accept();
              } catch (IOException e) {
                throw new AssertionError("cannot listen at " + path, e);
              }
              return made[0] != null;
            },
            "the VMM to connect to " + path);
        made[0].configureBlocking(true);
        return made[0];
      } finally {
        Files.deleteIfExists(path);
      }
    }

    @Override
    void send(byte[] frame) throws IOException {
      ByteBuffer all = ByteBuffer.allocate(Integer.BYTES + frame.length);
      all.putInt(frame.length).put(frame).flip();
      while (all.hasRemaining()) {
        channel.write(all);
      }
    }

    private void read() {
      try {
        while (true) {
          int length = read(Integer.BYTES).getInt();
          if (length < 0 || length > LARGEST) {
            throw new IOException("a frame of " + length + " bytes");
          }
          received.add(read(length).array());
        }
      } catch (IOException e) {
        // Closed by either end: what was sent is in the list.
      }
    }

    private ByteBuffer read(int length) throws IOException {
      ByteBuffer bytes = ByteBuffer.allocate(length);
      while (bytes.hasRemaining()) {
        if (channel.read(bytes) < 0) {
          throw new IOException("the VMM closed " + path);
        }
      }
      return bytes.flip();
    }

    @Override
    public void close() throws IOException {
      nic.link(false);
      channel.close();
    }
  }
}
