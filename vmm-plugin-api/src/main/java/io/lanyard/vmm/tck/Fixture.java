package io.lanyard.vmm.tck;

import io.lanyard.vmm.BootSource;
import io.lanyard.vmm.VmmContext;
import io.lanyard.vmm.VmmProvider;

/** A plug-in under test and its guests. Called many times; the answers must stay the same. */
public interface Fixture {
  /**
   * The plug-in.
   *
   * @return its provider
   */
  VmmProvider provider();

  /**
   * The directories to work in.
   *
   * @return empty directories that exist
   */
  VmmContext context();

  /**
   * The memory that the guests below need.
   *
   * @return bytes
   */
  long memory();

  /**
   * A guest that computes until it is stopped.
   *
   * @return what it starts with
   */
  BootSource spinning();

  /**
   * A program that reports success. Asked for only with {@link
   * io.lanyard.vmm.Capability#BOOT_PROGRAM}.
   *
   * @return what it starts with
   */
  BootSource passing();

  /**
   * A program that reports that a test failed. Asked for only with {@link
   * io.lanyard.vmm.Capability#BOOT_PROGRAM}.
   *
   * @param test the test's number, from 1 to 100
   * @return what it starts with
   */
  BootSource failing(int test);

  /**
   * A guest that prints {@code ready} and then echoes each byte that is typed. Asked for only with
   * {@link io.lanyard.vmm.Capability#CONSOLE}.
   *
   * @return what it starts with
   */
  BootSource echoing();
}
