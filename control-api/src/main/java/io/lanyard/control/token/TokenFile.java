package io.lanyard.control.token;

import io.lanyard.base.EnumText;
import io.lanyard.control.api.Role;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The tokens of a file.
 *
 * <p>Immutable; changes are written to the file. Thread: any.
 */
public final class TokenFile {
  /** The beginning of every token, by which scanners for leaked secrets can know it. */
  public static final String PREFIX = "lanyard_";

  /** Each request over TCP is compared with all of them: this many take a millisecond. */
  private static final int MAX_TOKENS = 1000;

  private static final int SECRET_BYTES = 32;
  private static final int SALT_BYTES = 16;
  private static final int HASH_BYTES = 32;
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,62}");
  private static final HexFormat HEX = HexFormat.of();

  private final Path file;
  private final Map<String, Entry> entries;

  private TokenFile(Path file, Map<String, Entry> entries) {
    this.file = file;
    this.entries = entries;
  }

  /**
   * A token without its secret.
   *
   * @param name its name, unique in its file
   * @param role the requests that it is for
   */
  public record Token(String name, Role role) {}

  @SuppressWarnings("ArrayRecordComponent") // Never compared as a record.
  private record Entry(Token token, byte[] salt, byte[] hash) {
    String line() {
      return token.name()
          + " "
          + EnumText.word(token.role())
          + " "
          + HEX.formatHex(salt)
          + " "
          + HEX.formatHex(hash);
    }
  }

  /**
   * Reads a file.
   *
   * @param file the file; one that is not there has no tokens
   * @return its tokens
   * @throws IOException if it cannot be read, with the line where it is wrong
   */
  public static TokenFile read(Path file) throws IOException {
    Map<String, Entry> entries = new LinkedHashMap<>();
    List<String> lines;
    try {
      lines = Files.readAllLines(file, StandardCharsets.UTF_8);
    } catch (NoSuchFileException e) {
      lines = List.of();
    }
    int number = 0;
    for (String text : lines) {
      number++;
      String line = text.strip();
      if (line.isEmpty() || line.startsWith("#")) {
        continue;
      }
      Entry entry = entry(line);
      if (entry == null) {
        throw new IOException(file + ":" + number + ": expected NAME ROLE SALT HASH");
      }
      if (entries.putIfAbsent(entry.token().name(), entry) != null) {
        throw new IOException(
            file + ":" + number + ": there is another token " + entry.token().name());
      }
    }
    if (entries.size() > MAX_TOKENS) {
      throw new IOException(file + ": there are more than " + MAX_TOKENS + " tokens");
    }
    return new TokenFile(file, entries);
  }

  private static @Nullable Entry entry(String line) {
    String[] words = line.split("\\s+", -1);
    if (words.length != 4 || !NAME.matcher(words[0]).matches()) {
      return null;
    }
    for (Role role : Role.values()) {
      if (EnumText.word(role).equals(words[1])) {
        try {
          byte[] salt = HEX.parseHex(words[2]);
          byte[] hash = HEX.parseHex(words[3]);
          return salt.length == SALT_BYTES && hash.length == HASH_BYTES
              ? new Entry(new Token(words[0], role), salt, hash)
              : null;
        } catch (IllegalArgumentException e) {
          return null;
        }
      }
    }
    return null;
  }

  /**
   * The tokens, in the order of the file.
   *
   * @return names and roles
   */
  public List<Token> tokens() {
    return entries.values().stream().map(Entry::token).toList();
  }

  /**
   * Finds the token that a secret is. Takes equally long for every secret.
   *
   * @param secret as a client sends it
   * @return the token, or null if it is none of these
   */
  public @Nullable Token find(String secret) {
    Token found = null;
    for (Entry entry : entries.values()) {
      if (MessageDigest.isEqual(hash(entry.salt(), secret), entry.hash())) {
        found = entry.token();
      }
    }
    return found;
  }

  /**
   * Makes a token and writes the file, which is its owner's to read alone.
   *
   * @param name its name
   * @param role the requests that it is for
   * @return the secret, which cannot be had again
   * @throws IOException if the file cannot be written
   * @throws IllegalArgumentException if the name is none
   * @throws IllegalStateException if the name is taken
   */
  public String add(String name, Role role) throws IOException {
    if (!NAME.matcher(name).matches()) {
      throw new IllegalArgumentException(
          "a token's name is up to 63 letters, digits, dots, dashes and underscores: " + name);
    }
    if (entries.containsKey(name)) {
      throw new IllegalStateException("there is a token " + name + " already");
    }
    SecureRandom random = new SecureRandom();
    byte[] secretBytes = new byte[SECRET_BYTES];
    random.nextBytes(secretBytes);
    String secret = PREFIX + Base64.getUrlEncoder().withoutPadding().encodeToString(secretBytes);
    byte[] salt = new byte[SALT_BYTES];
    random.nextBytes(salt);
    List<Entry> all = new ArrayList<>(entries.values());
    all.add(new Entry(new Token(name, role), salt, hash(salt, secret)));
    write(all);
    return secret;
  }

  /**
   * Removes a token from the file: its secret is worth nothing then.
   *
   * @param name its name
   * @return false if there is none of this name
   * @throws IOException if the file cannot be written
   */
  public boolean remove(String name) throws IOException {
    if (!entries.containsKey(name)) {
      return false;
    }
    write(entries.values().stream().filter(entry -> !entry.token().name().equals(name)).toList());
    return true;
  }

  private void write(List<Entry> all) throws IOException {
    StringBuilder text = new StringBuilder("# name, role, salt, SHA-256 of salt and token\n");
    all.forEach(entry -> text.append(entry.line()).append('\n'));
    Path fresh = file.resolveSibling(file.getFileName() + "." + ProcessHandle.current().pid());
    Files.deleteIfExists(fresh);
    Files.createFile(
        fresh, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    Files.writeString(fresh, text);
    Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
  }

  private static byte[] hash(byte[] salt, String secret) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      digest.update(salt);
      return digest.digest(secret.getBytes(StandardCharsets.UTF_8));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }
}
