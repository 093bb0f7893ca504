package io.lanyard.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.lanyard.base.Causes;
import io.lanyard.base.Directories;
import io.lanyard.control.client.BrokenOffException;
import io.lanyard.control.client.HttpClient;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The running daemon that a command talks to. */
final class Api {
  private static final ObjectMapper JSON = new ObjectMapper();

  @Option(
      names = "--socket",
      paramLabel = "PATH",
      description =
          "The daemon's socket. Default: $LANYARD_SOCKET, then this user's daemon, then the"
              + " system's.")
  private @Nullable Path socket;

  Api() {}

  /** A daemon at a known place. */
  Api(Path socket) {
    this.socket = socket;
  }

  Path socket() {
    if (socket != null) {
      return socket;
    }
    String variable = System.getenv("LANYARD_SOCKET");
    if (variable != null && !variable.isEmpty()) {
      return Path.of(variable);
    }
    Path own = Directories.ofThisUser().socket();
    Path system = Path.of("/run/lanyard/api.sock");
    // One that this user may not even see counts: the message says so.
    return !Files.exists(own) && !Files.notExists(system) ? system : own;
  }

  /** Asks for something. What the daemon refuses is a {@link Failure} with its words. */
  JsonNode get(String target) {
    return request("GET", target);
  }

  JsonNode post(String target) {
    return request("POST", target);
  }

  JsonNode delete(String target) {
    return request("DELETE", target);
  }

  private JsonNode request(String method, String target) {
    return send(method, target, Map.of(), new byte[0]);
  }

  /**
   * Asks for something that needs more than a path.
   *
   * @param headers by name
   * @param body the request's; empty for none
   * @return the answer's JSON; a missing node where it has no body
   */
  JsonNode send(String method, String target, Map<String, String> headers, byte[] body) {
    try (HttpClient.Answer answer = open(method, target, headers, body)) {
      return JSON.readTree(answer.bytes());
    } catch (JsonProcessingException e) {
      throw new Failure("what answers at " + socket() + " is not a Lanyard daemon");
    } catch (IOException e) {
      throw broken(e);
    }
  }

  /** Asks for something that is read as it comes. */
  HttpClient.Answer open(String method, String target) {
    return open(method, target, Map.of(), new byte[0]);
  }

  HttpClient.Answer open(String method, String target, Map<String, String> headers, byte[] body) {
    checkPlace();
    try {
      return checked(new HttpClient(socket()).send(method, target, headers, body));
    } catch (IOException e) {
      throw unreachable(e);
    }
  }

  HttpClient.Answer upgrade(String target, String protocol) {
    checkPlace();
    try {
      return checked(new HttpClient(socket()).upgrade(target, protocol));
    } catch (IOException e) {
      throw unreachable(e);
    }
  }

  /**
   * Checks the place of this user's own daemon, which may lie in {@code /tmp}: what somebody else
   * put there is not this user's daemon. The system's directory is root's to give.
   */
  private void checkPlace() {
    Path path = socket();
    Path directory = path.toAbsolutePath().getParent();
    int user = Directories.uid();
    if (user <= 0
        || directory == null
        || !path.equals(Directories.ofThisUser().socket())
        || !Files.exists(directory)) {
      return;
    }
    try {
      Directories.checkOwn(directory, user);
    } catch (IOException e) {
      throw new Failure(
          "the directory " + directory + " cannot be trusted: " + Causes.of(e),
          "name the daemon's socket with --socket, or set XDG_RUNTIME_DIR to a directory of yours");
    }
  }

  private HttpClient.Answer checked(HttpClient.Answer answer) throws IOException {
    if (answer.status() < 400) {
      return answer;
    }
    try (answer) {
      JsonNode problem = JSON.readTree(answer.bytes());
      throw problem.hasNonNull("title")
          ? new Failure(problem)
          : new Failure("the daemon answered with status " + answer.status());
    } catch (JsonProcessingException e) {
      throw new Failure("the daemon answered with status " + answer.status());
    }
  }

  private Failure unreachable(IOException e) {
    Path path = socket();
    if (isHidden(path)) {
      return new Failure(
          "this user may not look into " + path.toAbsolutePath().getParent(),
          "run as the daemon's owner, or as a member of its group");
    }
    if (!Files.exists(path)) {
      return new Failure(
          "no daemon is running: there is no socket " + path,
          "start one with \"lanyard daemon\", or name its socket with --socket");
    }
    if (!Files.isWritable(path)) {
      return new Failure(
          "this user may not talk to the daemon: " + path + " belongs to another",
          "run as its owner, or as a member of its group");
    }
    if (e instanceof BrokenOffException || e instanceof SocketTimeoutException) {
      return new Failure(
          "the daemon at " + path + " is there but busy: " + e.getMessage(),
          "try again in a moment; many connections that stay open may keep it from answering");
    }
    return new Failure(
        "no daemon answers at " + path + ": " + e.getMessage(),
        "start one with \"lanyard daemon\"");
  }

  /** Whether a directory on the way to a file is closed to this user. */
  private static boolean isHidden(Path path) {
    try {
      Files.readAttributes(path, BasicFileAttributes.class);
      return false;
    } catch (IOException e) {
      return e instanceof AccessDeniedException;
    }
  }

  private static Failure broken(IOException e) {
    return new Failure("the connection to the daemon broke: " + e.getMessage());
  }

  /** A path from segments that may hold anything. */
  static String path(String... segments) {
    StringBuilder path = new StringBuilder("/v1");
    for (String segment : List.of(segments)) {
      path.append('/').append(encode(segment));
    }
    return path.toString();
  }

  static String encode(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
  }
}
