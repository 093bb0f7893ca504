package io.lanyard.vswitch.port;

import io.lanyard.linux.NetworkNamespace;
import org.jspecify.annotations.Nullable;

/** Network namespaces as people know them: by a name, which may come to mean another one. */
final class Namespaces {
  private Namespaces() {}

  /**
   * Why a name no longer leads to the namespace that it led to.
   *
   * @param name a name or path; null for the daemon's own
   * @param before where it led; null if that could not be known
   * @return an empty text while all is well
   */
  static String replaced(@Nullable String name, NetworkNamespace.@Nullable Identity before) {
    if (name == null || before == null) {
      return "";
    }
    NetworkNamespace.Identity now = NetworkNamespace.identity(name);
    if (now == null) {
      return "the network namespace " + name + " was deleted";
    }
    return now.equals(before) ? "" : "the network namespace " + name + " was made again";
  }

  /**
   * Says how to configure an interface there.
   *
   * @param name a name or path; null for the daemon's own
   * @param arguments those of ip(8)
   */
  static String remedy(@Nullable String name, String arguments) {
    String command = "ip " + arguments;
    if (name != null) {
      command =
          name.contains("/")
              ? "nsenter --net=" + name + " " + command
              : "ip -n " + name + " " + arguments;
    }
    return "set it up by `" + command + "`";
  }
}
