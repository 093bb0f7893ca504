package io.lanyard.daemon.change;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Numbered frames that go from one stream port of a switch to another one and back, without end.
 * Few enough are on their way that no port may drop one for lack of room: each that does not come
 * back in its turn is a loss.
 */
final class CountedFrames implements AutoCloseable {
  /** IEEE 802's first EtherType for experiments. */
  private static final short EXPERIMENTAL = (short) 0x88b5;

  private static final int UNDER_WAY = 32;
  private static final int SIZE = 60;
  private static final byte[] NEAR = {2, 0, 0, 0, 0, 1};
  private static final byte[] FAR = {2, 0, 0, 0, 0, 2};

  private final SocketChannel near = SocketChannel.open(StandardProtocolFamily.UNIX);
  private final SocketChannel far = SocketChannel.open(StandardProtocolFamily.UNIX);
  private final Semaphore room = new Semaphore(UNDER_WAY);
  private final AtomicLong returned = new AtomicLong();
  private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
  private volatile boolean closing;

  private CountedFrames() throws IOException {}

  /** Begins between the ports that listen at these sockets. */
  static CountedFrames between(Path near, Path far) throws IOException {
    CountedFrames frames = new CountedFrames();
    frames.near.connect(UnixDomainSocketAddress.of(near));
    frames.far.connect(UnixDomainSocketAddress.of(far));
    frames.run("counted-send", frames::send);
    frames.run("counted-reflect", frames::reflect);
    frames.run("counted-receive", frames::receive);
    return frames;
  }

  private interface Work {
    void run() throws IOException, InterruptedException;
  }

  private void run(String name, Work work) {
    Thread.ofPlatform()
        .daemon(true)
        .name(name)
        .start(() -> {
          try {
            work.run();
          } catch (IOException | InterruptedException | AssertionError e) {
            if (!closing) {
              failure.compareAndSet(null, e);
            }
          }
        });
  }

  private void send() throws IOException, InterruptedException {
    for (long number = 0; !closing; number++) {
      room.acquire();
      write(near, frame(FAR, NEAR, number));
      if (number % 8 == 0) {
        TimeUnit.MILLISECONDS.sleep(1); // it shall see every moment, and leave processor time
      }
    }
  }

  private void reflect() throws IOException {
    while (!closing) {
      write(far, frame(NEAR, FAR, next(far)));
    }
  }

  private void receive() throws IOException {
    while (!closing) {
      long number = next(near);
      assertThat(number).as("the frame that came back").isEqualTo(returned.get());
      returned.incrementAndGet();
      room.release();
    }
  }

  /** Waits until all that are on their way at present have come back. */
  void assertNoneLost() throws InterruptedException {
    long goal = returned.get() + UNDER_WAY;
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (returned.get() < goal) {
      assertThat(failure.get()).as("after " + returned + " frames").isNull();
      assertThat(System.nanoTime()).as("a frame is lost after " + returned).isLessThan(deadline);
      TimeUnit.MILLISECONDS.sleep(1);
    }
  }

  /** How many have come back. */
  long count() {
    return returned.get();
  }

  private static ByteBuffer frame(byte[] to, byte[] from, long number) {
    ByteBuffer frame = ByteBuffer.allocate(4 + SIZE).putInt(SIZE).put(to).put(from);
    return frame.putShort(EXPERIMENTAL).putLong(number).rewind();
  }

  private static void write(SocketChannel socket, ByteBuffer frame) throws IOException {
    while (frame.hasRemaining()) {
      socket.write(frame);
    }
  }

  /** The number of the next frame; what others send to all is passed over. */
  private static long next(SocketChannel socket) throws IOException {
    while (true) {
      ByteBuffer length = read(socket, 4);
      ByteBuffer frame = read(socket, length.getInt());
      if (frame.getShort(12) == EXPERIMENTAL) {
        return frame.getLong(14);
      }
    }
  }

  private static ByteBuffer read(SocketChannel socket, int count) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(count);
    while (bytes.hasRemaining()) {
      if (socket.read(bytes) < 0) {
        throw new IOException("the port has closed the connection");
      }
    }
    return bytes.flip();
  }

  @Override
  public void close() throws IOException {
    closing = true;
    near.close();
    far.close();
  }
}
