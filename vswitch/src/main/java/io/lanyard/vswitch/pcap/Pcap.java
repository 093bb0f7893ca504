package io.lanyard.vswitch.pcap;

import io.lanyard.linux.SharedLibrary;
import java.io.IOException;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Finds libpcap's adapter when it is asked for.
 *
 * <p>In a distribution it lies in a directory of its own ({@value #DIRECTORY}) and has a class
 * loader of its own: pcap4j's module descriptor asks for a module of slf4j 1.7 and cannot be
 * resolved beside slf4j 2 (ADR 21). Tests have it on their class path.
 *
 * <p>Thread: any that may wait.
 */
public final class Pcap {
  /** The system property that names the directory of the adapter's jars. */
  public static final String DIRECTORY = "lanyard.pcap";

  /** The advice where the host has no libpcap. */
  public static final String MISSING =
      "libpcap cannot be loaded; install it (Debian's package libpcap0.8t64, before Debian 13"
          + " libpcap0.8)";

  /** The library's names: without a development package, in most distributions, in Debian. */
  private static final List<String> NAMES = List.of("libpcap.so", "libpcap.so.1", "libpcap.so.0.8");

  private static final ReentrantLock LOCK = new ReentrantLock();

  private static @Nullable PcapLibrary loaded;

  private Pcap() {}

  /**
   * The adapter with the native library loaded. One that failed is tried again by the next call.
   *
   * @return the one object of the process
   * @throws IOException if the host has no libpcap; the message says what to install
   */
  public static PcapLibrary library() throws IOException {
    LOCK.lock();
    try {
      PcapLibrary present = loaded;
      if (present == null) {
        present = find();
        String _ = present.version();
        loaded = present;
      }
      return present;
    } finally {
      LOCK.unlock();
    }
  }

  /**
   * Whether the host has libpcap. The adapter is not loaded for that, which takes longer.
   *
   * @return whether the dynamic linker finds it
   */
  public static boolean isThere() {
    return SharedLibrary.isThere(NAMES);
  }

  private static PcapLibrary find() throws IOException {
    try {
      String directory = System.getProperty(DIRECTORY);
      ClassLoader own = Pcap.class.getClassLoader();
      ClassLoader with = directory == null ? own : loader(Path.of(directory), own);
      return ServiceLoader.load(PcapLibrary.class, with)
          .findFirst()
          .orElseThrow(() ->
              new IOException(
                  "this installation lacks the adapter for libpcap (lib/pcap); install all of it"));
    } catch (ServiceConfigurationError e) {
      throw new IOException("cannot load the adapter for libpcap: " + e.getMessage(), e);
    }
  }

  private static ClassLoader loader(Path directory, @Nullable ClassLoader parent)
      throws IOException {
    List<URL> jars = new ArrayList<>();
    try (Stream<Path> files = Files.list(directory)) {
      for (Path jar : (Iterable<Path>) files.sorted()::iterator) {
        jars.add(url(jar));
      }
    }
    return new URLClassLoader("pcap", jars.toArray(URL[]::new), parent);
  }

  private static URL url(Path jar) throws MalformedURLException {
    return jar.toUri().toURL();
  }
}
