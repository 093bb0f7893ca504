package io.lanyard.machine.sbi;

import io.lanyard.machine.hart.Firmware;
import io.lanyard.machine.hart.Hart;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The built-in firmware: looks an extension up and returns what it says. */
public final class Sbi implements Firmware {
  private static final int A0 = 10;
  private static final int A1 = 11;
  private static final int A6 = 16;
  private static final int A7 = 17;

  private final Map<Integer, SbiExtension> extensions = new HashMap<>();

  /**
   * Makes the firmware.
   *
   * @param platform the machine
   */
  public Sbi(Platform platform) {
    List.of(
            new SbiBase(extensions::containsKey),
            new SbiTime(),
            new SbiIpi(platform),
            new SbiFence(platform),
            new SbiHartState(platform),
            new SbiReset(platform),
            new SbiDebugConsole(platform))
        .forEach(extension -> extensions.put(extension.id(), extension));
  }

  /** Argument n: a0 to a5. */
  static long argument(Hart hart, int n) {
    return hart.x(A0 + n);
  }

  @Override
  public boolean ecall(Hart hart) {
    SbiExtension extension = extensions.get((int) hart.x(A7));
    SbiReturn result =
        extension == null ? SbiReturn.NOT_SUPPORTED : extension.call(hart, (int) hart.x(A6));
    hart.x(A0, result.error());
    hart.x(A1, result.value());
    return true;
  }
}
