package io.lanyard.machine.virtio;

import io.lanyard.virtio.Chain;
import io.lanyard.virtio.Features;
import io.lanyard.virtio.VirtQueue;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A source of randomness (VIRTIO 1.2 section 5.4). */
public final class VirtioRng implements VirtioDevice {
  /** Most bytes given for one buffer, so that a guest cannot hold its notification up for long. */
  private static final int PORTION = 1024;

  private final Consumer<byte[]> entropy;
  private final byte[] bytes = new byte[PORTION];
  private @Nullable VirtQueue queue;
  private @Nullable Chain chain;

  /**
   * Makes a source.
   *
   * @param entropy fills an array with random bytes; must not block
   */
  public VirtioRng(Consumer<byte[]> entropy) {
    this.entropy = entropy;
  }

  @Override
  public int type() {
    return 4;
  }

  @Override
  public int pciClass() {
    return 0x00ff00;
  }

  @Override
  public long features() {
    return Features.COMMON;
  }

  @Override
  public int queues() {
    return 1;
  }

  @Override
  public int queueSize(int number) {
    return 64;
  }

  @Override
  public int config(int offset) {
    return 0;
  }

  @Override
  public void attach(Link link) {
    // It has no configuration.
  }

  @Override
  public synchronized void activate(long features, List<@Nullable VirtQueue> queues) {
    queue = queues.get(0);
    chain = queue == null ? null : queue.newChain();
  }

  @Override
  public synchronized void reset() {
    queue = null;
  }

  @Override
  public synchronized void notified(int number) {
    if (queue == null || chain == null) {
      return;
    }
    do {
      queue.notifications(false);
      while (queue.pop(chain)) {
        int n = (int) Math.min(PORTION, chain.writable());
        if (n > 0) {
          entropy.accept(bytes);
          chain.write(0, n == PORTION ? bytes : java.util.Arrays.copyOf(bytes, n));
        }
        queue.push(chain, n);
      }
      queue.publish();
      queue.notifications(true);
    } while (queue.hasNext());
  }
}
