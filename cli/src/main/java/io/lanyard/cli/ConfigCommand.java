package io.lanyard.cli;

import io.lanyard.base.Causes;
import io.lanyard.base.PrintableText;
import io.lanyard.config.DocumentPath;
import io.lanyard.control.api.ConfigurationInfo;
import io.lanyard.control.api.SettingInfo;
import io.lanyard.control.client.Reply;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code lanyard config}. */
final class ConfigCommand {
  private ConfigCommand() {}

  static Noun noun() {
    return Noun.of(
        "config",
        "The configuration that runs.",
        Noun.verb("show", Show.class),
        Noun.verb("save", Save.class),
        Noun.verb("history", History.class),
        Noun.verb("rollback", RollBack.class),
        Noun.verb("confirm", Confirm.class));
  }

  /** {@code lanyard config show}. */
  @Command(name = "show", description = "Shows the configuration that runs, value by value.")
  static final class Show implements Callable<Integer> {
    @Mixin Api api = new Api();
    @Mixin Output output = new Output();

    @Option(
        names = "--origin",
        description = "Show where each value comes from: a file and its line, or who changed it.")
    boolean origin;

    @Option(names = "--defaults", description = "Show the values that nobody has given, too.")
    boolean defaults;

    @Parameters(
        paramLabel = "PATH",
        arity = "0..1",
        description = "Only what is below it, such as networks.vmnet8.dhcp.")
    @Nullable String path;

    @Override
    public Integer call() {
      Reply<ConfigurationInfo> answer = api.ask(daemon -> daemon.configuration().get(defaults));
      ConfigurationInfo config = path == null ? answer.value() : below(answer.value(), path(path));
      if (output.json()) {
        output.print(path == null ? answer : Reply.of(config));
      } else if (origin) {
        List<SettingInfo> all = new ArrayList<>(config.settings());
        config.removed().forEach(setting -> all.add(inWords(setting)));
        output.table(all, List.of("path", "value", "origin"));
      } else {
        config
            .settings()
            .forEach(
                setting -> output.line(PrintableText.of(setting.path() + ": " + setting.value())));
      }
      return Lanyard.DONE;
    }

    private static SettingInfo inWords(SettingInfo removed) {
      return new SettingInfo(
          removed.path(), "(removed; the file has " + removed.value() + ")", removed.origin());
    }

    private static DocumentPath path(String text) {
      try {
        return DocumentPath.parse(text);
      } catch (IllegalArgumentException e) {
        throw Failure.ofUsage(
            "the path " + text + " cannot be read: " + e.getMessage(),
            "such as networks.vmnet8.dhcp");
      }
    }

    private static ConfigurationInfo below(ConfigurationInfo config, DocumentPath base) {
      List<SettingInfo> found = below(config.settings(), base);
      List<SettingInfo> removed = below(config.removed(), base);
      if (found.isEmpty() && removed.isEmpty()) {
        throw new Failure(
            "the configuration says nothing of " + base,
            "\"lanyard config show --defaults\" lists all values");
      }
      return new ConfigurationInfo(config.revision(), config.source(), found, removed);
    }

    private static List<SettingInfo> below(List<SettingInfo> settings, DocumentPath base) {
      return Effective.below(Effective.values(settings), base).stream()
          .map(value -> new SettingInfo(value.path().toString(), value.text(), value.origin()))
          .toList();
    }
  }

  /** {@code lanyard config save}. */
  @Command(
      name = "save",
      description = {
        "Writes the configuration that runs as a file, with all changes in it.",
        "Comments of the daemon's own file are not kept, so that a file which is there is replaced"
            + " with --force alone."
      })
  static final class Save implements Callable<Integer> {
    @Mixin Api api = new Api();

    @Option(names = "--force", description = "Replace a file that is there.")
    boolean force;

    @Parameters(paramLabel = "FILE", description = "- is standard output.")
    String file = "";

    @Override
    public Integer call() {
      byte[] text =
          api.ask(daemon -> daemon.configuration().text()).getBytes(StandardCharsets.UTF_8);
      if (file.equals("-")) {
        try (OutputStream out = StandardOutput.raw()) {
          out.write(text);
        } catch (IOException e) {
          if (!StandardOutput.readerHasGone(e)) {
            throw new Failure("cannot write standard output: " + Causes.of(e));
          }
        }
        return Lanyard.DONE;
      }
      try {
        Path whole = Path.of(file).toAbsolutePath();
        Path directory = whole.getParent();
        if (directory != null && !Files.isDirectory(directory)) {
          throw new Failure("cannot write " + file + ": its directory is not there");
        }
        if (!force && isOther(whole, text)) {
          throw new Failure(
              file + " is there already, and says something else",
              "--force replaces it, with its comments");
        }
        write(whole, text);
      } catch (IOException e) {
        throw new Failure("cannot write " + file + ": " + Causes.of(e));
      }
      return Lanyard.DONE;
    }

    /** Whether a file is there that says something else. */
    private static boolean isOther(Path file, byte[] text) throws IOException {
      return Files.isRegularFile(file)
          && (Files.size(file) != text.length || !Arrays.equals(Files.readAllBytes(file), text));
    }

    /** In one step: a full disk leaves the file that was there. */
    private static void write(Path file, byte[] text) throws IOException {
      Path whole = Files.exists(file) ? file.toRealPath() : file;
      if (Files.exists(whole) && !Files.isRegularFile(whole)) {
        Files.write(whole, text);
        return;
      }
      Path fresh =
          whole.resolveSibling(
              "." + whole.getFileName() + "." + Long.toHexString(System.nanoTime()));
      try {
        Files.write(fresh, text, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
        if (Files.exists(whole)) {
          Files.setPosixFilePermissions(fresh, Files.getPosixFilePermissions(whole));
        }
        var _ =
            Files.move(
                fresh, whole, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      } finally {
        Files.deleteIfExists(fresh);
      }
    }
  }

  /** {@code lanyard config history}. */
  @Command(name = "history", description = "Lists the configurations that have run, newest first.")
  static final class History extends ListCommand {
    History() {
      super("revision", "at", "who", "why", "source?", "edits?");
    }

    @Override
    Reply<? extends List<?>> list() {
      return api.ask(daemon -> daemon.configuration().history());
    }
  }

  /** {@code lanyard config rollback}. */
  @Command(name = "rollback", description = "Goes back to a configuration that has run.")
  static final class RollBack implements Callable<Integer> {
    @Mixin Change change = new Change();

    @Parameters(paramLabel = "REVISION", description = "As \"lanyard config history\" lists them.")
    long revision;

    @Override
    public Integer call() {
      return change.send((daemon, options) -> daemon.configuration().rollBack(revision, options));
    }
  }

  /** {@code lanyard config confirm}. */
  @Command(
      name = "confirm",
      description = "Keeps a change that was made with --confirm, and is taken back otherwise.")
  static final class Confirm implements Callable<Integer> {
    @Mixin Api api = new Api();
    @Mixin Output output = new Output();

    @Parameters(
        paramLabel = "REVISION",
        arity = "0..1",
        description = "The change's. Default: the present one.")
    @Nullable Long revision;

    @Override
    public Integer call() {
      long wanted = revision == null ? Effective.revision(api) : revision;
      api.order(daemon -> daemon.configuration().confirm(wanted));
      output.done("revision " + wanted + " is kept");
      return Lanyard.DONE;
    }
  }
}
