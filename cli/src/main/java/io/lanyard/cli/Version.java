package io.lanyard.cli;

import picocli.CommandLine.IVersionProvider;

/** What {@code --version} prints. */
final class Version implements IVersionProvider {
  @Override
  public String[] getVersion() {
    return new String[] {
      "lanyard " + io.lanyard.base.BuildVersion.text(),
      "Java " + Runtime.version() + ", " + System.getProperty("java.vm.vendor", "")
    };
  }
}
