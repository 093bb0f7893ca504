package io.lanyard.config;

import io.lanyard.net.Endpoint;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * All that {@code lanyard.yaml} says, checked, with every default filled in.
 *
 * @param networks by name, in the order of the file
 * @param guests by name, in the order of the file
 * @param api the control API
 * @param metrics the metrics endpoint
 * @param directories where the daemon keeps its files
 * @param log what it logs
 */
public record Configuration(
    Map<String, NetworkConfig> networks,
    Map<String, GuestConfig> guests,
    Api api,
    Metrics metrics,
    Directories directories,
    Log log) {
  /** The only version of the format so far. */
  public static final int VERSION = 1;

  /** Copies the maps. */
  public Configuration {
    networks = Collections.unmodifiableMap(new LinkedHashMap<>(networks));
    guests = Collections.unmodifiableMap(new LinkedHashMap<>(guests));
  }

  /**
   * The same without one network, for a daemon that may not create its devices.
   *
   * @param network the name of a network that no guest is on
   * @return a copy
   */
  public Configuration without(String network) {
    Map<String, NetworkConfig> rest = new LinkedHashMap<>(networks);
    rest.remove(network);
    return new Configuration(rest, guests, api, metrics, directories, log);
  }

  /**
   * The control API.
   *
   * @param socket its UNIX socket, or null for {@code api.sock} in the runtime directory
   */
  public record Api(@Nullable Path socket) {
    /** The socket's name in the runtime directory unless the file says otherwise. */
    public static final String USUAL_SOCKET = "api.sock";
  }

  /**
   * The metrics endpoint.
   *
   * @param listen where it listens besides the API's socket, or null for nowhere
   */
  public record Metrics(@Nullable Endpoint listen) {}

  /**
   * Where the daemon keeps its files.
   *
   * @param state what outlives the host's restart, or null for the daemon's choice
   * @param runtime sockets, or null for the daemon's choice
   */
  public record Directories(@Nullable Path state, @Nullable Path runtime) {}

  /**
   * The daemon's log.
   *
   * @param level the least severe level that is logged
   */
  public record Log(Level level) {}
}
