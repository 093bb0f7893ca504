package io.lanyard.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ErrnoExceptionTest {
  @ParameterizedTest
  @CsvSource({
    "1, EPERM, the privilege",
    "12, ENOMEM, no memory",
    "13, EACCES, owner and mode",
    "16, EBUSY, another process",
    "22, EINVAL, the advice",
    "23, ENFILE, fs.file-max",
    "24, EMFILE, LimitNOFILE"
  })
  void eachErrorHasItsOwnRemedyAndTheRestTheCalls(int number, String name, String remedy) {
    assertThatThrownBy(() -> ErrnoException.check(-number, "open x", "the privilege", "the advice"))
        .isInstanceOf(ErrnoException.class)
        .hasMessageStartingWith("open x failed with " + name + ": ")
        .hasMessageContaining(remedy);
  }

  @Test
  void aGoodResultIsPassedOn() throws ErrnoException {
    assertThat(ErrnoException.check(7, "open x", "", "")).isEqualTo(7);
  }
}
