package io.lanyard.vswitch.vhost;

import io.lanyard.linux.EventFd;
import io.lanyard.linux.Libc;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** A message that is being followed. */
final class VhostMessage {
  private static final int INDEX_MASK = 0xff;
  private static final int NO_DESCRIPTOR = 1 << 8;

  private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;
  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;

  final int request;
  final MemorySegment payload;

  /** Those that came with it; one that was taken is -1. */
  final int[] descriptors;

  final int descriptorCount;

  VhostMessage(int request, MemorySegment payload, int[] descriptors, int descriptorCount) {
    this.request = request;
    this.payload = payload;
    this.descriptors = descriptors;
    this.descriptorCount = descriptorCount;
  }

  void atLeast(int bytes) throws VhostException {
    if (payload.byteSize() < bytes) {
      throw new VhostException("its payload has " + payload.byteSize() + " bytes");
    }
  }

  long number() throws VhostException {
    atLeast(8);
    return payload.get(LONG, 0);
  }

  /** The second half of a state of a ring. */
  int state() {
    return payload.get(INT, 4);
  }

  int oneDescriptor() throws VhostException {
    if (descriptorCount != 1) {
      throw new VhostException("it came with " + descriptorCount + " descriptors");
    }
    return descriptors[0];
  }

  void closeRest() {
    for (int i = 0; i < descriptorCount; i++) {
      if (descriptors[i] != Vring.NONE) {
        int _ = Libc.close(descriptors[i]);
      }
    }
  }

  /** The number of the ring that a message with an event descriptor is about. */
  long eventIndex() throws VhostException {
    return number() & INDEX_MASK;
  }

  /** The event descriptor, taken out of the message; none if the message says so. */
  int takeEvent() throws IOException {
    if ((number() & NO_DESCRIPTOR) != 0) {
      return Vring.NONE;
    }
    EventFd.adopt(oneDescriptor());
    int taken = descriptors[0];
    descriptors[0] = Vring.NONE;
    return taken;
  }
}
