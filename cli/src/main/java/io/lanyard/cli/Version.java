package io.lanyard.cli;

import picocli.CommandLine.IVersionProvider;

/** The output of {@code --version}. */
final class Version implements IVersionProvider {
  @Override
  public String[] getVersion() {
    return new String[] {
      "lanyard " + io.lanyard.base.BuildVersion.text(),
      "Java " + Runtime.version() + ", " + System.getProperty("java.vm.vendor", "")
    };
  }
}
