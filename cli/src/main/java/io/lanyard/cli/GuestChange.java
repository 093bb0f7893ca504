package io.lanyard.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import io.lanyard.config.DocumentPath;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The verbs of {@code lanyard guest} that change the configuration. */
final class GuestChange {
  private static final java.util.Set<String> FILES =
      java.util.Set.of("kernel", "initrd", "program");

  private GuestChange() {}

  static DocumentPath path(String guest) {
    return DocumentPath.of("guests", guest);
  }

  /**
   * Values whose files are named from the present directory, as a command's files are: in the file
   * of the configuration they are named from its own.
   */
  private static List<KeyValue> fromHere(List<KeyValue> keys) {
    List<KeyValue> absolute = new ArrayList<>();
    for (KeyValue pair : keys) {
      JsonNode value = pair.value();
      if (FILES.contains(pair.key()) || pair.key().matches("disks\\[\\d+]\\.path")) {
        value = fromHere(value);
      } else if (pair.key().startsWith("disks")) {
        for (JsonNode disk :
            value.isArray() ? value : JsonNodeFactory.instance.arrayNode().add(value)) {
          if (disk instanceof ObjectNode object && object.path("path").isTextual()) {
            object.set("path", fromHere(object.path("path")));
          }
        }
      }
      absolute.add(new KeyValue(pair.key(), value));
    }
    return absolute;
  }

  private static JsonNode fromHere(JsonNode file) {
    return file.isTextual()
        ? TextNode.valueOf(Path.of(file.asText()).toAbsolutePath().normalize().toString())
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
      DocumentPath path = path(guest);
      Edits edits = new Edits().set(path, JsonNodeFactory.instance.objectNode());
      return change.add("guest " + guest, path, edits.setAll(path, fromHere(change.pairs(keys))));
    }
  }

  /** {@code lanyard guest set}. */
  @Command(
      name = "set",
      description = {
        "Changes settings of a guest. Most need the guest to start anew.",
        "For example: lanyard guest set web memory=1G"
      })
  static final class Set implements Callable<Integer> {
    @Mixin Change change = new Change();

    @Option(names = "--unset", paramLabel = "KEY", description = "Give this key its default.")
    List<String> unset = new ArrayList<>();

    @Parameters(index = "0", paramLabel = "GUEST")
    String guest = "";

    @Parameters(index = "1..*", arity = "0..*", paramLabel = "KEY=VALUE")
    List<String> keys = new ArrayList<>();

    @Override
    public Integer call() {
      DocumentPath path = path(guest);
      return change.change(
          "guest " + guest,
          path,
          new Edits().setAll(path, fromHere(change.pairs(keys))).unsetAll(path, unset));
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
      DocumentPath path = path(guest);
      return change.change("guest " + guest, path, new Edits().remove(path));
    }
  }
}
