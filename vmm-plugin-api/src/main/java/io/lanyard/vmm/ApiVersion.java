package io.lanyard.vmm;

/**
 * The version of this interface that a plug-in was built for.
 *
 * @param major a plug-in of another major version is refused
 * @param minor a plug-in of a later minor version than the daemon's is refused
 */
public record ApiVersion(int major, int minor) {
  /** The major version of this interface; a constant, so that it is compiled into a plug-in. */
  public static final int MAJOR = 2;

  /** The minor version of this interface; a constant, so that it is compiled into a plug-in. */
  public static final int MINOR = 3;

  /**
   * The version of the interface that runs. A plug-in does not return this one, which is the
   * daemon's and not the one that the plug-in was built for.
   */
  public static final ApiVersion CURRENT = new ApiVersion(MAJOR, MINOR);

  /**
   * Whether a plug-in built for another version can run under this one.
   *
   * @param plugin the version that the plug-in names
   * @return true if this version has everything that the plug-in's had
   */
  public boolean supports(ApiVersion plugin) {
    return plugin.major == major && plugin.minor <= minor;
  }

  @Override
  public String toString() {
    return major + "." + minor;
  }
}
