package io.lanyard.vmm.tck;

import io.lanyard.vmm.BootSource;
import io.lanyard.vmm.VmmContext;
import io.lanyard.vmm.VmmProvider;
import java.util.Map;

/**
 * A plug-in under test and its guests, which have the architecture that its description names
 * first. Called many times; the answers must stay the same.
 */
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
   * A program that reports success. Asked for only of a VMM that boots a {@link
   * BootSource.Program}.
   *
   * @return what it starts with
   */
  default BootSource passing() {
    throw new UnsupportedOperationException("this VMM runs no programs");
  }

  /**
   * A program that reports that a test failed. Asked for only of a VMM that boots a {@link
   * BootSource.Program}.
   *
   * @param test the test's number, from 1 to 100
   * @return what it starts with
   */
  default BootSource failing(int test) {
    throw new UnsupportedOperationException("this VMM runs no programs");
  }

  /**
   * A guest that prints {@code ready} and then echoes each byte that is typed. Asked for only with
   * {@link io.lanyard.vmm.Capability#CONSOLE}.
   *
   * @return what it starts with
   */
  BootSource echoing();

  /**
   * A guest that returns each frame on its first NIC with the source's and destination's MAC
   * addresses exchanged, and everything else as it was. Asked for only of a VMM whose guests have
   * NICs. {@link EchoGuest} is one.
   *
   * @return what it starts with
   */
  BootSource reflecting();

  /**
   * The options of all guests.
   *
   * @return settings that only this VMM knows
   */
  default Map<String, String> options() {
    return Map.of();
  }
}
