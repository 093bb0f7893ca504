package io.lanyard.machine.hart;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.lang.classfile.ClassFile;
import java.lang.classfile.attribute.CodeAttribute;
import java.util.Objects;
import org.junit.jupiter.api.Test;

class DispatchSizeTest {
  /** HotSpot's HugeMethodLimit: a longer method is never compiled, silently. */
  private static final int HUGE_METHOD = 8000;

  @Test
  void theDispatchMethodIsSmallEnoughToBeCompiled() throws IOException {
    try (InputStream in =
        Objects.requireNonNull(Interpreter.class.getResourceAsStream("Interpreter.class"))) {
      var model = ClassFile.of().parse(in.readAllBytes());
      for (var method : model.methods()) {
        int size = method.code().map(code -> ((CodeAttribute) code).codeLength()).orElse(0);
        assertThat(size).as(method.methodName().stringValue()).isLessThan(HUGE_METHOD);
      }
    }
  }
}
