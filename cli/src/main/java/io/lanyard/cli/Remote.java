package io.lanyard.cli;

import io.lanyard.base.Causes;
import io.lanyard.control.api.ProblemInfo;
import io.lanyard.control.client.AuthorityException;
import io.lanyard.control.client.BrokenOffException;
import io.lanyard.control.client.DaemonAddress;
import java.io.IOException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.UnknownHostException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertificateException;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** A daemon that is reached over TCP: where it is, who is trusted to be it, and who asks. */
final class Remote {
  private static final int UNAUTHORIZED = 401;

  /** Its lines are short; what is longer is another file. */
  private static final int LONGEST_TOKEN_FILE = 4096;

  private static final String NEW_TOKEN = "\"lanyard token add\" prints one";

  @Option(
      names = "--connect",
      paramLabel = "URL",
      description =
          "A daemon on TCP: https://HOST:PORT, or http:// on a loopback address. Default:"
              + " $$LANYARD_CONNECT.")
  private @Nullable String connect;

  @Option(
      names = "--ca-file",
      paramLabel = "FILE",
      description =
          "The certificates that the daemon's has to be signed by (PEM). Default:"
              + " $$LANYARD_CA_FILE, then those of the JDK.")
  private @Nullable Path authority;

  @Option(
      names = "--token-file",
      paramLabel = "FILE",
      description =
          "A file with the token for that daemon. Default: $$LANYARD_TOKEN_FILE; the token itself"
              + " may be in $$LANYARD_TOKEN.")
  private @Nullable Path tokenFile;

  /** Whether an option asks for a daemon on TCP. */
  boolean isAsked() {
    return connect != null;
  }

  /** Where it is; null where nobody asks for one. */
  DaemonAddress.@Nullable Tcp address() {
    String url = connect == null ? variable("LANYARD_CONNECT") : connect;
    if (url.isEmpty()) {
      return null;
    }
    checkUrl(url);
    try {
      return DaemonAddress.Tcp.parse(url, file(authority, "LANYARD_CA_FILE"), token());
    } catch (IllegalArgumentException e) {
      throw new Failure(String.valueOf(e.getMessage()), NEW_TOKEN);
    }
  }

  private void checkUrl(String url) {
    try {
      var _ = DaemonAddress.Tcp.parse(url, null, "");
    } catch (IllegalArgumentException e) {
      String what = String.valueOf(e.getMessage());
      throw connect == null
          ? new Failure("LANYARD_CONNECT: " + what, "such as https://lab.example:8443")
          : Failure.ofUsage("--connect: " + what, "such as --connect https://lab.example:8443");
    }
  }

  private static String variable(String name) {
    String value = System.getenv(name);
    return value == null ? "" : value;
  }

  private static @Nullable Path file(@Nullable Path option, String variable) {
    return option != null || variable(variable).isEmpty() ? option : Path.of(variable(variable));
  }

  private String token() {
    Path file = file(tokenFile, "LANYARD_TOKEN_FILE");
    if (tokenFile == null && !variable("LANYARD_TOKEN").isEmpty()) {
      return variable("LANYARD_TOKEN").strip();
    }
    if (file == null) {
      return "";
    }
    try {
      if (Files.size(file) > LONGEST_TOKEN_FILE) {
        throw new Failure(file + " is no file of a token: it is too long", NEW_TOKEN);
      }
      String token = Files.readString(file).strip();
      if (token.isEmpty()) {
        throw new Failure(file + " has no token", NEW_TOKEN);
      }
      return token;
    } catch (IOException e) {
      throw new Failure("the token cannot be read: " + Causes.of(e));
    }
  }

  Failure unreachable(DaemonAddress.Tcp daemon, IOException e) {
    Failure busy = Api.busy(daemon, e);
    if (e instanceof BrokenOffException && !daemon.isTls()) {
      return new Failure(
          "the daemon at " + daemon + " closed the connection without an answer",
          "one with api: {tls: ...} wants https://; another one is busy: try again in a moment");
    }
    if (e instanceof SSLException tls) {
      return untrusted(daemon, tls);
    }
    return switch (e) {
      case AuthorityException bad -> new Failure(String.valueOf(bad.getMessage()));
      case FileSystemException file ->
          new Failure("the certificates cannot be read: " + Causes.of(file), "see --ca-file");
      case UnknownHostException _ ->
          new Failure("there is no host " + daemon.name(), "see --connect");
      case ConnectException _, NoRouteToHostException _ ->
          new Failure(
              "no daemon answers at " + daemon + ": " + Causes.of(e),
              "its configuration has to have api: {listen: \"*:" + daemon.port() + "\", ...}");
      default ->
          busy == null ? new Failure("no daemon answers at " + daemon + ": " + Causes.of(e)) : busy;
    };
  }

  /** A refusal, with what a command does about it. */
  static Failure refused(ProblemInfo problem) {
    return new Failure(
        problem.status() == UNAUTHORIZED
            ? new ProblemInfo(
                problem.type(),
                problem.status(),
                problem.reason(),
                problem.title(),
                problem.where(),
                "give one with --token-file or LANYARD_TOKEN; " + NEW_TOKEN,
                problem.errors())
            : problem);
  }

  private static Failure untrusted(DaemonAddress.Tcp daemon, SSLException e) {
    Throwable cause = e;
    while (cause != null && !(cause instanceof CertificateException)) {
      cause = cause.getCause();
    }
    if (cause == null) {
      return new Failure(
          daemon + " speaks no TLS that this Java does: " + e.getMessage(),
          "a daemon without tls: listens on a loopback address only: http://");
    }
    String why = String.valueOf(cause.getMessage());
    return why.contains("path")
        ? new Failure(
            "the certificate of " + daemon + " is signed by nobody who is trusted",
            "give the daemon's certificate, or the one that signed it, with --ca-file")
        : new Failure(
            "the certificate of " + daemon + " is not good for this name: " + why,
            "connect to the name that it has, or give the daemon another certificate");
  }
}
