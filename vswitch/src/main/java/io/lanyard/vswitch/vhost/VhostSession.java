package io.lanyard.vswitch.vhost;

import io.lanyard.linux.Memfd;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

/**
 * The protocol of one connection, from the back end's side: takes messages, sets up memory and
 * rings, and makes the replies. It knows no socket.
 *
 * <p>A message that cannot be followed is refused with a reply where the front end has asked for
 * one, and ends the session otherwise.
 *
 * <p>Descriptors that come with a message are the session's from then on.
 *
 * <p>Thread: one at a time.
 */
public final class VhostSession {
  /** Bytes of the header: request, flags, size. */
  public static final int HEADER = 12;

  /** The largest payload: a description of eight regions has 264 bytes. */
  public static final int MOST_PAYLOAD = 512;

  private static final int VERSION_MASK = 3;
  private static final int VERSION = 1;
  private static final int REPLY = 4;
  private static final int NEED_REPLY = 8;

  private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;
  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;

  private final VhostDevice device;
  private final VhostNic nic;
  private final VhostMemory memory;
  private final VringTable rings;
  private final MemorySegment reply = Arena.ofAuto().allocate(HEADER + MOST_PAYLOAD, 8);
  private long protocolFeatures;
  private int replyDescriptor = Vring.NONE;
  private long messages;
  private long refused;
  private String lastRefusal = "";

  /**
   * Makes a session that nothing was said in.
   *
   * @param nic the NIC that the guest sees
   * @param device told of what changes
   */
  public VhostSession(VhostNic nic, VhostDevice device) {
    this.nic = nic;
    this.device = device;
    this.memory = new VhostMemory(device);
    this.rings = new VringTable(2 * nic.queueNumber(), memory, device);
  }

  /**
   * The ring of a number.
   *
   * @param index from 0 on, below {@link #ringCount}
   * @return the same object for the life of the session
   */
  public Vring ring(int index) {
    return rings.get(index);
  }

  /**
   * How many rings there may be.
   *
   * @return an even number
   */
  public int ringCount() {
    return rings.count();
  }

  /**
   * The features that the front end has acknowledged.
   *
   * @return bits of virtio and of vhost
   */
  public long features() {
    return rings.features;
  }

  /**
   * The memory that is shared.
   *
   * @return bytes
   */
  public long sharedBytes() {
    return memory.bytes();
  }

  /**
   * Whether the front end cannot take pages of its memory away.
   *
   * @return true if all of its files are sealed
   */
  public boolean sealed() {
    return memory.sealed();
  }

  /**
   * Messages so far.
   *
   * @return those that were refused included
   */
  public long messages() {
    return messages;
  }

  /**
   * Messages that were refused.
   *
   * @return since the session began
   */
  public long refused() {
    return refused;
  }

  /**
   * The message that was refused last, and why.
   *
   * @return an empty text if none was
   */
  public String lastRefusal() {
    return lastRefusal;
  }

  /** The reply to the last message: {@link #handle} says how long it is. */
  public MemorySegment reply() {
    return reply;
  }

  /**
   * The descriptor that goes with the last reply, for the caller to close.
   *
   * @return its number, once; -1 if there is none
   */
  public int takeReplyDescriptor() {
    int taken = replyDescriptor;
    replyDescriptor = Vring.NONE;
    return taken;
  }

  /**
   * Reads the length of a message's payload from its header.
   *
   * @param header the first {@link #HEADER} bytes
   * @return bytes, at most {@link #MOST_PAYLOAD}
   * @throws VhostException if it is no header of a request
   */
  public static int payloadLength(MemorySegment header) throws VhostException {
    int flags = header.get(INT, 4);
    int size = header.get(INT, 8);
    if ((flags & VERSION_MASK) != VERSION || (flags & REPLY) != 0) {
      throw new VhostException("a message has version and flags 0x" + Integer.toHexString(flags));
    }
    if (size < 0 || size > MOST_PAYLOAD) {
      throw new VhostException(
          "a message has " + Integer.toUnsignedString(size) + " bytes of payload");
    }
    return size;
  }

  /**
   * Takes a message.
   *
   * @param message header and payload, as long as the header says; may be changed
   * @param descriptors that came with it
   * @param count how many of them
   * @return the length of the reply, 0 if there is none
   * @throws VhostException if the session has to end
   */
  public int handle(MemorySegment message, int[] descriptors, int count) throws VhostException {
    messages++;
    int request = message.get(INT, 0);
    boolean wantsReply =
        (message.get(INT, 4) & NEED_REPLY) != 0
            && (protocolFeatures & VhostFeatures.P_REPLY_ACK) != 0;
    VhostMessage taken =
        new VhostMessage(
            request, message.asSlice(HEADER, payloadLength(message)), descriptors, count);
    int length;
    try {
      length = follow(taken);
    } catch (IOException e) {
      refused++;
      lastRefusal = "message " + request + ": " + e.getMessage();
      if (!wantsReply) {
        throw new VhostException(lastRefusal);
      }
      return replyNumber(request, 1);
    } finally {
      taken.closeRest();
    }
    return length == 0 && wantsReply ? replyNumber(request, 0) : length;
  }

  /** Does what a message says. Returns the length of its own reply, or 0. */
  private int follow(VhostMessage message) throws IOException {
    switch (message.request) {
      case VhostRequest.GET_FEATURES -> {
        return replyNumber(message.request, VhostFeatures.offered(nic.pairs()));
      }
      case VhostRequest.SET_FEATURES -> setFeatures(message.number());
      case VhostRequest.GET_PROTOCOL_FEATURES -> {
        return replyNumber(message.request, VhostFeatures.PROTOCOL);
      }
      case VhostRequest.SET_PROTOCOL_FEATURES -> setProtocolFeatures(message.number());
      case VhostRequest.SET_OWNER -> {}
      case VhostRequest.RESET_OWNER -> rings.disableAll();
      case VhostRequest.SET_MEM_TABLE -> setMemory(message);
      case VhostRequest.SET_VRING_NUM -> rings.setSize(message);
      case VhostRequest.SET_VRING_ADDR -> rings.setAddresses(message);
      case VhostRequest.SET_VRING_BASE -> rings.stopped(message).base = message.state() & 0xffff;
      case VhostRequest.GET_VRING_BASE -> {
        return getBase(message);
      }
      case VhostRequest.SET_VRING_KICK -> rings.setKick(message);
      case VhostRequest.SET_VRING_CALL -> rings.eventRing(message).call(message.takeEvent());
      case VhostRequest.SET_VRING_ERR -> rings.eventRing(message).error(message.takeEvent());
      case VhostRequest.GET_QUEUE_NUM -> {
        return replyNumber(message.request, nic.queueNumber());
      }
      case VhostRequest.SET_VRING_ENABLE -> rings.enable(message);
      case VhostRequest.NET_SET_MTU -> nic.checkMtu(message.number());
      case VhostRequest.GET_CONFIG -> {
        return getConfig(message);
      }
      case VhostRequest.GET_INFLIGHT_FD -> {
        return getInflight(message);
      }
      case VhostRequest.SET_INFLIGHT_FD -> setInflight(message);
      case VhostRequest.RESET_DEVICE -> rings.reset();
      case VhostRequest.GET_MAX_MEM_SLOTS -> {
        return replyNumber(message.request, VhostMemory.MOST_REGIONS);
      }
      case VhostRequest.ADD_MEM_REG -> addRegion(message);
      case VhostRequest.REM_MEM_REG -> removeRegion(message);
      default -> throw new VhostException("it is not supported"); // the log of dirty pages, too
    }
    return 0;
  }

  private void setFeatures(long bits) throws VhostException {
    long offered = VhostFeatures.offered(nic.pairs());
    if ((bits & ~offered) != 0) {
      throw new VhostException(
          "features 0x" + Long.toHexString(bits & ~offered) + " were not offered");
    }
    boolean other = bits != rings.features;
    rings.features = bits;
    if (other) {
      rings.restartAll();
    }
    device.changed();
  }

  private void setProtocolFeatures(long bits) throws VhostException {
    if ((bits & ~VhostFeatures.PROTOCOL) != 0) {
      throw new VhostException(
          "protocol features 0x"
              + Long.toHexString(bits & ~VhostFeatures.PROTOCOL)
              + " were not offered");
    }
    protocolFeatures = bits;
  }

  private void setMemory(VhostMessage message) throws IOException {
    message.atLeast(8);
    int count = message.payload.get(INT, 0);
    if (count < 0 || count > 8 || count != message.descriptorCount) {
      throw new VhostException(
          count + " regions came with " + message.descriptorCount + " descriptors");
    }
    message.atLeast(8 + count * VhostMemory.DESCRIPTION);
    List<Vring> running = rings.pauseAll();
    try {
      memory.replace(message.payload, 8, message.descriptors, count);
    } finally {
      rings.resumeAll(running);
    }
  }

  private void addRegion(VhostMessage message) throws IOException {
    message.atLeast(8 + VhostMemory.DESCRIPTION);
    memory.add(message.payload, 8, message.oneDescriptor());
  }

  private void removeRegion(VhostMessage message) throws IOException {
    message.atLeast(8 + VhostMemory.DESCRIPTION);
    List<Vring> running = rings.pauseAll();
    try {
      memory.remove(message.payload, 8);
    } finally {
      rings.resumeAll(running);
    }
  }

  private int getBase(VhostMessage message) throws VhostException {
    Vring ring = rings.ring(message);
    rings.stop(ring);
    rings.closeKick(ring);
    reply.set(INT, HEADER, ring.index());
    reply.set(INT, HEADER + 4, ring.base);
    device.changed();
    return reply(message.request, 8);
  }

  private int getConfig(VhostMessage message) throws VhostException {
    message.atLeast(12);
    MemorySegment payload = message.payload;
    int offset = payload.get(INT, 0);
    int size = payload.get(INT, 4);
    boolean fits = size >= 0 && size <= message.payload.byteSize() - 12 && offset >= 0;
    if (!fits) {
      return reply(message.request, 0);
    }
    MemorySegment.copy(payload, 0, reply, HEADER, 12);
    for (int i = 0; i < size; i++) {
      reply.set(ValueLayout.JAVA_BYTE, HEADER + 12L + i, nic.config(offset + i));
    }
    return reply(message.request, 12 + size);
  }

  private int getInflight(VhostMessage message) throws IOException {
    message.atLeast(InflightArea.DESCRIPTION);
    MemorySegment.copy(message.payload, 0, reply, HEADER, InflightArea.DESCRIPTION);
    replyDescriptor = InflightArea.create(reply.asSlice(HEADER, InflightArea.DESCRIPTION));
    return reply(message.request, InflightArea.DESCRIPTION);
  }

  private void setInflight(VhostMessage message) throws IOException {
    message.atLeast(InflightArea.DESCRIPTION);
    InflightArea.check(message.payload, message.oneDescriptor());
    rings.tracked = true;
  }

  private int replyNumber(int request, long number) {
    reply.set(LONG, HEADER, number);
    return reply(request, 8);
  }

  private int reply(int request, int length) {
    reply.set(INT, 0, request);
    reply.set(INT, 4, VERSION | REPLY);
    reply.set(INT, 8, length);
    return HEADER + length;
  }

  /** Ends the session: stops all rings, closes all descriptors, gives the memory back. */
  public void close() {
    rings.reset();
    memory.clear();
    int descriptor = takeReplyDescriptor();
    if (descriptor != Vring.NONE) {
      Memfd.close(descriptor);
    }
  }
}
