package io.lanyard.control;

import io.lanyard.base.Causes;
import io.lanyard.base.Clock;
import io.lanyard.base.RateLimitedLog;
import io.lanyard.control.http.Caller;
import io.lanyard.control.http.Callers;
import io.lanyard.control.http.Problem;
import io.lanyard.control.token.TokenFile;
import io.lanyard.control.token.TokenFile.Token;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Knows the senders of requests by their bearer tokens (RFC 6750). A file that changes is read anew
 * with the next request, so that a token that is removed is worth nothing at once.
 *
 * <p>Thread: any.
 */
final class TokenCallers implements Callers {
  private static final System.Logger LOG = System.getLogger(TokenCallers.class.getName());

  private static final String SCHEME = "Bearer ";

  private final RateLimitedLog log;
  private Path file;

  /** The state of the file when it was read: when it was changed, and its length. */
  private record Version(FileTime changed, long length) {}

  private @Nullable Version version;
  private @Nullable TokenFile tokens;

  TokenCallers(Path file, Clock clock) {
    this.file = file;
    this.log = new RateLimitedLog(LOG, clock);
  }

  /** Knows the tokens of another file from now on. */
  synchronized void use(Path other) {
    if (!other.equals(file)) {
      file = other;
      version = null;
      tokens = null;
    }
  }

  @Override
  public boolean isStill(Caller caller, String authorization) {
    TokenFile known = present();
    Token token = known == null ? null : find(known, authorization);
    return token != null && caller(token).equals(caller);
  }

  private static Caller caller(Token token) {
    return new Caller("token " + token.name(), token.role());
  }

  private static boolean isOffered(String authorization) {
    return authorization.regionMatches(true, 0, SCHEME, 0, SCHEME.length());
  }

  private static @Nullable Token find(TokenFile known, String authorization) {
    return isOffered(authorization)
        ? known.find(authorization.substring(SCHEME.length()).strip())
        : null;
  }

  @Override
  public Caller identify(String peer, String authorization) {
    TokenFile known = present();
    if (known == null) {
      throw new Problem(503, "the file of tokens cannot be read", "", "the daemon's log says why");
    }
    boolean offered = isOffered(authorization);
    Token token = find(known, authorization);
    if (token == null) {
      if (offered) {
        log.log(Level.WARNING, "api-token-refused", line -> line.with("client", peer));
      }
      throw new Problem(
          401,
          offered ? "this token is none of the daemon's" : "the request has no token",
          "",
          "send Authorization: Bearer TOKEN; \"lanyard token add\" makes one",
          Map.of("WWW-Authenticate", "Bearer realm=\"lanyard\""));
    }
    return caller(token);
  }

  private synchronized @Nullable TokenFile present() {
    Version now;
    try {
      now = new Version(Files.getLastModifiedTime(file), Files.size(file));
    } catch (NoSuchFileException e) {
      now = new Version(FileTime.fromMillis(0), 0);
    } catch (IOException e) {
      unreadable(e);
      return null;
    }
    if (!now.equals(version)) {
      version = now;
      try {
        tokens = TokenFile.read(file);
      } catch (IOException e) {
        tokens = null;
        unreadable(e);
      }
    }
    return tokens;
  }

  private void unreadable(IOException e) {
    log.log(Level.WARNING, "api-tokens-unreadable", line -> line.with("cause", Causes.of(e)));
  }
}
