package io.lanyard.config;

import io.lanyard.config.Form.Named;
import io.lanyard.net.Endpoint;
import io.lanyard.net.Subnet;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
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
 * @param hooks programs that are run for events, in the order of the file
 */
public record Configuration(
    Map<String, NetworkConfig> networks,
    Map<String, GuestConfig> guests,
    Api api,
    Metrics metrics,
    Directories directories,
    Log log,
    List<HookConfig> hooks) {
  /** The only version of the format so far. */
  public static final int VERSION = 1;

  /** Copies the collections. */
  public Configuration {
    networks = Collections.unmodifiableMap(new LinkedHashMap<>(networks));
    guests = Collections.unmodifiableMap(new LinkedHashMap<>(guests));
    hooks = List.copyOf(hooks);
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
    return new Configuration(rest, guests, api, metrics, directories, log, hooks);
  }

  /**
   * The control API.
   *
   * @param socket its UNIX socket, or null for {@code api.sock} in the runtime directory
   * @param listen where it listens on TCP besides, or null for nowhere
   * @param tls its certificate there, or null for none, which loopback addresses alone may have
   * @param tokens the file of the tokens that it asks for there; null only if it does not listen
   */
  public record Api(
      @Nullable Path socket, @Nullable Endpoint listen, @Nullable Tls tls, @Nullable Path tokens) {
    /**
     * The same without the UNIX socket's path, which stays as long as the daemon runs.
     *
     * @return where it listens on TCP, and for whom
     */
    public Api onTcp() {
      return new Api(null, listen, tls, tokens);
    }

    /** The socket's name in the runtime directory unless the file says otherwise. */
    public static final String USUAL_SOCKET = "api.sock";

    /**
     * A certificate with its key.
     *
     * @param certificate a PEM file with the certificate and those that signed it
     * @param key a PEM file with the key
     */
    public record Tls(Path certificate, Path key) {
      /** The keys of {@code tls}. */
      static final class Keys {
        static final Key<Path> CERTIFICATE =
            Key.required(
                "certificate",
                Kind.PATH,
                "A PEM file: the certificate, then those that signed it.");

        static final Key<Path> KEY =
            Key.required(
                "key", Kind.PATH, "A PEM file: the private key in PKCS#8, without a password.");

        static final Section SECTION =
            Section.of("tls", "The certificate of the API on TCP.", CERTIFICATE, KEY);

        private Keys() {}
      }
    }

    /** The keys of {@code api}. */
    static final class Keys {
      static final Key<Path> SOCKET =
          Key.optional(
              "socket",
              Kind.SOCKET_PATH,
              USUAL_SOCKET,
              "The API's UNIX socket; a relative path is below the runtime directory.");

      static final Key<Endpoint> LISTEN =
          Key.optional(
              "listen",
              Kind.ENDPOINT,
              "nowhere",
              "Where it listens on TCP, too: with `tls`, or on a loopback address.");

      static final Key<Fields> TLS =
          Key.optional("tls", Tls.Keys.SECTION, "none", Tls.Keys.SECTION.meaning());

      static final Key<Path> TOKENS =
          Key.optional(
              "tokens",
              Kind.PATH,
              "none",
              "The file of the tokens that a request on TCP needs one of; `lanyard token` writes"
                  + " it.");

      static final Section SECTION =
          new Section(
              "api",
              "The control API.",
              List.of(SOCKET, LISTEN, TLS, TOKENS),
              List.of(
                  new KeyRule.OnlyWith(
                      LISTEN, TOKENS, "the API on TCP needs the key \"tokens\" beside it"),
                  new KeyRule.OnlyWith(TLS, LISTEN, "a certificate goes with \"listen\" only"),
                  new KeyRule.OnlyWith(TOKENS, LISTEN, "tokens go with \"listen\" only")),
              Map.of());

      private Keys() {}
    }
  }

  /**
   * The metrics endpoint.
   *
   * @param listen where it listens besides the API's socket, or null for nowhere
   */
  public record Metrics(@Nullable Endpoint listen) {
    /** The keys of {@code metrics}. */
    static final class Keys {
      static final Key<Endpoint> LISTEN =
          Key.optional(
              "listen",
              Kind.ENDPOINT,
              "nowhere",
              "Where it listens on TCP, besides the API's socket.");

      static final Section SECTION = Section.of("metrics", "The Prometheus endpoint.", LISTEN);

      private Keys() {}
    }
  }

  /**
   * Where the daemon keeps its files.
   *
   * @param state what outlives the host's restart, or null for the daemon's choice
   * @param runtime sockets, or null for the daemon's choice
   */
  public record Directories(@Nullable Path state, @Nullable Path runtime) {
    /** The keys of {@code directories}. */
    static final class Keys {
      static final Key<Path> STATE =
          Key.optional(
              "state",
              Kind.ABSOLUTE_PATH,
              "systemd's STATE_DIRECTORY; else /var/lib/lanyard for root, and lanyard in"
                  + " XDG_STATE_HOME for other users",
              "Leases, images, and what else outlives a restart of the host.");

      static final Key<Path> RUNTIME =
          Key.optional(
              "runtime",
              Kind.ABSOLUTE_PATH,
              "systemd's RUNTIME_DIRECTORY; else /run/lanyard for root, and lanyard in"
                  + " XDG_RUNTIME_DIR for other users",
              "Sockets.");

      static final Section SECTION =
          Section.of("directories", "Where the daemon keeps its files.", STATE, RUNTIME);

      private Keys() {}
    }
  }

  /**
   * The daemon's log.
   *
   * @param level the least severe level that is logged
   */
  public record Log(Level level) {
    /**
     * The words for the levels.
     *
     * @return as the file has them, the most severe first
     */
    public static List<String> levels() {
      return Keys.LEVELS.words();
    }

    /** The keys of {@code log}. */
    static final class Keys {
      static final Choice<Level> LEVELS =
          Choice.of(
              List.of(Level.ERROR, Level.WARNING, Level.INFO, Level.DEBUG, Level.TRACE), Map.of());

      static final Key<Level> LEVEL =
          Key.defaulted("level", LEVELS, Level.INFO, "The least severe level that is logged.");

      static final Section SECTION = Section.of("log", "The daemon's log.", LEVEL);

      private Keys() {}
    }
  }

  /** The keys of the file itself. */
  static final class Keys {
    /** Each network has an event loop's thread: more than this is a mistake. */
    private static final int MOST_NETWORKS = 1000;

    static final Key<Integer> VERSION =
        Key.required(
            "version",
            new Form.Only(Configuration.VERSION, "the only version of the format so far"),
            "The version of the format.");

    static final Key<List<Named<Fields>>> NETWORKS =
        Key.required(
            "networks",
            new Form.NamedMap<>(
                Kind.NETWORK_NAME, NetworkConfig.Keys.SECTION, MOST_NETWORKS, "networks"),
            "The networks, by name.");

    static final Key<List<Named<Fields>>> GUESTS =
        Key.defaulted(
            "guests",
            new Form.NamedMap<>(Kind.LABEL, GuestConfig.Keys.SECTION),
            List.of(),
            "The guests, by name. DNS answers for the name.");

    static final Key<List<Named<List<Subnet>>>> ADDRESS_SETS =
        Key.defaulted(
            "address-sets",
            AddressSets.FORM,
            List.of(),
            "Lists of addresses and subnets that egress rules name, as in {deny: \"@doh\"}. One is"
                + " there unless the file has another of its name: doh, public name servers that"
                + " answer over HTTPS.");

    static final Key<Fields> API = Key.mapping("api", Api.Keys.SECTION);
    static final Key<Fields> METRICS = Key.mapping("metrics", Metrics.Keys.SECTION);
    static final Key<Fields> DIRECTORIES = Key.mapping("directories", Directories.Keys.SECTION);
    static final Key<Fields> LOG = Key.mapping("log", Log.Keys.SECTION);

    static final Key<List<Fields>> HOOKS =
        Key.defaulted(
            "hooks",
            new Form.ListOf<>(HookConfig.Keys.SECTION),
            List.of(),
            "Programs that are run for events.");

    static final Section SECTION =
        Section.of(
            "root",
            "All that the daemon runs.",
            VERSION,
            NETWORKS,
            GUESTS,
            ADDRESS_SETS,
            API,
            METRICS,
            DIRECTORIES,
            LOG,
            HOOKS);

    private Keys() {}
  }
}
