package io.lanyard.base;

import java.lang.module.ModuleDescriptor;

/** Which Lanyard this is. */
public final class BuildVersion {
  private BuildVersion() {}

  /**
   * The version that this was built as.
   *
   * @return for example 0.1.0
   */
  public static String text() {
    ModuleDescriptor descriptor = BuildVersion.class.getModule().getDescriptor();
    if (descriptor != null && descriptor.rawVersion().isPresent()) {
      return descriptor.rawVersion().get();
    }
    String version = BuildVersion.class.getPackage().getImplementationVersion();
    return version == null ? "development" : version;
  }
}
