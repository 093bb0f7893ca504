package io.lanyard.machine.sbi;

import io.lanyard.machine.bus.Ram;
import io.lanyard.machine.device.TestFinisher;
import io.lanyard.machine.hart.Hart;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * The machine as the interface sees it. All may be called on any hart's thread.
 *
 * <p>The harts are asked for at each call, because they are made after their firmware.
 */
public interface Platform {
  /** The harts, by number. */
  List<Hart> harts();

  /** The memory. */
  Ram ram();

  /** The part that ends the machine. */
  TestFinisher.Power power();

  /** Writes to the debug console; the bytes are valid during the call. */
  void write(ByteBuffer bytes);

  /** Reads from the debug console what is there, at most as much as there is room for. */
  void read(ByteBuffer into);
}
