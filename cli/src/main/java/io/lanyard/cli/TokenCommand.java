package io.lanyard.cli;

import io.lanyard.base.EnumText;
import io.lanyard.config.ConfigException;
import io.lanyard.config.ConfigFile;
import io.lanyard.config.ConfigLoader;
import io.lanyard.control.api.Role;
import io.lanyard.control.token.TokenFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.TypeConversionException;

/** {@code lanyard token}: who may use the API over TCP. */
final class TokenCommand {
  private TokenCommand() {}

  static Noun noun() {
    return Noun.of(
        "token",
        "Tokens of those who use the API over TCP.",
        Noun.verb("ls", Ls.class),
        Noun.verb("add", Add.class),
        Noun.verb("rm", Rm.class));
  }

  /** The file of the tokens. */
  static final class Place {
    @Option(
        names = "--file",
        paramLabel = "FILE",
        description = "The tokens' file. Default: api.tokens of this user's configuration file.")
    @Nullable Path file;

    TokenFile read() throws IOException {
      return TokenFile.read(file == null ? configured() : file);
    }

    private static Path configured() {
      Path found = ConfigFile.find();
      try {
        Path tokens = found == null ? null : ConfigLoader.load(found).api().tokens();
        if (tokens != null) {
          return tokens;
        }
      } catch (ConfigException e) {
        throw new Failure(found + " has errors", "run \"lanyard check\", or name a --file");
      }
      throw new Failure(
          "no configuration file says where the tokens are",
          "name a --file, and give it to the daemon: api: {listen: ..., tokens: FILE}");
    }
  }

  /** Reads a role as the file has it. */
  static final class RoleWord implements ITypeConverter<Role> {
    @Override
    public Role convert(String word) {
      for (Role role : Role.values()) {
        if (EnumText.word(role).equals(word)) {
          return role;
        }
      }
      throw new TypeConversionException("there is no role " + word);
    }
  }

  /** {@code lanyard token ls}. */
  @Command(name = "ls", description = "Lists the tokens, without their secrets.")
  static final class Ls implements Callable<Integer> {
    @Mixin Place place = new Place();
    @Mixin Output output = new Output();

    @Override
    public Integer call() throws IOException {
      output.table(
          place.read().tokens().stream()
              .map(token -> new Listed(token.name(), EnumText.word(token.role())))
              .toList(),
          List.of("name", "role"));
      return 0;
    }
  }

  /** A token without its secret. */
  record Listed(String name, String role) {}

  /** A token that was just made. */
  record Made(String name, String role, String secret) {}

  /** {@code lanyard token add}. */
  @Command(name = "add", description = "Makes a token, and prints its secret this one time.")
  static final class Add implements Callable<Integer> {
    @Mixin Place place = new Place();
    @Mixin Output output = new Output();

    @Parameters(paramLabel = "NAME", description = "Names its holder in logs and in the history.")
    String name = "";

    @Option(
        names = "--role",
        paramLabel = "ROLE",
        required = true,
        converter = RoleWord.class,
        description = "viewer, operator or admin.")
    Role role = Role.VIEWER;

    @Override
    public Integer call() throws IOException {
      String secret;
      try {
        secret = place.read().add(name, role);
      } catch (IllegalArgumentException e) {
        throw Failure.ofUsage(String.valueOf(e.getMessage()), "such as \"lanyard token add ci\"");
      } catch (IllegalStateException e) {
        throw new Failure(
            String.valueOf(e.getMessage()), "\"lanyard token ls\" lists what there is");
      }
      output.done(new Made(name, EnumText.word(role), secret), secret);
      return 0;
    }
  }

  /** {@code lanyard token rm}. */
  @Command(name = "rm", description = "Removes a token: requests with it are refused at once.")
  static final class Rm implements Callable<Integer> {
    @Mixin Place place = new Place();

    @Parameters(paramLabel = "NAME")
    String name = "";

    @Override
    public Integer call() throws IOException {
      if (!place.read().remove(name)) {
        throw new Failure("there is no token " + name, "\"lanyard token ls\" lists what there is");
      }
      return 0;
    }
  }
}
