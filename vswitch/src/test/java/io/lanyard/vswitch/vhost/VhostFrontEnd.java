package io.lanyard.vswitch.vhost;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.linux.Errno;
import io.lanyard.linux.EventFd;
import io.lanyard.linux.Libc;
import io.lanyard.linux.Memfd;
import io.lanyard.linux.MessageSocket;
import io.lanyard.virtio.Ring;
import io.lanyard.virtio.SegmentMemory;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.channel.unix.Socket;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/**
 * A front end of vhost-user with the driver of its guest: memory in a memfd, a ring in each
 * direction, well-behaved unless told otherwise.
 *
 * <p>Thread: one; while the device runs, one that sends frames and another that receives them.
 */
public final class VhostFrontEnd implements AutoCloseable {
  /** Where the guest's memory begins, for the guest. */
  public static final long GUEST = 0x1_0000_0000L;

  /** The same for the front end. */
  public static final long USER = 0x7f12_3400_0000L;

  /** Bytes of the guest's memory. */
  public static final int MEMORY = 8 << 20;

  /** Entries of a ring unless it was enlarged. */
  public static final int ENTRIES = 256;

  /** The ring whose frames go to the guest. */
  public static final int RECEIVE = 0;

  /** The ring of the frames that the guest sends. */
  public static final int TRANSMIT = 1;

  /** The features that a modern driver without offloads acknowledges. */
  public static final long PLAIN =
      1L << 32 | VhostFeatures.MRG_RXBUF | VhostFeatures.PROTOCOL_FEATURES;

  private static final long RECEIVE_BUFFERS = GUEST + 0x10_0000;
  private static final long TRANSMIT_BUFFERS = GUEST + 0x20_0000;
  private static final long LARGE_RING = GUEST + 0x68_0000;
  private static final int BUFFER = 2048;
  private static final int ROOM = 0x1_1000;
  private static final int ROOMS = 64;
  private static final long LIMIT = TimeUnit.SECONDS.toNanos(90);
  private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;
  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;

  private Socket socket;
  private MessageSocket messages;
  private final MemorySegment buffer = Arena.ofAuto().allocate(1024, 8);
  private final int memfd;
  private final MemorySegment segment;

  /** The guest's memory. */
  public final SegmentMemory memory;

  /** The driver's rings. */
  public final Ring[] rings = new Ring[2];

  private final int[] kicks = new int[2];
  private final int[] calls = new int[2];
  private final int[] entries = {ENTRIES, ENTRIES};
  private final int[] offered = new int[2];
  private final int[] taken = new int[2];
  private long features;
  private int receiveBuffer = BUFFER;

  /** A front end that is connected and has said nothing. */
  public VhostFrontEnd(Socket socket) throws IOException {
    this.socket = socket;
    messages = new MessageSocket(socket.intValue());
    memfd = Memfd.create("front-end", MEMORY);
    segment = Memfd.map(memfd, MEMORY);
    memory = new SegmentMemory(GUEST, segment);
    for (int i = 0; i < 2; i++) {
      rings[i] = new Ring(memory, GUEST + 0x10000L * (i + 1), ENTRIES);
      kicks[i] = EventFd.create();
      calls[i] = EventFd.create();
    }
  }

  /** Connects, waiting for the port's socket. */
  public static VhostFrontEnd connect(Path path) throws Exception {
    return new VhostFrontEnd(socket(path));
  }

  /** A connected socket that says nothing. */
  public static Socket socket(Path path) throws Exception {
    long deadline = System.nanoTime() + LIMIT;
    while (true) {
      Socket socket = Socket.newSocketDomain();
      try {
        assertThat(socket.connect(new DomainSocketAddress(path.toString()))).isTrue();
        return socket;
      } catch (IOException e) {
        socket.close();
        if (System.nanoTime() > deadline) {
          throw e;
        }
        Thread.sleep(1);
      }
    }
  }

  /** Sends a message of longs. */
  public void send(int request, int flags, int[] descriptors, long... payload) {
    for (int i = 0; i < payload.length; i++) {
      buffer.set(LONG, 12 + 8L * i, payload[i]);
    }
    sendRaw(request, 1 | flags, 8 * payload.length, descriptors);
  }

  /** Sends what lies in the buffer behind the header. */
  public void sendRaw(int request, int flags, int length, int... descriptors) {
    buffer.set(INT, 0, request);
    buffer.set(INT, 4, flags);
    buffer.set(INT, 8, length);
    int bytes = 12 + Math.max(0, length);
    assertThat(messages.send(buffer, bytes, descriptors)).isEqualTo(bytes);
  }

  /** The buffer that messages are sent from, and replies are read into. */
  public MemorySegment buffer() {
    return buffer;
  }

  /** The connection. */
  public MessageSocket messages() {
    return messages;
  }

  /** Waits for a reply. Its payload lies in the buffer behind the header. */
  public int reply(int request) throws InterruptedException {
    int have = 0;
    int wanted = 12;
    int fds = 0;
    long deadline = System.nanoTime() + LIMIT;
    while (have < wanted) {
      int bytes = messages.receive(buffer, have, wanted - have);
      if (bytes == -Errno.EAGAIN) {
        assertThat(System.nanoTime()).as("a reply to message %s", request).isLessThan(deadline);
        Thread.sleep(0, 100_000);
        continue;
      }
      assertThat(bytes).as("bytes of the reply to message %s", request).isPositive();
      fds += messages.descriptors();
      have += bytes;
      if (have == 12) {
        wanted = 12 + buffer.get(INT, 8);
      }
    }
    assertThat(buffer.get(INT, 0)).isEqualTo(request);
    assertThat(buffer.get(INT, 4)).isEqualTo(1 | 4);
    assertThat(fds).isLessThanOrEqualTo(1);
    return wanted - 12;
  }

  /** Sends a message and waits for the number that it is answered with. */
  public long ask(int request, int[] descriptors, long... payload) throws InterruptedException {
    send(request, 8, descriptors, payload);
    assertThat(reply(request)).isEqualTo(8);
    return buffer.get(LONG, 12);
  }

  private static final int[] NONE = {};

  /** Sets the device up and enables its rings. */
  public void start(long acknowledged) throws Exception {
    features = acknowledged;
    negotiate(acknowledged);
    shareMemory();
    for (int i = 0; i < 2; i++) {
      startRing(i, 0);
    }
    fillReceiveRing();
    for (int i = 0; i < 2; i++) {
      assertThat(ask(VhostRequest.SET_VRING_ENABLE, NONE, i | 1L << 32)).isZero();
    }
  }

  /** Agrees on features. */
  public void negotiate(long acknowledged) throws InterruptedException {
    send(VhostRequest.GET_FEATURES, 0, NONE);
    assertThat(reply(VhostRequest.GET_FEATURES)).isEqualTo(8);
    assertThat(acknowledged & ~buffer.get(LONG, 12)).isZero();
    send(VhostRequest.GET_PROTOCOL_FEATURES, 0, NONE);
    assertThat(reply(VhostRequest.GET_PROTOCOL_FEATURES)).isEqualTo(8);
    long protocol = buffer.get(LONG, 12);
    send(VhostRequest.SET_PROTOCOL_FEATURES, 0, NONE, protocol);
    send(VhostRequest.SET_OWNER, 0, NONE);
    assertThat(ask(VhostRequest.SET_FEATURES, NONE, acknowledged)).isZero();
  }

  /** Shares the guest's memory, in two regions. */
  public void shareMemory() throws InterruptedException {
    long half = MEMORY / 2;
    long[] table = {2, GUEST, half, USER, 0, GUEST + half, half, USER + half, half};
    assertThat(ask(VhostRequest.SET_MEM_TABLE, new int[] {memfd, memfd}, table)).isZero();
  }

  /** Starts a ring at an index. */
  public void startRing(int index, int base) throws InterruptedException {
    Ring ring = rings[index];
    long shift = USER - GUEST;
    ask(VhostRequest.SET_VRING_NUM, NONE, index | (long) entries[index] << 32);
    ask(VhostRequest.SET_VRING_BASE, NONE, index | (long) base << 32);
    assertThat(
            ask(
                VhostRequest.SET_VRING_ADDR,
                NONE,
                index,
                ring.descriptors + shift,
                ring.used + shift,
                ring.available + shift,
                0))
        .isZero();
    assertThat(ask(VhostRequest.SET_VRING_CALL, new int[] {calls[index]}, index)).isZero();
    assertThat(ask(VhostRequest.SET_VRING_KICK, new int[] {kicks[index]}, index)).isZero();
  }

  /** Gives the device buffers for the guest's frames. */
  public void fillReceiveRing() {
    for (int i = 0; i < ENTRIES; i++) {
      offerReceive();
    }
  }

  private void offerReceive() {
    long at = RECEIVE_BUFFERS + (long) (offered[RECEIVE] % ENTRIES) * BUFFER;
    rings[RECEIVE].offer(Ring.in(at, receiveBuffer));
    offered[RECEIVE]++;
    kick(RECEIVE);
  }

  /** Tells the device of buffers. */
  public void kick(int ring) {
    assertThat(EventFd.signal(kicks[ring])).isEqualTo(8);
  }

  /** Sends header and frame; waits while the ring is full. */
  public void transmit(byte[] frame) throws InterruptedException {
    long deadline = System.nanoTime() + LIMIT;
    while (((offered[TRANSMIT] - rings[TRANSMIT].used()) & 0xffff) >= ROOMS) {
      assertThat(System.nanoTime()).as("the ring is served").isLessThan(deadline);
      Thread.sleep(0, 20_000);
    }
    long at = TRANSMIT_BUFFERS + (long) (offered[TRANSMIT] % ROOMS) * ROOM;
    memory.put(at, frame);
    int head = Math.min(frame.length, headerLength());
    // The header apart from the frame, as Linux did for long.
    rings[TRANSMIT].offer(Ring.out(at, head), Ring.out(at + head, frame.length - head));
    offered[TRANSMIT]++;
    kick(TRANSMIT);
  }

  private int headerLength() {
    return VhostFeatures.headerLength(features);
  }

  /** Sends an Ethernet frame. */
  public void send(byte[] ethernet) throws InterruptedException {
    byte[] whole = new byte[headerLength() + ethernet.length];
    System.arraycopy(ethernet, 0, whole, headerLength(), ethernet.length);
    transmit(whole);
  }

  /** Waits for the next frame with its header. */
  public byte[] receiveWhole() throws InterruptedException {
    byte[] first = takeBuffer();
    int count = headerLength() < 12 ? 1 : (first[10] & 0xff) | (first[11] & 0xff) << 8;
    byte[] whole = first;
    for (int i = 1; i < count; i++) {
      byte[] more = takeBuffer();
      byte[] joined = java.util.Arrays.copyOf(whole, whole.length + more.length);
      System.arraycopy(more, 0, joined, whole.length, more.length);
      whole = joined;
    }
    return whole;
  }

  /** Waits for the next Ethernet frame. */
  public byte[] receive() throws InterruptedException {
    byte[] whole = receiveWhole();
    return java.util.Arrays.copyOfRange(whole, headerLength(), whole.length);
  }

  /** Whether a frame, or the first part of one, waits to be received. */
  public boolean hasReceived() {
    return rings[RECEIVE].used() != (taken[RECEIVE] & 0xffff);
  }

  private byte[] takeBuffer() throws InterruptedException {
    long deadline = System.nanoTime() + LIMIT;
    while (!hasReceived()) {
      assertThat(System.nanoTime()).as("a frame has come").isLessThan(deadline);
      Thread.sleep(0, 50_000);
    }
    int length = (int) rings[RECEIVE].take();
    long at = RECEIVE_BUFFERS + (long) (taken[RECEIVE] % ENTRIES) * BUFFER;
    taken[RECEIVE]++;
    byte[] bytes = memory.get(at, length);
    offerReceive();
    return bytes;
  }

  /** The descriptor by which a ring's driver is interrupted. */
  public int call(int ring) {
    return calls[ring];
  }

  /** How often the driver was interrupted by a ring since the last call. */
  public long interrupts(int ring) throws IOException {
    ByteBuffer count = ByteBuffer.allocateDirect(8).order(java.nio.ByteOrder.nativeOrder());
    int read = new io.netty.channel.unix.FileDescriptor(calls[ring]).read(count, 0, 8);
    return read == 8 ? count.getLong(0) : 0;
  }

  /** The descriptor of the guest's memory. */
  public int memfd() {
    return memfd;
  }

  /** The descriptor by which the device is told of buffers. */
  public int kickDescriptor(int ring) {
    return kicks[ring];
  }

  /** Offers a chain whose first descriptor was written by the test. */
  public void offerRaw(int ring, int head) {
    rings[ring].offer(head);
    offered[ring]++;
    kick(ring);
  }

  /** Stops the ring of the guest's frames and starts another, of many entries, in its place. */
  public void enlargeTransmitRing(int size) throws InterruptedException {
    send(VhostRequest.GET_VRING_BASE, 0, NONE, TRANSMIT);
    assertThat(reply(VhostRequest.GET_VRING_BASE)).isEqualTo(8);
    entries[TRANSMIT] = size;
    rings[TRANSMIT] = new Ring(memory, LARGE_RING, size);
    offered[TRANSMIT] = 0;
    startRing(TRANSMIT, 0);
  }

  /** Starts over with receive buffers of fewer bytes. */
  public void shrinkReceiveBuffers(int bytes) throws InterruptedException {
    receiveBuffer = bytes;
    restartRings();
  }

  /** Connects again, as the VMM of a guest that runs: the rings go on where they were. */
  public void reconnect(Socket connected) throws Exception {
    if (socket.isOpen()) {
      socket.close();
    }
    socket = connected;
    messages = new MessageSocket(connected.intValue());
    negotiate(features);
    shareMemory();
    for (int i = 0; i < 2; i++) {
      startRing(i, rings[i].used());
      assertThat(ask(VhostRequest.SET_VRING_ENABLE, NONE, i | 1L << 32)).isZero();
    }
  }

  /** Resets the guest's driver, which begins with empty rings. */
  public void restartRings() throws InterruptedException {
    for (int i = 0; i < 2; i++) {
      send(VhostRequest.GET_VRING_BASE, 0, NONE, i);
      assertThat(reply(VhostRequest.GET_VRING_BASE)).isEqualTo(8);
      memory.segment().asSlice(rings[i].descriptors - GUEST, 0x8000).fill((byte) 0);
      rings[i] = new Ring(memory, rings[i].descriptors, ENTRIES);
      offered[i] = 0;
      taken[i] = 0;
      startRing(i, 0);
    }
    fillReceiveRing();
  }

  /** Resets the guest, whose next driver acknowledges other features. */
  public void reset(long acknowledged) throws InterruptedException {
    features = acknowledged;
    assertThat(ask(VhostRequest.SET_FEATURES, NONE, acknowledged)).isZero();
    restartRings();
  }

  /** Makes the memory's file longer or shorter. */
  public void truncate(long bytes) throws IOException {
    try (java.io.RandomAccessFile file =
        new java.io.RandomAccessFile("/proc/self/fd/" + memfd, "rw")) {
      file.setLength(bytes);
    }
  }

  /** Whether the back end has closed the connection; waits for it with a limit. */
  public boolean isHungUp() throws InterruptedException {
    long deadline = System.nanoTime() + LIMIT;
    while (true) {
      int bytes = messages.receive(buffer, 0, 1024);
      if (bytes != -Errno.EAGAIN && bytes <= 0) {
        return true;
      }
      if (System.nanoTime() > deadline) {
        return false;
      }
      Thread.sleep(1);
    }
  }

  /** Closes the connection; the guest and its memory stay. */
  public void disconnect() throws IOException {
    socket.close();
  }

  @Override
  public void close() throws IOException {
    if (socket.isOpen()) {
      socket.close();
    }
    for (int i = 0; i < 2; i++) {
      Libc.close(kicks[i]);
      Libc.close(calls[i]);
    }
    Memfd.unmap(segment);
    Libc.close(memfd);
  }
}
