package io.lanyard.virtio;

/**
 * A driver's side of a split virtqueue, laid out in guest RAM, well-behaved unless told otherwise.
 */
public final class Ring {
  /** The entries of an ordinary ring. */
  public static final int SIZE = 16;

  private final GuestMemory ram;
  private final int size;

  /** Physical address of the descriptor table. */
  public final long descriptors;

  /** Physical address of the available ring. */
  public final long available;

  /** Physical address of the used ring. */
  public final long used;

  private int interrupts;
  private String broken = "";
  private int nextDescriptor;
  private int offered;
  private int taken;

  /**
   * Lays out a ring of {@link #SIZE} entries.
   *
   * @param ram where it is
   * @param base its first address
   */
  public Ring(GuestMemory ram, long base) {
    this(ram, base, SIZE);
  }

  /**
   * Lays out a ring.
   *
   * @param ram where it is
   * @param base its first address
   * @param size entries
   */
  public Ring(GuestMemory ram, long base, int size) {
    this.ram = ram;
    this.size = size;
    descriptors = base;
    available = base + 16L * size;
    used = base + 64L * size;
  }

  /**
   * Makes the device's side.
   *
   * @param features as negotiated
   * @return a queue that tells {@link #interrupts} and {@link #broken}
   */
  public VirtQueue queue(long features) {
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

  /**
   * Writes a descriptor of the ring's own table.
   *
   * @param index which
   * @param address physical
   * @param length bytes
   * @param flags as in {@link VirtQueue}
   * @param next index of the next
   */
  public void descriptor(int index, long address, long length, int flags, int next) {
    descriptor(descriptors, index, address, length, flags, next);
  }

  /**
   * Writes a descriptor of any table.
   *
   * @param table physical address
   * @param index which
   * @param address physical
   * @param length bytes
   * @param flags as in {@link VirtQueue}
   * @param next index of the next
   */
  public void descriptor(long table, int index, long address, long length, int flags, int next) {
    long at = table + 16L * index;
    ram.putInt(at, (int) address);
    ram.putInt(at + 4, (int) (address >>> 32));
    ram.putInt(at + 8, (int) length);
    ram.putShort(at + 12, (short) flags);
    ram.putShort(at + 14, (short) next);
  }

  /**
   * Makes a head available.
   *
   * @param head index of a chain's first descriptor
   */
  public void offer(int head) {
    ram.putShort(available + 4 + 2L * (offered % size), (short) head);
    offered++;
    ram.putShort(available + 2, (short) offered);
  }

  /**
   * Makes a chain available.
   *
   * @param parts {@link #out} and {@link #in}
   * @return its head
   */
  public int offer(long[]... parts) {
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

  /**
   * A part that the device writes.
   *
   * @param address physical
   * @param length bytes
   * @return for {@link #offer}
   */
  public static long[] in(long address, long length) {
    return new long[] {address, length, VirtQueue.WRITE};
  }

  /**
   * A part that the device reads.
   *
   * @param address physical
   * @param length bytes
   * @return for {@link #offer}
   */
  public static long[] out(long address, long length) {
    return new long[] {address, length, 0};
  }

  /**
   * The interrupts so far.
   *
   * @return how many
   */
  public int interrupts() {
    return interrupts;
  }

  /**
   * Why the queue is broken.
   *
   * @return as the listener was told, or an empty text
   */
  public String broken() {
    return broken;
  }

  /**
   * The used index.
   *
   * @return 16 bits
   */
  public int used() {
    return ram.getShort(used + 2) & 0xffff;
  }

  /**
   * Takes the next used element.
   *
   * @return its length, or -1 if there is none
   */
  public long take() {
    if (taken == used()) {
      return -1;
    }
    long length = ram.getInt(used + 4 + 8L * (taken % size) + 4) & 0xffff_ffffL;
    taken++;
    return length;
  }
}
