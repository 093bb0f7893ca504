import com.google.googlejavaformat.java.Formatter;
import com.google.googlejavaformat.java.ImportOrderer;
import com.google.googlejavaformat.java.JavaFormatterOptions;
import com.google.googlejavaformat.java.RemoveUnusedImports;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * Formats every Java file below a folder with google-java-format, or fails if one is not formatted.
 *
 * <p>The formatter parses with the compiler of the JVM that runs it, so it has to run on the JDK
 * that the sources are written for, not on the one that runs Maven. Files that were found formatted
 * are remembered by size and time, so that a build without changes costs nothing.
 *
 * <p>Usage: {@code Format --check|--replace|--skip FOLDER CACHE}
 */
final class Format {
  public static void main(String[] args) throws Exception {
    if (args[0].equals("--skip")) {
      // A build that only wants to run, such as the launcher's.
      return;
    }
    boolean replace = args[0].equals("--replace");
    Path root = Path.of(args[1]);
    Path cache = Path.of(args[2]);
    List<String> known = Files.exists(cache) ? Files.readAllLines(cache) : List.of();
    var seen = new java.util.HashSet<>(known);
    List<Path> files = new ArrayList<>();
    try (var walk = Files.walk(root)) {
      walk.filter(p -> p.toString().endsWith(".java"))
          .filter(p -> !p.toString().contains("/target/"))
          .filter(p -> !seen.contains(key(p)))
          .forEach(files::add);
    }
    var bad = new ConcurrentLinkedQueue<String>();
    files.parallelStream()
        .forEach(path -> {
          try {
            String before = Files.readString(path);
            String after = format(before);
            if (before.equals(after)) {
              return;
            }
            if (replace) {
              Files.writeString(path, after);
            } else {
              bad.add(path.toString());
            }
          } catch (Exception e) {
            bad.add(path + ": " + e.getMessage());
          }
        });
    if (!bad.isEmpty()) {
      bad.stream().sorted().forEach(s -> System.err.println("not formatted: " + s));
      System.err.println("run: make format");
      System.exit(1);
    }
    try (var walk = Files.walk(root)) {
      Files.createDirectories(cache.getParent());
      Files.write(
          cache,
          walk.filter(p -> p.toString().endsWith(".java"))
              .filter(p -> !p.toString().contains("/target/"))
              .map(Format::key)
              .toList());
    }
  }

  private static String format(String source) throws Exception {
    var formatter = new Formatter();
    String ordered =
        ImportOrderer.reorderImports(
            RemoveUnusedImports.removeUnusedImports(source), JavaFormatterOptions.Style.GOOGLE);
    return formatter.formatSource(ordered);
  }

  private static String key(Path path) {
    try {
      return path + " " + Files.size(path) + " " + Files.getLastModifiedTime(path).toMillis();
    } catch (java.io.IOException e) {
      return path + " unreadable";
    }
  }
}
