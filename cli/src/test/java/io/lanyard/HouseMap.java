package io.lanyard;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The map of the house: the modules, their packages, and which of them each may use.
 *
 * <p>It is the table of docs/architecture.md, from the ground up: a row of a module in bold, then
 * one row for each of its packages, by its name below {@code io.lanyard}. A row uses only what
 * stands above it, so that nothing on the map goes in a circle.
 */
final class HouseMap {
  private static final Path FILE = Path.of("../docs/architecture.md");
  private static final String ROOT = "io.lanyard.";
  private static final Pattern ROW =
      Pattern.compile("\\| (?:\\*\\*([\\w-]+)\\*\\*|`([\\w.]+)`) \\| [^|]+\\|([^|]*)\\|");

  /**
   * One class uses another.
   *
   * @param from the package of the one, by its whole name
   * @param to the package of the other
   * @param where a sentence that names both, with file and line
   */
  record Arrow(String from, String to, String where) {}

  /** A module's packages, and the modules that it may use, in the order of the table. */
  private record Room(Set<String> packages, Set<String> uses) {}

  private final Map<String, Room> rooms = new LinkedHashMap<>();

  /** The packages that each package may use. */
  private final Map<String, Set<String>> uses = new LinkedHashMap<>();

  private HouseMap(Collection<String> lines) {
    String module = null;
    for (String line : lines) {
      Matcher row = ROW.matcher(line);
      if (!row.matches()) {
        continue;
      }
      Set<String> used = words(row.group(3));
      if (row.group(1) != null) {
        module = row.group(1);
        twice(rooms.put(module, new Room(new LinkedHashSet<>(), used)), module);
      } else if (module == null) {
        throw new IllegalArgumentException(row.group(2) + " stands below no module");
      } else {
        twice(uses.put(row.group(2), used), row.group(2));
        rooms.get(module).packages.add(row.group(2));
      }
    }
  }

  private static void twice(@Nullable Object before, String name) {
    if (before != null) {
      throw new IllegalArgumentException("two rows for " + name);
    }
  }

  private static Set<String> words(String text) {
    return Stream.of(text.strip().split(" +"))
        .filter(word -> !word.isEmpty())
        .collect(Collectors.toCollection(LinkedHashSet::new));
  }

  /** The map in the lines of a document; what is no row of it is passed over. */
  static HouseMap of(Collection<String> lines) {
    return new HouseMap(lines);
  }

  /** The project's map. */
  static HouseMap read() {
    try {
      return of(Files.readAllLines(FILE));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The modules, from the ground up. */
  Set<String> modules() {
    return rooms.keySet();
  }

  /** Whole names of the packages of some modules. */
  Set<String> packages(String... modules) {
    Set<String> packages = new LinkedHashSet<>();
    for (String module : modules) {
      room(module).packages.forEach(name -> packages.add(ROOT + name));
    }
    return packages;
  }

  private Room room(String module) {
    Room room = rooms.get(module);
    if (room == null) {
      throw new IllegalArgumentException("no row for the module " + module);
    }
    return room;
  }

  private static String shortName(String packageName) {
    return packageName.substring(ROOT.length());
  }

  /**
   * The differences between the map's packages and those that exist.
   *
   * @param modules the whole names of the packages of each module
   * @return a sentence for each
   */
  List<String> differences(Map<String, Set<String>> modules) {
    List<String> found = new ArrayList<>();
    modules.forEach((module, packages) -> {
      Set<String> known = rooms.containsKey(module) ? packages(module) : Set.of();
      packages.stream()
          .filter(name -> !known.contains(name))
          .forEach(name ->
              found.add(
                  "The package "
                      + name
                      + " of "
                      + module
                      + " is new: give it a row, above those that use it."));
    });
    for (String module : rooms.keySet()) {
      Set<String> there = modules.getOrDefault(module, Set.of());
      packages(module).stream()
          .filter(name -> !there.contains(name))
          .forEach(
              name -> found.add("There is no " + name + " in " + module + ": take its row away."));
    }
    return found;
  }

  /**
   * The differences between the map's arrows and those of the code.
   *
   * @param arrows between packages of the project
   * @return a sentence for each
   */
  List<String> differences(Collection<Arrow> arrows) {
    Map<String, Set<String>> seen = new TreeMap<>();
    Map<String, String> fresh = new TreeMap<>();
    for (Arrow arrow : arrows) {
      String from = shortName(arrow.from);
      String to = shortName(arrow.to);
      if (!from.equals(to) && seen.computeIfAbsent(from, any -> new TreeSet<>()).add(to)) {
        if (!uses.getOrDefault(from, Set.of()).contains(to)) {
          fresh.put(from + " -> " + to, arrow.where);
        }
      }
    }
    List<String> found = new ArrayList<>();
    fresh.forEach((arrow, where) ->
        found.add(
            "The arrow "
                + arrow
                + " is new: "
                + where
                + ". Move the code to where it needs no such arrow, or, if DESIGN section 1"
                + " wants it so, add it to the row of the package that uses, in docs/architecture.md."));
    uses.forEach((from, all) -> {
      Set<String> there = seen.getOrDefault(from, Set.of());
      all.stream()
          .filter(to -> !there.contains(to))
          .forEach(to ->
              found.add("Nothing in " + from + " uses " + to + " now: take it out of its row."));
    });
    return found;
  }

  /**
   * The places where the map contradicts itself: a row that uses what does not stand above it, or a
   * module's row that does not say the same as those of its packages.
   *
   * @return a sentence for each
   */
  List<String> contradictions() {
    List<String> found = new ArrayList<>();
    Set<String> above = new LinkedHashSet<>();
    uses.forEach((from, all) -> {
      all.stream()
          .filter(to -> !above.contains(to))
          .forEach(to ->
              found.add(
                  from
                      + " uses "
                      + to
                      + ", which does not stand above it: a lower part knows no upper one."));
      above.add(from);
    });
    rooms.forEach((module, room) -> {
      Set<String> used = new LinkedHashSet<>();
      room.packages.forEach(name -> uses.get(name).forEach(to -> used.add(moduleOf(to))));
      used.remove(module);
      if (!used.equals(room.uses)) {
        found.add(
            "The packages of " + module + " use " + used + ", but its row says " + room.uses + ".");
      }
    });
    return found;
  }

  private String moduleOf(String name) {
    return rooms.entrySet().stream()
        .filter(room -> room.getValue().packages.contains(name))
        .map(Map.Entry::getKey)
        .findFirst()
        .orElse(name);
  }
}
