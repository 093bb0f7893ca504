package io.lanyard.config;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reads a configuration file into the typed model, or says everything that is wrong with it. */
public final class ConfigLoader {
  /** The shipped configuration, which is also what the daemon runs without a file. */
  private static final String SHIPPED = "lanyard.yaml";

  /** The name of the shipped configuration in problems. */
  static final String BUILT_IN = "built-in " + SHIPPED;

  private ConfigLoader() {}

  /**
   * Reads a file.
   *
   * @param file a YAML file; relative paths in it that name files of guests are relative to its
   *     directory
   * @return the configuration
   * @throws ConfigException when it cannot be read or has problems
   */
  public static Configuration load(Path file) throws ConfigException {
    return Document.load(file).configuration();
  }

  /** The text of a file. */
  static String text(Path file) throws ConfigException {
    try (InputStream in = Files.newInputStream(file)) {
      return text(in, file.toString());
    } catch (NoSuchFileException e) {
      throw unreadable(file.toString(), "no such file", e);
    } catch (AccessDeniedException e) {
      throw unreadable(file.toString(), "permission denied", e);
    } catch (IOException e) {
      throw unreadable(file.toString(), "cannot be read: " + e.getMessage(), e);
    }
  }

  /** The text of a stream, which is left open. */
  static String text(InputStream stream, String source) throws ConfigException {
    byte[] bytes;
    // One byte more than is allowed, so that a device or a huge file does not fill the heap.
    try {
      bytes = stream.readNBytes(4 * YamlReader.LONGEST_TEXT + 1);
    } catch (IOException e) {
      throw unreadable(source, "cannot be read: " + said(e), e);
    }
    ByteBuffer in = ByteBuffer.wrap(bytes);
    CharBuffer text = CharBuffer.allocate(bytes.length);
    CoderResult result = StandardCharsets.UTF_8.newDecoder().decode(in, text, true);
    text.flip();
    if (result.isError()) {
      Place place = YamlReader.placeOf(text.toString(), text.length());
      throw new ConfigException(
          List.of(
              new Problem(
                  source,
                  place.line(),
                  place.column(),
                  "",
                  String.format(
                      "not YAML: the byte 0x%02x is not UTF-8; save the file as UTF-8",
                      bytes[in.position()]))));
    }
    return text.toString();
  }

  /** Says why a file could not be read, in our words where the kernel has a name for it. */
  private static String said(IOException e) {
    String text = String.valueOf(e.getMessage());
    return text.equals("Is a directory") ? "it is a directory" : text;
  }

  private static ConfigException unreadable(String source, String message, Exception cause) {
    ConfigException failure = new ConfigException(List.of(new Problem(source, 0, 0, "", message)));
    failure.initCause(cause);
    return failure;
  }

  /**
   * Reads a text.
   *
   * @param source what problems call it
   * @param text YAML
   * @param directory what relative paths of guests' files are relative to
   * @return the configuration
   * @throws ConfigException when it has problems
   */
  public static Configuration parse(String source, String text, Path directory)
      throws ConfigException {
    return Document.of(source, text, directory).configuration();
  }

  /**
   * Reads the tree of a document.
   *
   * @param nicAddresses those of NICs for which nothing is said
   * @param problems those of its YAML, to which others are added
   * @return the configuration, which is good only if there are no problems; null if it has no root
   */
  static @Nullable Configuration read(
      YamlNode tree, Path directory, NicAddresses nicAddresses, Problems problems) {
    problems.of(tree);
    Fields root = Fields.open(problems, Configuration.Keys.SECTION, "", tree.place(), tree);
    return root == null
        ? null
        : new ConfigurationReader(problems, directory, nicAddresses).read(root);
  }

  /**
   * The networks of a daemon without a file: {@code vmnet8} (NAT), and {@code vmnet1} (host-only),
   * which the daemon leaves out where it may not create TAP devices.
   *
   * @return the shipped configuration
   */
  public static Configuration builtIn() {
    try {
      return Document.builtIn().configuration();
    } catch (ConfigException e) {
      throw new IllegalStateException("the shipped configuration has problems", e);
    }
  }

  /**
   * The shipped configuration, with its comments.
   *
   * @return YAML
   */
  public static String builtInText() {
    return resource(SHIPPED);
  }

  /**
   * The JSON Schema of the format (draft 2020-12), which editors use to complete and check.
   *
   * @return JSON
   */
  public static String schema() {
    return resource("lanyard.schema.json");
  }

  private static String resource(String name) {
    try (InputStream in = ConfigLoader.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new IllegalStateException("the jar has no " + name);
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
