package io.lanyard.vmm;

import java.util.List;

/**
 * The way in to a plug-in, found by {@link java.util.ServiceLoader}. Making one must be cheap and
 * must touch nothing; {@link #describe} and {@link #validate} may look at the host, and leave it as
 * it is; the work begins in {@link #open}.
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
   * The VMM's abilities on this host.
   *
   * @return a description whose answers stay the same and are immutable
   */
  VmmDescription describe();

  /**
   * Looks for what stands in the way of a guest: before one is made, and when somebody checks a
   * configuration without a daemon. Files that the specification names are looked at. A part that
   * the description does not have is not asked for, nor is a name that another guest has, nor what
   * only a start can find, such as memory that is short at that moment.
   *
   * @param spec what the guest is to be made of
   * @return all that is wrong; empty if {@link Vmm#create} may be expected to make it
   */
  List<SpecProblem> validate(GuestSpec spec);

  /**
   * Opens the VMM.
   *
   * @param context what the daemon lends it; valid until the VMM is closed
   * @return a VMM without guests
   * @throws VmmException if the host lacks what the VMM needs
   */
  Vmm open(VmmContext context) throws VmmException;
}
