package io.lanyard.vmm.tck;

import io.lanyard.vmm.FrameSink;
import io.lanyard.vmm.NicOffloads;
import java.lang.foreign.MemorySegment;

/** A network that takes all and passes on nothing. */
final class NoNetwork implements FrameSink {
  @Override
  public boolean accept(MemorySegment frame) {
    return true;
  }

  @Override
  public void flush() {
    // Nothing is kept back.
  }

  @Override
  public NicOffloads offloads() {
    return NicOffloads.ALL;
  }
}
