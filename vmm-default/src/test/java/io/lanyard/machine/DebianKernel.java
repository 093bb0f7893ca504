package io.lanyard.machine;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The stock Debian kernel and a small initial RAM disk, from Debian's package
 * debian-installer-13-netboot-riscv64 (and, for disks, the kernel's own), fetched by apt with a
 * state directory of its own and kept under target/.
 */
record DebianKernel(Path kernel, Path initrd) {
  private static final String PACKAGE = "debian-installer-13-netboot-riscv64";

  static DebianKernel fetch() throws IOException, InterruptedException {
    Path directory = Path.of("target", "debian-13-netboot").toAbsolutePath();
    DebianKernel images =
        new DebianKernel(directory.resolve("linux"), directory.resolve("slim-2.gz"));
    if (!Files.exists(images.initrd)) {
      Files.createDirectories(directory);
      make(directory, "slim-initrd.sh", download(directory, "all", PACKAGE));
    }
    return images;
  }

  /**
   * The same with modules for disks and ext4 on the initial RAM disk. The installer fetches them
   * when it runs, so they come from the package of the same kernel.
   */
  static DebianKernel withDisks() throws IOException, InterruptedException {
    DebianKernel plain = fetch();
    Path directory = plain.initrd.resolveSibling("");
    DebianKernel images = new DebianKernel(plain.kernel, directory.resolve("disk-2.gz"));
    if (!Files.exists(images.initrd)) {
      String name = "linux-image-" + plain.version();
      make(directory, "disk-initrd.sh", download(directory, "riscv64", name));
    }
    return images;
  }

  /** The first line that the kernel prints when it boots. */
  private String version() throws IOException {
    String image = new String(Files.readAllBytes(kernel), StandardCharsets.ISO_8859_1);
    Matcher banner = Pattern.compile("Linux version (\\S+) \\(").matcher(image);
    if (!banner.find()) {
      throw new IOException(kernel + " does not say which version it is");
    }
    return banner.group(1);
  }

  private static void make(Path directory, String name, Path deb)
      throws IOException, InterruptedException {
    Path script = directory.resolve(name);
    try (InputStream in = DebianKernel.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new IOException(name + " is not on the class path");
      }
      Files.copy(in, script, StandardCopyOption.REPLACE_EXISTING);
    }
    run(directory, List.of("sh", script.toString(), deb.toString(), directory.toString()));
    Files.delete(deb);
  }

  private static Path download(Path directory, String architecture, String name)
      throws IOException, InterruptedException {
    Path apt = directory.resolve("apt-" + architecture);
    for (String sub : List.of("state/lists/partial", "cache/archives/partial")) {
      Files.createDirectories(apt.resolve(sub));
    }
    Files.writeString(apt.resolve("status"), "");
    String mirror =
        output(List.of("apt-get", "indextargets", "--format", "$(SITE) $(RELEASE)"))
            .lines()
            .filter(line -> !line.contains("security"))
            .map(line -> line.substring(0, line.indexOf(' ')))
            .findFirst()
            .orElseThrow(() -> new IOException("apt knows no mirror; run apt-get update"));
    Files.writeString(
        apt.resolve("sources.list"),
        "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] "
            + mirror
            + " trixie main\n");
    List<String> options = new ArrayList<>();
    if (!architecture.equals("all")) {
      options.add("-o=APT::Architecture=" + architecture);
      options.add("-o=APT::Architectures::=" + architecture);
    }
    options.addAll(
        List.of(
            "-o=Dir::State=" + apt.resolve("state"),
            "-o=Dir::State::status=" + apt.resolve("status"),
            "-o=Dir::Cache=" + apt.resolve("cache"),
            "-o=Dir::Etc::SourceList=" + apt.resolve("sources.list"),
            "-o=Dir::Etc::SourceParts=/dev/null",
            "-o=APT::Sandbox::User=root"));
    run(directory, apt(options, "update"));
    run(directory, apt(options, "download", name));
    try (Stream<Path> files = Files.list(directory)) {
      return files
          .filter(file -> file.getFileName().toString().startsWith(name + "_"))
          .findFirst()
          .orElseThrow(() -> new IOException("apt downloaded no package"));
    }
  }

  private static List<String> apt(List<String> options, String... verb) {
    List<String> command = new ArrayList<>(List.of("apt-get"));
    command.addAll(options);
    command.addAll(List.of(verb));
    return command;
  }

  private static String output(List<String> command) throws IOException {
    Process process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
    return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
  }

  private static void run(Path directory, List<String> command)
      throws IOException, InterruptedException {
    Path log = directory.resolve("fetch.log");
    Process process =
        new ProcessBuilder(command)
            .directory(directory.toFile())
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.to(log.toFile()))
            .start();
    if (!process.waitFor(5, TimeUnit.MINUTES) || process.exitValue() != 0) {
      process.destroyForcibly();
      throw new IOException(command + " failed:\n" + Files.readString(log));
    }
  }
}
