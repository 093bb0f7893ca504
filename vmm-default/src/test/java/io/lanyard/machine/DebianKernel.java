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
import java.util.stream.Stream;

/**
 * The stock Debian kernel and a small initial RAM disk, from Debian's package
 * debian-installer-13-netboot-riscv64, fetched by apt with a state directory of its own and kept
 * under target/.
 */
record DebianKernel(Path kernel, Path initrd) {
  private static final String PACKAGE = "debian-installer-13-netboot-riscv64";

  static DebianKernel fetch() throws IOException, InterruptedException {
    Path directory = Path.of("target", "debian-13-netboot").toAbsolutePath();
    DebianKernel images =
        new DebianKernel(directory.resolve("linux"), directory.resolve("slim.gz"));
    if (!Files.exists(images.initrd)) {
      Files.createDirectories(directory);
      Path deb = download(directory);
      Path script = directory.resolve("slim-initrd.sh");
      try (InputStream in = DebianKernel.class.getResourceAsStream("slim-initrd.sh")) {
        if (in == null) {
          throw new IOException("slim-initrd.sh is not on the class path");
        }
        Files.copy(in, script, StandardCopyOption.REPLACE_EXISTING);
      }
      run(directory, List.of("sh", script.toString(), deb.toString(), directory.toString()));
      Files.delete(deb);
    }
    return images;
  }

  private static Path download(Path directory) throws IOException, InterruptedException {
    Path apt = directory.resolve("apt");
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
    List<String> options =
        List.of(
            "-o=Dir::State=" + apt.resolve("state"),
            "-o=Dir::State::status=" + apt.resolve("status"),
            "-o=Dir::Cache=" + apt.resolve("cache"),
            "-o=Dir::Etc::SourceList=" + apt.resolve("sources.list"),
            "-o=Dir::Etc::SourceParts=/dev/null",
            "-o=APT::Sandbox::User=root");
    run(directory, apt(options, "update"));
    run(directory, apt(options, "download", PACKAGE));
    try (Stream<Path> files = Files.list(directory)) {
      return files
          .filter(file -> file.getFileName().toString().endsWith(".deb"))
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
