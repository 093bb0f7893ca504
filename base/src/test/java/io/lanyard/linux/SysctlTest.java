package io.lanyard.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.FileNotFoundException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class SysctlTest {
  @Test
  void aNumberOfTheKernelIsReadWhole() throws Exception {
    // The least value that the kernel takes here is 301.
    assertThat(Integer.parseInt(Sysctl.read(Path.of("/proc/sys/kernel/pid_max"), 64)))
        .isGreaterThan(300);
  }

  @Test
  void aSettingThatIsNotThereSaysSo() {
    assertThatThrownBy(() -> Sysctl.read(Path.of("/proc/sys/kernel/none"), 64))
        .isInstanceOf(FileNotFoundException.class);
  }
}
