package io.lanyard.cli;

import io.lanyard.base.PrintableText;
import io.lanyard.demo.Check;
import io.lanyard.demo.Demo;
import io.lanyard.image.ImageException;
import io.lanyard.image.ImagePull;
import io.lanyard.image.ImageStore;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code lanyard demo}. */
@Command(
    name = "demo",
    description = {
      "Shows that Lanyard works, without root.",
      "A daemon of its own boots a guest, which gets its address, reaches the world and is reached."
    })
final class DemoCommand implements Callable<Integer> {
  @Mixin ImageCommand.Store store = new ImageCommand.Store();
  @Mixin Output output = new Output();

  @Option(names = "--quiet", description = "Do not show the guest's console.")
  boolean quiet;

  @Override
  public Integer call() throws InterruptedException {
    ImageStore images = store.open();
    pull(images);
    boolean console = !quiet && !output.json();
    long began = System.nanoTime();
    try (Demo demo = new Demo(images, text -> show(console, text), check -> tick(check, console))) {
      Runtime.getRuntime().addShutdownHook(new Thread(demo::close, "demo-cleanup"));
      List<Check> checks = demo.run();
      double seconds = (System.nanoTime() - began) / 1e9;
      boolean held = checks.stream().allMatch(Check::held);
      if (output.json()) {
        output.print(json(checks, held, seconds));
      } else {
        summary(checks, console, held, seconds);
      }
      return held ? Lanyard.DONE : Lanyard.FAILED;
    } catch (IOException e) {
      throw new Failure("the demo cannot run: " + e.getMessage());
    } catch (InterruptedException e) {
      return Lanyard.FAILED;
    }
  }

  private void pull(ImageStore images) throws InterruptedException {
    try (PullBar bar = new PullBar(!output.json())) {
      ImagePull.Pulled _ = new ImagePull(images, bar).pull(Demo.IMAGE);
      bar.finish();
    } catch (ImageException e) {
      throw new Failure(String.valueOf(e.getMessage()), e.hint());
    }
  }

  @SuppressWarnings("SystemOut") // The guest's console is what the demo shows.
  private static void show(boolean console, String text) {
    if (console) {
      // The shell asks where the cursor is; the user's terminal must not answer it.
      System.out.print(text.replace("\u001b[6n", ""));
      System.out.flush();
    }
  }

  private void tick(Check check, boolean console) {
    if (!output.json()) {
      output.line((console ? "\n" : "") + line(check));
    }
  }

  private static String line(Check check) {
    return String.format(
        Locale.ROOT,
        "%s %-40s %6.1f s  %s",
        check.held() ? "[ ok ]" : "[FAIL]",
        check.name(),
        check.seconds(),
        PrintableText.of(check.detail()));
  }

  /** Without the guest's console between them, the lines of the checks are still in sight. */
  private void summary(List<Check> checks, boolean console, boolean held, double seconds) {
    if (console) {
      output.line("");
      output.line("Summary");
      checks.forEach(check -> output.line(line(check)));
    }
    output.line(
        String.format(
            Locale.ROOT, "%s in %.1f s", held ? "All held" : "Not everything held", seconds));
  }

  /** The demo's outcome, as JSON has it. */
  record Outcome(boolean held, double seconds, List<Check> checks) {}

  private static Outcome json(List<Check> checks, boolean held, double seconds) {
    return new Outcome(
        held,
        rounded(seconds),
        checks.stream()
            .map(check ->
                new Check(check.name(), check.held(), check.detail(), rounded(check.seconds())))
            .toList());
  }

  private static double rounded(double seconds) {
    return Math.round(seconds * 1000) / 1000.0;
  }
}
