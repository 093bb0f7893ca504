package io.lanyard.machine.device;

import io.lanyard.machine.bus.Device;

/**
 * The boot ROM: eight instructions that put hart id and device tree where firmware looks for them,
 * and jump. For firmware that looks; the harts of this machine start behind it.
 */
public final class BootRom implements Device {
  private final byte[] content = new byte[(int) MemoryMap.BOOT_ROM_SIZE];

  /**
   * Fills the ROM.
   *
   * @param entry where to jump
   * @param deviceTree goes into a1
   */
  public BootRom(long entry, long deviceTree) {
    int[] code = {
      0x00000297, // auipc t0, 0
      0xf1402573, // csrr  a0, mhartid
      0x0202b583, // ld    a1, 32(t0)
      0x0182b283, // ld    t0, 24(t0)
      0x00028067, // jr    t0
      0x00000000,
    };
    for (int i = 0; i < code.length; i++) {
      put(4 * i, 4, code[i]);
    }
    put(24, 8, entry);
    put(32, 8, deviceTree);
  }

  private void put(int at, int size, long value) {
    for (int i = 0; i < size; i++) {
      content[at + i] = (byte) (value >>> (8 * i));
    }
  }

  @Override
  public long read(long offset, int size) {
    long value = 0;
    for (int i = size - 1; i >= 0; i--) {
      value = value << 8 | (content[(int) offset + i] & 0xff);
    }
    return value;
  }

  @Override
  public void write(long offset, int size, long value) {
    // Read only: a write goes nowhere, as on the board.
  }
}
