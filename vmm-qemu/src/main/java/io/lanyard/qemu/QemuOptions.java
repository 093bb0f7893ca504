package io.lanyard.qemu;

import io.lanyard.vmm.SpecProblem;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The options that only this VMM knows.
 *
 * @param accelerator how the guest's instructions run
 * @param machine QEMU's name of the board, or null for the architecture's usual one
 * @param cpu QEMU's name of the processor, or null for what suits
 * @param backing whether an image may lie over another one, which its header names
 * @param shared whether the guest's memory may be shared, so that its NICs are attached by it
 * @param hotPlug whether the guest can lose parts that it had at its start, or null for what the
 *     usual kernels for its architecture can
 */
record QemuOptions(
    Accelerator accelerator,
    @Nullable String machine,
    @Nullable String cpu,
    boolean backing,
    boolean shared,
    @Nullable Boolean hotPlug) {
  private static final String ACCELERATOR = "accel";
  private static final String MACHINE = "machine";
  private static final String CPU = "cpu";
  private static final String BACKING = "backing";
  private static final String NICS = "nics";
  private static final String HOT_PLUG = "hotplug";

  /** A name of QEMU's: never with a comma, which would begin a property. */
  private static final Pattern WORD = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._+-]{0,63}");

  /** How a guest's instructions run. */
  enum Accelerator {
    /** By KVM where that works, else translated. */
    AUTO,
    /** By KVM, or not at all. */
    KVM,
    /** Translated by QEMU. */
    TCG
  }

  /** Reads the options that are good; {@link #check} names the others. */
  static QemuOptions of(Map<String, String> options) {
    return new QemuOptions(
        switch (options.getOrDefault(ACCELERATOR, "auto")) {
          case "kvm" -> Accelerator.KVM;
          case "tcg" -> Accelerator.TCG;
          default -> Accelerator.AUTO;
        },
        options.get(MACHINE),
        options.get(CPU),
        "allow".equals(options.get(BACKING)),
        "vhost-user".equals(options.get(NICS)),
        options.containsKey(HOT_PLUG) ? "on".equals(options.get(HOT_PLUG)) : null);
  }

  static void check(Map<String, String> options, List<SpecProblem> problems) {
    options.forEach((name, value) -> {
      String problem =
          switch (name) {
            case ACCELERATOR -> oneOf(value, "auto", "kvm", "tcg");
            case BACKING -> oneOf(value, "allow");
            case NICS -> oneOf(value, "vhost-user", "stream");
            case HOT_PLUG -> oneOf(value, "on", "off");
            case MACHINE, CPU ->
                WORD.matcher(value).matches()
                    ? ""
                    : "expected a name of QEMU's, without properties, found \"" + value + "\"";
            default ->
                "vmm: qemu has no such option; it has accel, backing, cpu, hotplug, machine"
                    + " and nics";
          };
      if (!problem.isEmpty()) {
        problems.add(SpecProblem.of(problem, "options", name));
      }
    });
  }

  private static String oneOf(String value, String... words) {
    return List.of(words).contains(value)
        ? ""
        : "expected " + String.join(" or ", words) + ", found \"" + value + "\"";
  }
}
