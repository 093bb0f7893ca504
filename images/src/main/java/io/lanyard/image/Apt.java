package io.lanyard.image;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * apt, with state, cache and sources of its own, so that it needs no privilege and the host's apt
 * never learns of it. The mirror, proxies and keys are the host's; apt checks the signatures,
 * whatever the host's configuration permits it to leave unchecked.
 */
final class Apt {
  /** Debian's keys, of the package debian-archive-keyring, which every Debian has. */
  private static final Path KEYRING = Path.of("/usr/share/keyrings/debian-archive-keyring.gpg");

  private static final String OFFLINE_HINT =
      "check that this host reaches its Debian mirror (\"apt-get update\" tells), then run the"
          + " command again: it goes on where it stopped";

  private final Path home;
  private final String command;
  private final boolean root;

  /**
   * Makes one.
   *
   * @param home a directory of its own, kept between runs
   * @param command apt-get, or what stands for it in a test
   * @param root whether apt runs as root, which downloads as a user without any privilege
   */
  Apt(Path home, String command, boolean root) {
    this.home = home;
    this.command = command;
    this.root = root;
  }

  /**
   * A package as the suite's index names it.
   *
   * @param fileName the file that a download makes
   * @param size its bytes
   */
  record Offer(String fileName, long size) {}

  /**
   * Writes the private configuration and fetches the suite's index.
   *
   * @param ofGuests whether packages of the guests' architecture are wanted; else the host's, and
   *     those of none
   */
  void update(String suite, boolean ofGuests)
      throws ImageException, IOException, InterruptedException {
    AptSource source =
        AptSource.parse(
                run(List.of(command, "indextargets", "--format", AptSource.FORMAT), home).lines())
            .orElseThrow(() ->
                new ImageException(
                    "apt on this host knows no mirror of Debian's main archive",
                    "add one to /etc/apt/sources.list, then run \"apt-get update\""));
    String keyring = Files.isReadable(KEYRING) ? KEYRING.toString() : source.signedBy();
    List<String> options = new ArrayList<>();
    if (!keyring.isEmpty()) {
      options.add("signed-by=" + keyring);
    }
    if (ofGuests) {
      options.add("arch=riscv64");
    }
    String bracketed = options.isEmpty() ? "" : "[" + String.join(" ", options) + "] ";
    for (String directory : List.of("state/lists/partial", "cache/archives/partial", "parts")) {
      Files.createDirectories(home.resolve(directory));
    }
    Files.writeString(home.resolve("state/status"), "");
    Files.writeString(
        home.resolve("sources.list"), "deb " + bracketed + source.uri() + " " + suite + " main\n");
    Files.writeString(home.resolve("apt.conf"), configuration());
    Output output = apt(List.of("update"));
    // apt-get update calls a mirror that it could not reach a warning and ends with 0.
    if (output.status() != 0 || output.hasProblem()) {
      throw failure("cannot fetch the index of Debian " + suite, output);
    }
  }

  String configuration() {
    return """
    Dir::State "%1$s/state";
    Dir::State::status "%1$s/state/status";
    Dir::Cache "%1$s/cache";
    Dir::Etc::SourceList "%1$s/sources.list";
    Dir::Etc::SourceParts "%1$s/parts";
    Acquire::Languages "none";
    Acquire::Retries "2";
    Acquire::http::Timeout "20";
    Acquire::https::Timeout "20";
    Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled "false";
    Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";
    Acquire::AllowInsecureRepositories "false";
    Acquire::AllowWeakRepositories "false";
    Acquire::AllowDowngradeToInsecureRepositories "false";
    APT::Get::AllowUnauthenticated "false";
    %2$sDpkg::Use-Pty "false";
    #clear APT::Update::Pre-Invoke;
    #clear APT::Update::Post-Invoke;
    #clear APT::Update::Post-Invoke-Success;
    """
        .formatted(home.toAbsolutePath(), root ? "" : "APT::Sandbox::User \"\";\n");
  }

  /** Asks the index for a package. */
  Offer offer(String debianPackage) throws ImageException, IOException, InterruptedException {
    Output output = apt(List.of("download", "--print-uris", debianPackage));
    for (String line : output.lines()) {
      // 'http://...' file-name size SHA256:...
      String[] fields = line.split(" ", -1);
      if (line.startsWith("'") && fields.length >= 3 && fields[2].matches("[0-9]{1,15}")) {
        return new Offer(fields[1], Long.parseLong(fields[2]));
      }
    }
    throw failure("cannot find the package " + debianPackage, output);
  }

  /** Downloads a package into the private directory; apt checks it against the signed index. */
  Path download(String debianPackage, Offer offer, PullProgress progress)
      throws ImageException, IOException, InterruptedException {
    Path downloads = home.resolve("download");
    Files.createDirectories(downloads);
    Process process =
        start(command(List.of("download", debianPackage)), downloads, home.resolve("apt.log"));
    Path partial = downloads.resolve("partial").resolve(offer.fileName());
    Path whole = downloads.resolve(offer.fileName());
    try {
      while (!process.waitFor(100, TimeUnit.MILLISECONDS)) {
        progress.at(Math.max(sizeOf(whole), sizeOf(partial)));
      }
    } finally {
      process.destroy();
    }
    Output output = new Output(process.exitValue(), Files.readAllLines(home.resolve("apt.log")));
    if (output.status() != 0 || sizeOf(whole) != offer.size()) {
      throw failure("cannot download the package " + debianPackage, output);
    }
    progress.at(offer.size());
    return whole;
  }

  private static long sizeOf(Path file) {
    try {
      return Files.size(file);
    } catch (IOException e) {
      return 0;
    }
  }

  private ImageException failure(String what, Output output) {
    String said = output.problems();
    if (said.contains("No space left") || said.contains("enough free space")) {
      return new ImageException(
          what + ": the disk is full", "make room where " + home.getParent() + " is");
    }
    if (said.contains("Could not get lock")) {
      return new ImageException(
          what + ": " + said,
          "an earlier pull that was killed has left it; it ends soon, so try again");
    }
    if (said.isEmpty() && !output.lines().isEmpty()) {
      said = output.lines().getLast();
    }
    return new ImageException(what + (said.isEmpty() ? "" : ": " + said), OFFLINE_HINT);
  }

  private Output apt(List<String> arguments)
      throws ImageException, IOException, InterruptedException {
    return run(command(arguments), home);
  }

  private List<String> command(List<String> arguments) {
    List<String> all =
        new ArrayList<>(List.of(command, "-q", "-c", home.resolve("apt.conf").toString()));
    all.addAll(arguments);
    return all;
  }

  private Output run(List<String> all, Path directory)
      throws ImageException, IOException, InterruptedException {
    Path log = home.resolve("apt.log");
    Process process = start(all, directory, log);
    try {
      int status = process.waitFor();
      return new Output(status, Files.readAllLines(log));
    } finally {
      process.destroy();
    }
  }

  /** Standard output and error go to a file, so that nobody has to read two pipes at once. */
  private static Process start(List<String> all, Path directory, Path log)
      throws ImageException, IOException {
    ProcessBuilder builder =
        new ProcessBuilder(all)
            .directory(directory.toFile())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile());
    builder.environment().put("LC_ALL", "C.UTF-8");
    builder.environment().put("DEBIAN_FRONTEND", "noninteractive");
    try {
      Process process = builder.start();
      process.getOutputStream().close();
      return process;
    } catch (IOException e) {
      throw new ImageException(
          "cannot run " + all.getFirst() + ", which fetches and checks the package",
          "this command needs apt, as on Debian and its derivatives",
          e);
    }
  }

  /** The output of apt. */
  private record Output(int status, List<String> lines) {
    boolean hasProblem() {
      return lines.stream().anyMatch(Output::isProblem);
    }

    String problems() {
      List<String> problems =
          lines.stream()
              .filter(Output::isProblem)
              .map(line -> line.replaceFirst("^(E:|W:|Err:[0-9]*)", "").strip())
              .distinct()
              .toList();
      String text = String.join("; ", problems.subList(0, Math.min(3, problems.size())));
      return text;
    }

    private static boolean isProblem(String line) {
      return line.startsWith("E:") || line.startsWith("Err:") || line.startsWith("W: Failed");
    }
  }
}
