package io.lanyard.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** The verbs of {@code lanyard guest} that change the configuration. */
final class GuestChange {
  private static final java.util.Set<String> FILES =
      java.util.Set.of("kernel", "initrd", "program", "firmware");

  private GuestChange() {}

  /**
   * Values whose files are named from the present directory, as a command's files are: in the file
   * of the configuration they are named from its own.
   */
  private static List<KeyValue> fromHere(List<KeyValue> keys) {
    List<KeyValue> absolute = new ArrayList<>();
    for (KeyValue pair : keys) {
      Object value = pair.value();
      if (FILES.contains(pair.key()) || pair.key().matches("disks\\[\\d+]\\.path")) {
        value = fromHere(value);
      } else if (value instanceof List<?> disks && pair.key().equals("disks")) {
        value = disks.stream().map(GuestChange::diskFromHere).toList();
      } else if (pair.key().startsWith("disks")) {
        value = diskFromHere(value);
      }
      absolute.add(new KeyValue(pair.key(), value));
    }
    return absolute;
  }

  private static @Nullable Object diskFromHere(@Nullable Object disk) {
    if (!(disk instanceof Map<?, ?> map) || !(map.get("path") instanceof String)) {
      return disk;
    }
    Map<Object, @Nullable Object> absolute = new LinkedHashMap<>(map);
    absolute.put("path", fromHere(map.get("path")));
    return absolute;
  }

  private static @Nullable Object fromHere(@Nullable Object file) {
    return file instanceof String name
        ? Path.of(name).toAbsolutePath().normalize().toString()
        : file;
  }

  /** {@code lanyard guest add}. */
  @Command(
      name = "add",
      description = {
        "Adds a guest. Keys are those of the file, below the guest; relative paths of files are"
            + " taken from the present directory.",
        "For example: lanyard guest add web memory=512M image=debian-13-netboot"
            + " 'nics=[{network: vmnet8}]'"
      })
  static final class Add implements Callable<Integer> {
    @Mixin Change change = new Change();

    @Parameters(index = "0", paramLabel = "GUEST")
    String guest = "";

    @Parameters(index = "1..*", arity = "0..*", paramLabel = "KEY=VALUE")
    List<String> keys = new ArrayList<>();

    @Override
    public Integer call() {
      Target target = Target.guest(guest);
      Edits edits = new Edits().set(target.path(), Map.of());
      return change.add(target, edits.setAll(target.path(), fromHere(change.pairs(keys))));
    }
  }

  /** {@code lanyard guest set}. */
  @Command(
      name = "set",
      description = {
        "Changes settings of a guest. Most need the guest to start anew.",
        "For example: lanyard guest set web memory=1G"
      })
  static final class Set extends SetCommand.OfOneName {
    @Parameters(index = "0", paramLabel = "GUEST")
    String guest = "";

    @Override
    Target target() {
      return Target.guest(guest);
    }

    @Override
    List<KeyValue> values(List<KeyValue> said) {
      return fromHere(said);
    }
  }

  /** {@code lanyard guest rm}. */
  @Command(name = "rm", description = "Removes a guest; its disks stay.")
  static final class Rm implements Callable<Integer> {
    @Mixin Change change = new Change();

    @Parameters(paramLabel = "GUEST")
    String guest = "";

    @Override
    public Integer call() {
      return change.remove(Target.guest(guest));
    }
  }
}
