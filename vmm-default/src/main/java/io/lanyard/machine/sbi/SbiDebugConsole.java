package io.lanyard.machine.sbi;

import io.lanyard.machine.bus.Ram;
import io.lanyard.machine.hart.Hart;
import java.nio.ByteBuffer;

/** Section 12: the debug console (DBCN), on the machine's serial console. */
final class SbiDebugConsole implements SbiExtension {
  /** Most bytes per call, so that a hart is not held up; a caller sees how many were taken. */
  private static final long PORTION = 4096;

  private final Platform platform;

  SbiDebugConsole(Platform platform) {
    this.platform = platform;
  }

  @Override
  public int id() {
    return 0x4442434e; // "DBCN"
  }

  @Override
  public SbiReturn call(Hart hart, int function) {
    return switch (function) {
      case 0, 1 -> transfer(hart, function == 0);
      case 2 -> {
        platform.write(ByteBuffer.wrap(new byte[] {(byte) Sbi.argument(hart, 0)}));
        yield SbiReturn.SUCCESS;
      }
      default -> SbiReturn.NOT_SUPPORTED;
    };
  }

  private SbiReturn transfer(Hart hart, boolean write) {
    long length = Math.min(PORTION, Sbi.argument(hart, 0) & Long.MAX_VALUE);
    long address = Sbi.argument(hart, 1);
    Ram ram = platform.ram();
    if (Sbi.argument(hart, 2) != 0 || !ram.contains(address, length)) {
      return SbiReturn.INVALID_PARAMETER;
    }
    ByteBuffer bytes = ram.slice(address, length).asByteBuffer();
    if (write) {
      platform.write(bytes);
      return SbiReturn.of(length);
    }
    platform.read(bytes);
    return SbiReturn.of(bytes.position());
  }
}
