package io.lanyard.machine.hart;

import io.lanyard.machine.bus.Bus;
import io.lanyard.machine.bus.HostMemory;
import io.lanyard.machine.bus.Ram;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A hart's decoded pages, by physical address.
 *
 * <p>Nobody tells this that code has changed. {@code fence.i} begins a new generation; a page of an
 * older one is compared with memory before it is executed again, and decoded anew if it differs. So
 * stores need no check, and it does not matter who stored: this hart, another, or a device.
 *
 * <p>Thread: the hart's own.
 */
final class CodeCache {
  /** About 20 KiB each; beyond that, everything is forgotten, which hardly ever happens. */
  private static final int MOST_PAGES = 4096;

  private static final byte[] NO_BYTES = {};

  private final Bus bus;
  private final Ram ram;
  private final Map<Long, CodePage> elsewhere = new HashMap<>();
  private final CodePage[] inRam;
  private final Bus.Word word = new Bus.Word();
  private int pages;
  private int generation;

  CodeCache(Bus bus) {
    this.bus = bus;
    ram = bus.ram();
    inRam = new CodePage[(int) (ram.size() >> 12)];
  }

  /** Code may have changed. */
  void newGeneration() {
    generation++;
  }

  /** Forgets all. */
  void clear() {
    Arrays.fill(inRam, null);
    elsewhere.clear();
    pages = 0;
  }

  /** Gives the page at a physical address, as it is now; null if nothing there can be executed. */
  @Nullable CodePage page(long address) {
    boolean isRam = ram.contains(address, 4096);
    CodePage page = isRam ? inRam[(int) ((address - Ram.BASE) >> 12)] : elsewhere.get(address);
    if (page != null) {
      if (page.generation == generation || unchanged(page)) {
        page.generation = generation;
        return page;
      }
      pages--;
    }
    byte[] bytes = new byte[4096];
    long host = 0;
    if (isRam) {
      host = ram.hostAddress(address);
      HostMemory.copyOut(host, bytes);
    } else if (readDevice(address).length == 0) {
      return null;
    } else {
      bytes = readDevice(address);
    }
    if (pages >= MOST_PAGES) {
      clear();
    }
    pages++;
    page = new CodePage(address, host, bytes);
    page.generation = generation;
    if (isRam) {
      inRam[(int) ((address - Ram.BASE) >> 12)] = page;
    } else {
      elsewhere.put(address, page);
    }
    return page;
  }

  private boolean unchanged(CodePage page) {
    return page.host != 0
        ? HostMemory.matches(page.host, page.segment)
        : Arrays.equals(readDevice(page.address), page.bytes);
  }

  /** Reads a page of ROM or flash; nothing if it is not memory. */
  private byte[] readDevice(long address) {
    if (!bus.isMemory(address, 4096)) {
      return NO_BYTES;
    }
    byte[] bytes = new byte[4096];
    for (int i = 0; i < 4096; i += 4) {
      if (!bus.load(address + i, 4, word)) {
        return NO_BYTES;
      }
      for (int b = 0; b < 4; b++) {
        bytes[i + b] = (byte) (word.value >>> (b * 8));
      }
    }
    return bytes;
  }
}
