package io.lanyard.qemu;

import io.lanyard.base.LogEvent;
import io.lanyard.vmm.Console;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A guest's serial console, by the socket at which its QEMU offers it. What the guest says while
 * nobody is connected is lost.
 *
 * <p>Thread: any. Outputs are called with the lock held, so that each sees all bytes in order.
 */
final class QemuConsole implements Console {
  private static final System.Logger LOG = System.getLogger(QemuConsole.class.getName());

  private static final int HISTORY = 64 << 10;

  /** Bytes that may wait for a guest that does not read. */
  private static final int TYPED = 4096;

  private final String guest;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition typing = lock.newCondition();
  private final byte[] history = new byte[HISTORY];
  private long produced;
  private final ByteBuffer typed = ByteBuffer.allocate(TYPED);
  private final List<Attached> outputs = new ArrayList<>();
  private @Nullable SocketChannel channel;

  /** A listener; the same one may be attached twice. */
  private static final class Attached {
    final Output output;

    Attached(Output output) {
      this.output = output;
    }
  }

  QemuConsole(String guest) {
    this.guest = guest;
  }

  /**
   * Connects to the console of a QEMU that runs.
   *
   * @throws IOException if it does not listen
   */
  void connect(Path socket) throws IOException {
    SocketChannel connected = SocketChannel.open(UnixDomainSocketAddress.of(socket));
    lock.lock();
    try {
      disconnect();
      channel = connected;
      typed.clear();
    } finally {
      lock.unlock();
    }
    Thread.ofVirtual().name("console-" + guest).start(() -> read(connected));
    Thread.ofVirtual().name("typing-" + guest).start(() -> type(connected));
  }

  /** Lets go of the QEMU, which goes on; what it said stays. */
  void disconnect() {
    lock.lock();
    try {
      SocketChannel old = channel;
      channel = null;
      typing.signalAll();
      if (old != null) {
        old.close();
      }
    } catch (IOException e) {
      LogEvent.of("console-close-failed").with("guest", guest).log(LOG, Level.DEBUG, e);
    } finally {
      lock.unlock();
    }
  }

  private void read(SocketChannel from) {
    ByteBuffer piece = ByteBuffer.allocate(8192);
    try (from) {
      while (from.read(piece) >= 0) {
        piece.flip();
        lock.lock();
        try {
          keep(piece.duplicate());
          for (Attached output : List.copyOf(outputs)) {
            give(output, piece.asReadOnlyBuffer());
          }
        } finally {
          lock.unlock();
        }
        piece.clear();
      }
    } catch (IOException e) {
      // QEMU has ended, or is let go of.
    }
  }

  private void keep(ByteBuffer piece) {
    while (piece.hasRemaining()) {
      history[(int) (produced++ % HISTORY)] = piece.get();
    }
  }

  private void give(Attached output, ByteBuffer bytes) {
    try {
      output.output.accept(bytes);
    } catch (RuntimeException e) {
      outputs.remove(output);
      LogEvent.of("console-listener-failed").with("guest", guest).log(LOG, Level.WARNING, e);
    }
  }

  /** Sends what is typed, as fast as the guest reads it. */
  @SuppressWarnings("ReferenceEquality") // this very connection
  private void type(SocketChannel to) {
    ByteBuffer piece = ByteBuffer.allocate(TYPED);
    try {
      while (true) {
        lock.lock();
        try {
          while (channel == to && typed.position() == 0) {
            typing.await();
          }
          if (channel != to) {
            return;
          }
          piece.clear();
          piece.put(typed.flip()).flip();
          typed.clear();
        } finally {
          lock.unlock();
        }
        while (piece.hasRemaining()) {
          to.write(piece);
        }
      }
    } catch (IOException e) {
      // QEMU has ended, or is let go of.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void write(ByteBuffer bytes) {
    lock.lock();
    try {
      if (channel == null) {
        return;
      }
      int taken = Math.min(bytes.remaining(), typed.remaining());
      typed.put(bytes.slice(bytes.position(), taken));
      bytes.position(bytes.position() + taken);
      typing.signalAll();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public Attachment attach(Output output) {
    lock.lock();
    try {
      Attached own = new Attached(output);
      outputs.add(own);
      int kept = (int) Math.min(produced, HISTORY);
      byte[] bytes = new byte[kept];
      for (int i = 0; i < kept; i++) {
        bytes[i] = history[(int) ((produced - kept + i) % HISTORY)];
      }
      if (kept > 0) {
        give(own, ByteBuffer.wrap(bytes).asReadOnlyBuffer());
      }
      return () -> {
        lock.lock();
        try {
          outputs.remove(own);
        } finally {
          lock.unlock();
        }
      };
    } finally {
      lock.unlock();
    }
  }
}
