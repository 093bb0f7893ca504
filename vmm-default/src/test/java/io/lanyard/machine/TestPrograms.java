package io.lanyard.machine;

/** Lends test programs to the tests of other packages. */
public final class TestPrograms {
  private TestPrograms() {}

  /** The ELF file of a program that passes. */
  public static byte[] passing() {
    return TestProgram.reporting(0).elf();
  }
}
