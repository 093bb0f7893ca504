package io.lanyard.vmm;

import java.util.Set;

/**
 * The way in to a plug-in, found by {@link java.util.ServiceLoader}. Making one must be cheap and
 * must touch nothing; the work begins in {@link #open}.
 *
 * <p>Thread: any, one at a time. {@link #open} may block.
 */
public interface VmmProvider {
  /**
   * The name by which a configuration asks for this VMM.
   *
   * @return a short lower-case name, unique among the plug-ins
   */
  String name();

  /**
   * The version of the interface that the plug-in was built for.
   *
   * @return {@code new ApiVersion(ApiVersion.MAJOR, ApiVersion.MINOR)}, whose constants are
   *     compiled in
   */
  ApiVersion apiVersion();

  /**
   * The capabilities of this VMM's guests.
   *
   * @return an immutable set
   */
  Set<Capability> capabilities();

  /**
   * Opens the VMM.
   *
   * @param context what the daemon lends it; valid until the VMM is closed
   * @return a VMM without guests
   * @throws VmmException if the host lacks what the VMM needs
   */
  Vmm open(VmmContext context) throws VmmException;
}
