package io.lanyard.machine.sbi;

import io.lanyard.machine.hart.Fence;
import io.lanyard.machine.hart.Hart;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Section 8: fences on other harts. There is no hypervisor extension, so its fences are not here.
 */
final class SbiFence implements SbiExtension {
  private final Platform platform;

  SbiFence(Platform platform) {
    this.platform = platform;
  }

  @Override
  public int id() {
    return 0x52464e43; // "RFNC"
  }

  @Override
  public SbiReturn call(Hart hart, int function) {
    Fence fence = fence(hart, function);
    if (fence == null) {
      return SbiReturn.NOT_SUPPORTED;
    }
    List<Hart> targets =
        HartMask.select(platform.harts(), Sbi.argument(hart, 0), Sbi.argument(hart, 1));
    if (targets == null) {
      return SbiReturn.INVALID_PARAMETER;
    }
    hart.fence(targets, fence);
    return SbiReturn.SUCCESS;
  }

  private static @Nullable Fence fence(Hart hart, int function) {
    long start = Sbi.argument(hart, 2);
    long size = Sbi.argument(hart, 3);
    return switch (function) {
      case 0 -> new Fence.Instructions();
      case 1 -> new Fence.Addresses(start, size, -1);
      case 2 -> new Fence.Addresses(start, size, Sbi.argument(hart, 4) & 0xffff);
      default -> null;
    };
  }
}
