package io.lanyard.machine.hart;

import io.lanyard.machine.bus.Bus;
import io.lanyard.machine.bus.HostMemory;
import io.lanyard.machine.bus.Ram;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A hart's decoded pages, by physical address, as many as its guest's {@link CodeBudget.Share}
 * allows.
 *
 * <p>Nobody tells this that code has changed. {@code fence.i} begins a new generation; a page of an
 * older one is compared with memory before it is executed again, and decoded anew if it differs. So
 * stores need no check, and it does not matter who stored: this hart, another, or a device.
 *
 * <p>The pages lie in a hash table with open addressing, which is the clock too: when something has
 * to go, a hand passes over the table, spares each page that was looked up since it last came by,
 * and evicts the others. A page that is evicted while it is executed is executed on until the next
 * jump out of it.
 *
 * <p>Thread: the hart's own.
 */
final class CodeCache {
  private static final byte[] NO_BYTES = {};

  private final Core core;
  private final Bus bus;
  private final Ram ram;
  private final CodeBudget.Share share;
  private final Bus.Word word = new Bus.Word();
  private @Nullable CodePage[] table = new CodePage[64];
  private int pages;
  private int hand;
  private int generation;

  CodeCache(Core core, CodeBudget.Share share) {
    this.core = core;
    this.share = share;
    bus = core.bus;
    ram = core.ram;
  }

  /** Code may have changed. */
  void newGeneration() {
    generation++;
  }

  /** Forgets all. */
  void clear() {
    for (CodePage page : table) {
      if (page != null) {
        dropped(page);
      }
    }
    Arrays.fill(table, null);
    pages = 0;
    core.forgetDropped();
  }

  /** The page at a physical address, as it is now; null if nothing there can be executed. */
  @Nullable CodePage page(long address) {
    int at = find(address);
    CodePage page = table[at];
    if (page != null) {
      page.used = true;
      if (page.generation == generation || unchanged(page)) {
        page.generation = generation;
        return page;
      }
      remove(at);
      dropped(page);
      core.forgetDropped();
    }
    return make(address);
  }

  private @Nullable CodePage make(long address) {
    CodePage page;
    if (ram.contains(address, 4096)) {
      page = new CodePage(this, address, ram.hostAddress(address), NO_BYTES);
    } else {
      byte[] bytes = readDevice(address);
      if (bytes.length == 0) {
        return null;
      }
      page = new CodePage(this, address, 0, bytes);
    }
    page.generation = generation;
    page.used = true;
    grown(page, page.size());
    if (pages >= table.length / 2) {
      resize(table.length * 2);
    }
    table[find(address)] = page;
    pages++;
    return page;
  }

  /** A page takes more bytes than before: makes room, if there is none, of other pages. */
  void grown(CodePage page, long bytes) {
    if (!page.dropped) {
      share.charge(bytes);
      evict(share.excess(), page);
    }
  }

  /** Gives back what is above the share, if another guest needs it. */
  void shed() {
    evict(share.owed(), null);
  }

  /** Forgets a page that memory no longer agrees with. */
  void forget(CodePage page) {
    int at = find(page.address);
    if (table[at] == page) {
      remove(at);
      dropped(page);
      core.forgetDropped();
    }
  }

  private void evict(long bytes, @Nullable CodePage but) {
    if (bytes <= 0) {
      return;
    }
    core.markUsed();
    long left = bytes;
    // Once around to take the marks away, and once more to find none.
    for (int steps = 2 * table.length; left > 0 && steps > 0; steps--) {
      hand &= table.length - 1;
      CodePage page = table[hand];
      if (page == null || page == but) {
        hand++;
      } else if (page.used) {
        page.used = false;
        hand++;
      } else {
        remove(hand); // and looks at what moved here
        left -= page.size();
        dropped(page);
      }
    }
    if (pages < table.length / 8 && table.length > 64) {
      resize(table.length / 2);
    }
    core.forgetDropped();
  }

  private void dropped(CodePage page) {
    page.dropped = true;
    share.credit(page.size());
  }

  private int home(long address) {
    // Fibonacci hashing: neighbouring pages are spread evenly.
    return (int) (((address >>> 12) * 0x9e37_79b9_7f4a_7c15L) >>> 40) & (table.length - 1);
  }

  /** Where the page is, or where it would be put. */
  private int find(long address) {
    int at = home(address);
    while (true) {
      CodePage page = table[at];
      if (page == null || page.address == address) {
        return at;
      }
      at = (at + 1) & (table.length - 1);
    }
  }

  /** Empties a place, and moves what was only put behind it because it was taken. */
  private void remove(int place) {
    int mask = table.length - 1;
    int hole = place;
    table[hole] = null;
    pages--;
    for (int at = (hole + 1) & mask; ; at = (at + 1) & mask) {
      CodePage page = table[at];
      if (page == null) {
        return;
      }
      if (((at - home(page.address)) & mask) >= ((at - hole) & mask)) {
        table[hole] = page;
        table[at] = null;
        hole = at;
      }
    }
  }

  private void resize(int length) {
    @Nullable CodePage[] old = table;
    table = new CodePage[length];
    hand = 0;
    for (CodePage page : old) {
      if (page != null) {
        table[find(page.address)] = page;
      }
    }
  }

  private boolean unchanged(CodePage page) {
    return page.host != 0
        ? HostMemory.hash(page.host) == page.hash
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
