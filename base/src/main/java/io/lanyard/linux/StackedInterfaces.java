package io.lanyard.linux;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.Set;

/**
 * Finds the interfaces through which an interface's frames come to the host: bridges, VLANs and
 * macvlans that stand on it, and the other end of a veth (Documentation/ABI/testing/sysfs-class-net
 * of Linux).
 *
 * <p>Thread: any that may wait, in the network namespace of which {@code /sys} was mounted.
 */
public final class StackedInterfaces {
  private static final Path CLASS = Path.of("/sys/class/net");

  /** Names a link to an interface that stands on this one. */
  private static final String UPPER = "upper_";

  private StackedInterfaces() {}

  /**
   * The interfaces on another one, and on those, and so on.
   *
   * @param device the interface's name
   * @return their names, without the interface's own; empty if there is none of that name, or if
   *     {@code /sys} does not say
   */
  public static Set<String> on(String device) {
    return on(CLASS, device);
  }

  static Set<String> on(Path root, String device) {
    Set<String> found = new HashSet<>(Set.of(device));
    Deque<String> left = new ArrayDeque<>(Set.of(device));
    while (!left.isEmpty()) {
      for (String next : next(root, left.pop())) {
        if (found.add(next)) {
          left.push(next);
        }
      }
    }
    found.remove(device);
    return found;
  }

  private static Set<String> next(Path root, String device) {
    Set<String> names = new HashSet<>();
    Path directory = root.resolve(device);
    try (DirectoryStream<Path> uppers = Files.newDirectoryStream(directory, UPPER + "*")) {
      for (Path upper : uppers) {
        names.add(upper.getFileName().toString().substring(UPPER.length()));
      }
      String link = number(directory, "iflink");
      if (!link.equals(number(directory, "ifindex"))) {
        addPeer(root, link, number(directory, "ifindex"), names);
      }
    } catch (IOException e) {
      // It has gone, or there was none.
    }
    return names;
  }

  /** Adds the interface of a number that in turn is linked to this one: a veth's other end. */
  private static void addPeer(Path root, String link, String index, Set<String> names)
      throws IOException {
    try (DirectoryStream<Path> all = Files.newDirectoryStream(root)) {
      for (Path other : all) {
        if (Files.isDirectory(other)
            && number(other, "ifindex").equals(link)
            && number(other, "iflink").equals(index)) {
          names.add(other.getFileName().toString());
        }
      }
    }
  }

  private static String number(Path directory, String file) {
    try {
      return Files.readString(directory.resolve(file)).strip();
    } catch (IOException e) {
      return ""; // gone meanwhile, or without one
    }
  }
}
