package io.lanyard.machine.boot;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.machine.device.InterruptControl;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

class FdtTest {
  /** Reads a blob back: path and property to value. */
  static Map<String, byte[]> read(byte[] blob) {
    ByteBuffer b = ByteBuffer.wrap(blob);
    assertThat(b.getInt(0)).isEqualTo(0xd00dfeed);
    assertThat(b.getInt(4)).isEqualTo(blob.length);
    int strings = b.getInt(12);
    assertThat(b.getInt(20)).isEqualTo(17);
    assertThat(b.getInt(24)).isEqualTo(16);
    assertThat(b.getLong(b.getInt(16))).as("reservations end").isZero();
    assertThat(strings + b.getInt(32)).isLessThanOrEqualTo(blob.length);
    Map<String, byte[]> found = new LinkedHashMap<>();
    StringBuilder path = new StringBuilder();
    b.position(b.getInt(8));
    while (true) {
      switch (b.getInt()) {
        case 1 -> {
          String name = string(blob, b.position());
          b.position((b.position() + name.length() + 4) & ~3);
          path.append(name).append('/');
        }
        case 2 -> path.setLength(path.lastIndexOf("/", path.length() - 2) + 1);
        case 3 -> {
          byte[] value = new byte[b.getInt()];
          String name = string(blob, strings + b.getInt());
          b.get(value);
          b.position((b.position() + 3) & ~3);
          found.put(path + name, value);
        }
        case 9 -> {
          return found;
        }
        default -> throw new AssertionError("bad token at " + b.position());
      }
    }
  }

  private static String string(byte[] blob, int at) {
    int end = at;
    while (blob[end] != 0) {
      end++;
    }
    return new String(blob, at, end - at, StandardCharsets.US_ASCII);
  }

  @Test
  void whatIsFlattenedReadsBack() {
    Fdt.Node root = new Fdt.Node("").cells("#address-cells", 2).string("model", "x");
    root.child("a")
        .flag("empty")
        .pairs("reg", 0x8000_0000L, 5)
        .child("b")
        .bytes("odd", new byte[3]);
    root.child("c").string("model", "second use of a name");
    Map<String, byte[]> found = read(Fdt.flatten(root));
    assertThat(found.keySet())
        .containsExactly("/#address-cells", "/model", "/a/empty", "/a/reg", "/a/b/odd", "/c/model");
    assertThat(found.get("/a/reg"))
        .containsExactly(0, 0, 0, 0, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5);
    assertThat(found.get("/a/b/odd")).hasSize(3);
    assertThat(found.get("/a/empty")).isEmpty();
  }

  @Test
  void boardSaysWhatTheKernelNeeds() {
    DeviceTree.Board board =
        new DeviceTree.Board(
            512 << 20,
            2,
            10_000_000,
            InterruptControl.PLIC,
            true,
            "console=ttyS0",
            new Layout.Range(0x9000_0000L, 0x9010_0000L));
    Map<String, byte[]> found = read(Fdt.flatten(DeviceTree.describe(board, new byte[32])));
    assertThat(new String(found.get("/cpus/cpu@1/riscv,isa"), StandardCharsets.US_ASCII))
        .startsWith("rv64imafdc_zicbom_zicboz_");
    assertThat(found.get("/chosen/linux,initrd-end"))
        .containsExactly(0, 0, 0, 0, 0x90 - 256, 0x10, 0, 0);
    assertThat(found.get("/chosen/rng-seed")).hasSize(32);
    assertThat(found.get("/soc/plic@c000000/interrupts-extended")).hasSize(2 * 4 * 4);
    assertThat(found.get("/soc/pci@30000000/interrupt-map")).hasSize(16 * 6 * 4);
    assertThat(found).containsKeys("/soc/poweroff/regmap", "/soc/reboot/value");
    assertThat(found).doesNotContainKey("/soc/pci@30000000/msi-parent");
  }

  @Test
  void boardWithMessagesNamesItsControllersAndHidesThoseOfMachineModeFromAKernel() {
    for (boolean supervisor : new boolean[] {true, false}) {
      DeviceTree.Board board =
          new DeviceTree.Board(
              512 << 20, 2, 10_000_000, InterruptControl.AIA, supervisor, "", null);
      Map<String, byte[]> found = read(Fdt.flatten(DeviceTree.describe(board, new byte[32])));
      String imsic = "/soc/interrupt-controller@28000000/";
      assertThat(found.get(imsic + "interrupts-extended"))
          .containsExactly(0, 0, 0, 16, 0, 0, 0, 9, 0, 0, 0, 17, 0, 0, 0, 9);
      byte[] phandle = found.get(imsic + "phandle");
      assertThat(found.get("/soc/pci@30000000/msi-parent")).isEqualTo(phandle);
      assertThat(found.get("/soc/interrupt-controller@d000000/msi-parent")).isEqualTo(phandle);
      assertThat(found.get("/soc/pci@30000000/interrupt-map")).hasSize(16 * 7 * 4);
      assertThat(found.get("/soc/serial@10000000/interrupts"))
          .containsExactly(0, 0, 0, 10, 0, 0, 0, 4);
      assertThat(new String(found.get("/cpus/cpu@0/riscv,isa"), StandardCharsets.US_ASCII))
          .contains("_smaia_ssaia_sstc");
      assertThat(found.containsKey("/soc/interrupt-controller@c000000/riscv,delegation"))
          .isEqualTo(!supervisor);
      assertThat(found.containsKey("/soc/interrupt-controller@24000000/reg"))
          .isEqualTo(!supervisor);
      assertThat(found).doesNotContainKey("/soc/plic@c000000/reg");
    }
  }
}
