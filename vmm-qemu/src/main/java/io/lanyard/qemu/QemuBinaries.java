package io.lanyard.qemu;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The programs {@code qemu-system-ARCHITECTURE} of this host, and what its processor is. */
final class QemuBinaries {
  private static final String PREFIX = "qemu-system-";

  private final List<Path> directories;
  private final String host;

  /**
   * Looks in some directories.
   *
   * @param host the host's architecture, as Java has it in {@code os.arch}
   */
  QemuBinaries(List<Path> directories, String host) {
    this.directories = directories;
    this.host =
        switch (host) {
          case "amd64" -> "x86_64";
          default -> host;
        };
  }

  /** Looks in the directories of {@code PATH}. */
  static QemuBinaries ofThisHost() {
    List<Path> directories = new ArrayList<>();
    String path = System.getenv("PATH");
    for (String directory : (path == null ? "" : path).split(File.pathSeparator, -1)) {
      try {
        if (directory.startsWith("/")) {
          directories.add(Path.of(directory));
        }
      } catch (InvalidPathException e) {
        // Nothing can be there.
      }
    }
    return new QemuBinaries(directories, System.getProperty("os.arch"));
  }

  /** The host's own architecture, whose guests KVM can run. */
  String host() {
    return host;
  }

  /** The architectures whose program is there: the host's own first, then by name. */
  List<String> architectures() {
    List<String> all = new ArrayList<>(find().keySet());
    if (all.remove(host)) {
      all.addFirst(host);
    }
    return List.copyOf(all);
  }

  /** The program of an architecture, or null. */
  @Nullable Path find(String architecture) {
    return find().get(architecture);
  }

  private Map<String, Path> find() {
    Map<String, Path> found = new TreeMap<>();
    for (Path directory : directories) {
      try (Stream<Path> files = Files.list(directory)) {
        files
            .filter(file -> file.getFileName().toString().startsWith(PREFIX))
            .filter(Files::isExecutable)
            .forEach(file -> {
              String name = file.getFileName().toString().substring(PREFIX.length());
              found.putIfAbsent(name, file);
            });
      } catch (IOException e) {
        // Not a directory, or not for us.
      }
    }
    found.keySet().removeIf(name -> !name.matches("[a-z0-9_]+"));
    return found;
  }
}
