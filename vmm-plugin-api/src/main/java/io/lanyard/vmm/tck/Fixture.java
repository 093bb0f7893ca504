package io.lanyard.vmm.tck;

import io.lanyard.vmm.BootSource;
import io.lanyard.vmm.VmmContext;
import io.lanyard.vmm.VmmProvider;

/** What a plug-in brings to be checked. Called many times; the answers must stay the same. */
public interface Fixture {
  /**
   * Gives the plug-in.
   *
   * @return its provider
   */
  VmmProvider provider();

  /**
   * Gives directories to work in.
   *
   * @return empty directories that exist
   */
  VmmContext context();

  /**
   * Gives the memory that the guests below need.
   *
   * @return bytes
   */
  long memory();

  /**
   * Gives a guest that runs, computing, until it is stopped.
   *
   * @return what it starts with
   */
  BootSource spinning();

  /**
   * Gives a program that reports success. Asked for only with {@link
   * io.lanyard.vmm.Capability#BOOT_PROGRAM}.
   *
   * @return what it starts with
   */
  BootSource passing();

  /**
   * Gives a program that reports that a test failed. Asked for only with {@link
   * io.lanyard.vmm.Capability#BOOT_PROGRAM}.
   *
   * @param test the test's number, from 1 to 100
   * @return what it starts with
   */
  BootSource failing(int test);

  /**
   * Gives a guest that prints {@code ready} and then gives back each byte that is typed. Asked for
   * only with {@link io.lanyard.vmm.Capability#CONSOLE}.
   *
   * @return what it starts with
   */
  BootSource echoing();
}
