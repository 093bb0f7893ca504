package io.lanyard.bench;

import io.lanyard.linux.Errno;
import io.lanyard.linux.EventFd;
import io.lanyard.linux.Memfd;
import io.lanyard.linux.MessageSocket;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.channel.unix.Socket;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.file.Path;

/**
 * A front end of vhost-user whose guest does nothing but offer buffers: one frame that it sends
 * again and again, and room for what comes. It looks at no frame, so that the figures are the
 * switch's.
 *
 * <p>Thread: one.
 */
final class VhostGuest {
  private static final int ENTRIES = 256;
  private static final int MEMORY = 64 << 20;
  private static final long GUEST = 0;
  private static final long USER = 0x7000_0000_0000L;

  /** Where a ring's parts are, from its beginning. */
  private static final long AVAILABLE = 0x2000;

  private static final long USED = 0x3000;
  private static final long RING = 0x8000;
  private static final long BUFFERS = 1 << 20;

  private static final int RECEIVE = 0;
  private static final int TRANSMIT = 1;

  /** Features: VERSION_1, PROTOCOL_FEATURES, MRG_RXBUF, checksums and TCP over IPv4 both ways. */
  private static final long FEATURES =
      1L << 32 | 1L << 30 | 1L << 15 | 1 | 1L << 1 | 1L << 7 | 1L << 11;

  private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;
  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;
  private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED;

  private final MessageSocket messages;
  private final MemorySegment buffer = Arena.ofAuto().allocate(512, 8);
  private final MemorySegment memory;
  private final int[] kicks = new int[2];
  private int offered;
  private int taken;
  private long received;

  /**
   * Connects and starts the rings.
   *
   * @param path the port's socket
   * @param frame the frame that it sends, with its header
   * @param room bytes of each buffer for what comes
   */
  VhostGuest(Path path, byte[] frame, int room) throws IOException {
    Socket socket = Socket.newSocketDomain();
    socket.connect(new DomainSocketAddress(path.toString()));
    messages = new MessageSocket(socket.intValue());
    int memfd = Memfd.create("bench-guest", MEMORY);
    memory = Memfd.map(memfd, MEMORY);
    ask(16, new int[0], 1 << 3);
    ask(2, new int[0], FEATURES);
    ask(5, new int[] {memfd}, 1, GUEST, MEMORY, USER, 0);
    for (int ring = 0; ring < 2; ring++) {
      long at = ring * RING;
      for (int i = 0; i < ENTRIES; i++) {
        int size = ring == RECEIVE ? room : frame.length;
        long address = BUFFERS + ring * (long) (MEMORY / 2) + (long) i * size;
        memory.set(LONG, at + 16L * i, GUEST + address);
        memory.set(INT, at + 16L * i + 8, size);
        memory.set(SHORT, at + 16L * i + 12, (short) (ring == RECEIVE ? 2 : 0));
        memory.set(SHORT, at + AVAILABLE + 4 + 2L * i, (short) i);
        if (ring == TRANSMIT) {
          MemorySegment.copy(MemorySegment.ofArray(frame), 0, memory, address, size);
        }
      }
      memory.set(SHORT, at + AVAILABLE, (short) 1); // no interrupts
      memory.set(SHORT, at + AVAILABLE + 2, (short) (ring == RECEIVE ? ENTRIES : 0));
      kicks[ring] = EventFd.create();
      ask(8, new int[0], ring | (long) ENTRIES << 32);
      ask(9, new int[0], ring, USER + at, USER + at + USED, USER + at + AVAILABLE, 0);
      ask(12, new int[] {kicks[ring]}, ring);
      ask(18, new int[0], ring | 1L << 32);
    }
  }

  /** Sends a message and waits for its reply; before there are replies, goes on. */
  private void ask(int request, int[] descriptors, long... payload) throws IOException {
    buffer.set(INT, 0, request);
    buffer.set(INT, 4, request == 16 ? 1 : 9);
    buffer.set(INT, 8, 8 * payload.length);
    for (int i = 0; i < payload.length; i++) {
      buffer.set(LONG, 12 + 8L * i, payload[i]);
    }
    int length = 12 + 8 * payload.length;
    if (messages.send(buffer, length, descriptors) != length) {
      throw new IOException("message " + request + " was not taken");
    }
    if (request == 16) {
      return;
    }
    int have = 0;
    while (have < 20) {
      int bytes = messages.receive(buffer, have, 20 - have);
      if (bytes == 0 || (bytes < 0 && bytes != -Errno.EAGAIN)) {
        throw new IOException("message " + request + " has no reply");
      }
      have += Math.max(0, bytes);
      Thread.onSpinWait();
    }
    if (buffer.get(LONG, 12) != 0) {
      throw new IOException("message " + request + " was refused");
    }
  }

  private int used(int ring) {
    return memory.get(SHORT, ring * RING + USED + 2) & 0xffff;
  }

  /** Sends as many frames as the ring takes. */
  void send() {
    int free = ENTRIES - ((offered - used(TRANSMIT)) & 0xffff);
    if (free < ENTRIES / 4) {
      return;
    }
    offered += free;
    VarHandle.releaseFence();
    memory.set(SHORT, RING + AVAILABLE + 2, (short) offered);
    kick(TRANSMIT);
  }

  /** Takes what has come, and gives its buffers back. */
  void receive() {
    int now = used(RECEIVE);
    int count = (now - taken) & 0xffff;
    if (count == 0) {
      return;
    }
    VarHandle.acquireFence();
    for (int i = 0; i < count; i++) {
      received += memory.get(INT, USED + 4 + 8L * ((taken + i) % ENTRIES) + 4);
    }
    taken += count;
    // All descriptors are alike: whichever came back, as many are offered again.
    VarHandle.releaseFence();
    memory.set(SHORT, AVAILABLE + 2, (short) (taken + ENTRIES));
    kick(RECEIVE);
  }

  /** Tells the device of buffers, unless it has said that it looks by itself. */
  private void kick(int ring) {
    VarHandle.fullFence();
    if ((memory.get(SHORT, ring * RING + USED) & 1) == 0) {
      EventFd.signal(kicks[ring]);
    }
  }

  /** Bytes that have come, headers included. */
  long received() {
    return received;
  }
}
