package io.lanyard.machine.hart;

import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The fences that other harts ask of one.
 *
 * <p>A hart that asks waits until {@link #pending} is over, or until the hart is parked: it looks
 * here before it executes again. The order of "post, then look whether it is parked" on one side
 * and "unpark, then look for posts" on the other makes sure that one of them sees the other.
 */
final class Fences {
  private final Core core;
  private final Interrupts interrupts;
  private final ConcurrentLinkedQueue<Fence> posted = new ConcurrentLinkedQueue<>();

  /** Posted and not yet executed. */
  private final AtomicInteger outstanding = new AtomicInteger();

  /** A hart that has not begun to run is parked. */
  private volatile boolean parked = true;

  Fences(Core core, Interrupts interrupts) {
    this.core = core;
    this.interrupts = interrupts;
  }

  /** Any thread. */
  void post(Fence fence) {
    outstanding.incrementAndGet();
    posted.add(fence);
    interrupts.attend();
  }

  /** Any thread. */
  boolean pending() {
    return outstanding.get() != 0;
  }

  /** Any thread. */
  boolean parked() {
    return parked;
  }

  /** Hart's thread, as the rest. */
  void park() {
    parked = true;
  }

  void unpark() {
    parked = false;
    executePosted();
  }

  void executePosted() {
    Fence fence;
    while ((fence = posted.poll()) != null) {
      execute(fence);
      outstanding.decrementAndGet();
    }
  }

  void execute(Fence fence) {
    switch (fence) {
      case Fence.Instructions _ -> {
        core.cache.newGeneration();
        core.forgetCode();
      }
      case Fence.Addresses a -> {
        if (a.everywhere()) {
          if (a.asid() < 0) {
            core.mmu.flush();
          } else {
            core.mmu.flushSpace(a.asid() & 0xffff);
          }
        } else if (a.size() < 0 || a.size() > 64 * 4096) {
          core.mmu.flush();
        } else {
          long first = a.start() & -4096;
          long length = a.start() - first + a.size();
          for (long at = 0; at < length; at += 4096) { // the end may be that of all addresses
            core.mmu.flushAddress(first + at);
          }
        }
        core.contextChanged();
      }
    }
  }
}
