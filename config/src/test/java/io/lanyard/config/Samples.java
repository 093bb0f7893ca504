package io.lanyard.config;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** The configuration files in the test resources. */
final class Samples {
  private static final Path RESOURCES = Path.of("src/test/resources");

  /** Where no file of a guest's is. */
  static final Path NOWHERE = Path.of("/nowhere");

  private Samples() {}

  /** Those named {@code .yml} are what the formatter of {@code .yaml} files would spoil. */
  static List<Path> of(String directory) {
    try (Stream<Path> files = Files.list(RESOURCES.resolve(directory))) {
      return files.filter(file -> file.toString().matches(".*\\.ya?ml")).sorted().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static String text(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static Configuration parse(Path file) throws ConfigException {
    return ConfigLoader.parse(file.getFileName().toString(), text(file), NOWHERE);
  }
}
