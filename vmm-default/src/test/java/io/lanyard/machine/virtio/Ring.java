package io.lanyard.machine.virtio;

import io.lanyard.machine.bus.Ram;
import io.lanyard.virtio.VirtQueue;

/**
 * A driver's side of a split virtqueue, laid out in guest RAM, well-behaved unless told otherwise.
 */
final class Ring {
  static final int SIZE = 16;
  final Ram ram;
  final int size;
  final long descriptors;
  final long available;
  final long used;
  int interrupts;
  String broken = "";
  private int nextDescriptor;
  private int offered;
  private int taken;

  Ring(Ram ram, long base) {
    this(ram, base, SIZE);
  }

  Ring(Ram ram, long base, int size) {
    this.ram = ram;
    this.size = size;
    descriptors = base;
    available = base + 16L * size;
    used = base + 64L * size;
  }

  VirtQueue queue(long features) {
    return VirtQueue.of(
        ram,
        size,
        descriptors,
        available,
        used,
        features,
        new VirtQueue.Listener() {
          @Override
          public void interrupt() {
            interrupts++;
          }

          @Override
          public void broken(String why) {
            broken = why;
          }
        });
  }

  void descriptor(int index, long address, long length, int flags, int next) {
    descriptor(descriptors, index, address, length, flags, next);
  }

  void descriptor(long table, int index, long address, long length, int flags, int next) {
    long at = table + 16L * index;
    ram.putLong(at, address);
    ram.putInt(at + 8, (int) length);
    ram.putShort(at + 12, (short) flags);
    ram.putShort(at + 14, (short) next);
  }

  /** Makes a head available. */
  void offer(int head) {
    ram.putShort(available + 4 + 2L * (offered % size), (short) head);
    offered++;
    ram.putShort(available + 2, (short) offered);
  }

  /** Makes a chain available: address, length, flags (0 or WRITE) for each part. */
  int offer(long[]... parts) {
    int head = nextDescriptor;
    for (int i = 0; i < parts.length; i++) {
      int index = nextDescriptor;
      nextDescriptor = (nextDescriptor + 1) % size;
      boolean last = i == parts.length - 1;
      descriptor(
          index,
          parts[i][0],
          parts[i][1],
          (int) parts[i][2] | (last ? 0 : VirtQueue.NEXT),
          last ? 0 : nextDescriptor);
    }
    offer(head);
    return head;
  }

  static long[] in(long address, long length) {
    return new long[] {address, length, VirtQueue.WRITE};
  }

  static long[] out(long address, long length) {
    return new long[] {address, length, 0};
  }

  int used() {
    return ram.getShort(used + 2) & 0xffff;
  }

  /** Takes the next used length, or -1. */
  long take() {
    if (taken == used()) {
      return -1;
    }
    long length = ram.getInt(used + 4 + 8L * (taken % size) + 4) & 0xffff_ffffL;
    taken++;
    return length;
  }
}
