package io.lanyard.cli;

import io.lanyard.base.Directories;
import io.lanyard.control.json.JsonText;
import io.lanyard.image.Catalog;
import io.lanyard.image.ImageException;
import io.lanyard.image.ImageManifest;
import io.lanyard.image.ImagePull;
import io.lanyard.image.ImageStore;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code lanyard image}: what guests boot. */
final class ImageCommand {
  private ImageCommand() {}

  static Noun noun() {
    return Noun.of(
        "image",
        "Images that guests boot.",
        Noun.verb("pull", Pull.class),
        Noun.verb("ls", Ls.class),
        Noun.verb("rm", Rm.class));
  }

  /** Where the store is. */
  static final class Store {
    @Option(
        names = "--images",
        paramLabel = "DIR",
        description = "The image store. Default: the daemon's.")
    @Nullable Path directory;

    ImageStore open() {
      return new ImageStore(directory == null ? Directories.ofThisUser().images() : directory);
    }
  }

  /** {@code lanyard image pull}. */
  @Command(name = "pull", description = "Fetches an image, checked by apt's signatures.")
  static final class Pull implements Callable<Integer> {
    @Mixin Store store = new Store();
    @Mixin Output output = new Output();

    @Parameters(paramLabel = "IMAGE", description = "For example debian-13-netboot.")
    String name = "";

    @Override
    public Integer call() throws InterruptedException {
      try (PullBar bar = new PullBar(!output.json())) {
        ImagePull.Pulled pulled = new ImagePull(store.open(), bar).pull(name);
        bar.finish();
        if (output.json()) {
          Map<String, @Nullable Object> result = JsonText.members(described(pulled.image()));
          result.put("fresh", pulled.fresh());
          output.print(result);
        } else {
          output.line(
              (pulled.fresh() ? "Pulled " : "Already there: ")
                  + name
                  + ", "
                  + pulled.image().manifest().source()
                  + ", in "
                  + pulled.image().directory());
        }
        return 0;
      } catch (ImageException e) {
        throw new Failure(String.valueOf(e.getMessage()), e.hint());
      }
    }
  }

  /** {@code lanyard image ls}. */
  @Command(name = "ls", description = "Lists the images.")
  static final class Ls implements Callable<Integer> {
    @Mixin Store store = new Store();
    @Mixin Output output = new Output();

    @Option(names = "--available", description = "What can be pulled.")
    boolean available;

    @Override
    public Integer call() throws IOException {
      if (available) {
        output.table(
            Catalog.entries().stream().map(Ls::offer).toList(),
            List.of("name", "source", "description"));
      } else {
        output.table(
            store.open().list().stream().map(ImageCommand::described).toList(),
            List.of("name", "source", "size", "directory"));
      }
      return Lanyard.DONE;
    }

    /** An image that can be pulled. */
    record Offer(String name, String description, String source) {}

    private static Offer offer(Catalog.Entry entry) {
      return new Offer(
          entry.name(), entry.description(), entry.debianPackage() + " (" + entry.suite() + ")");
    }
  }

  /** {@code lanyard image rm}. */
  @Command(name = "rm", description = "Removes an image that no guest uses.")
  static final class Rm implements Callable<Integer> {
    @Mixin Store store = new Store();
    @Mixin Api api = new Api();
    @Mixin Output output = new Output();

    @Option(names = "--force", description = "Even if a guest uses it.")
    boolean force;

    @Parameters(paramLabel = "IMAGE")
    String name = "";

    @Override
    public Integer call() throws IOException {
      List<String> users = force ? List.of() : users();
      if (!users.isEmpty()) {
        throw new Failure(
            "image " + name + " is used by " + String.join(", ", users),
            "change or remove these guests, or use --force: they do not start without it");
      }
      if (!store.open().remove(name)) {
        throw new Failure("there is no image " + name, "\"lanyard image ls\" lists what there is");
      }
      output.done(Map.of("name", name, "removed", true), "removed " + name);
      return Lanyard.DONE;
    }

    /** The guests of a running daemon that boot the image. */
    private List<String> users() {
      List<String> users = new ArrayList<>();
      try {
        for (Effective.Value value : Effective.of(api, false).values()) {
          List<String> steps = value.path().steps();
          if (steps.size() == 3
              && steps.get(0).equals("guests")
              && steps.get(2).equals("image")
              && Edits.text(value.text()).equals(name)) {
            users.add(steps.get(1));
          }
        }
      } catch (Failure e) {
        // No daemon runs, and so no guest.
      }
      return users;
    }
  }

  /** An image that is there. */
  record Described(
      String name,
      String description,
      String source,
      String sourceSha256,
      long size,
      String directory) {}

  private static Described described(ImageStore.Image image) {
    ImageManifest manifest = image.manifest();
    return new Described(
        manifest.name(),
        manifest.description(),
        manifest.source(),
        manifest.sourceSha256(),
        manifest.files().values().stream().mapToLong(file -> file.size()).sum(),
        image.directory().toString());
  }
}
