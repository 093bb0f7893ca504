package io.lanyard.daemon.guest;

import static java.util.Objects.requireNonNull;

import io.lanyard.base.Causes;
import io.lanyard.base.Directories;
import io.lanyard.base.EnumText;
import io.lanyard.base.LogEvent;
import io.lanyard.control.api.VmmInfo;
import io.lanyard.daemon.metric.Metrics;
import io.lanyard.vmm.ApiVersion;
import io.lanyard.vmm.Attachment;
import io.lanyard.vmm.BootSource;
import io.lanyard.vmm.Capability;
import io.lanyard.vmm.GuestSpec;
import io.lanyard.vmm.LeftBehind;
import io.lanyard.vmm.SpecProblem;
import io.lanyard.vmm.Vmm;
import io.lanyard.vmm.VmmContext;
import io.lanyard.vmm.VmmDescription;
import io.lanyard.vmm.VmmException;
import io.lanyard.vmm.VmmProvider;
import io.lanyard.vmm.VmmStatistics;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.lang.module.Configuration;
import java.lang.module.FindException;
import java.lang.module.ModuleFinder;
import java.lang.module.ModuleReference;
import java.lang.module.ResolutionException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The VMMs that this daemon can use: those on its own module path, and those in a plug-in
 * directory, each in a layer of its own above the daemon's that sees the libraries there.
 *
 * <p>A provider that cannot be loaded, or that was built for another version of the interface, is
 * left out with a warning. A VMM is opened when the first guest asks for it.
 *
 * <p>Thread: any, one at a time.
 */
public final class VmmPlugins implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(VmmPlugins.class.getName());

  /** It names a directory, and stands in the configuration. */
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,62}");

  private final Directories directories;
  private final PluginExecutor.Timeouts timeouts;
  private final Map<String, Opened> providers = new LinkedHashMap<>();
  private final List<String> problems = new ArrayList<>();

  /** A provider, and its VMM once somebody has asked for it. */
  private static final class Opened {
    final VmmProvider provider;
    final PluginExecutor reads;
    volatile @Nullable Vmm vmm;

    Opened(VmmProvider provider, PluginExecutor reads) {
      this.provider = provider;
      this.reads = reads;
    }

    /** The VMM's statistics; unknown before it is opened, and while it does not answer. */
    VmmStatistics statistics() {
      Vmm asked = vmm;
      if (asked == null) {
        return VmmStatistics.UNKNOWN;
      }
      try {
        return reads.call("say what it holds", () -> requireNonNull(asked.statistics()));
      } catch (VmmException | RuntimeException e) {
        LogEvent.of("vmm-statistics-unknown").log(LOG, Level.DEBUG, e);
        return VmmStatistics.UNKNOWN;
      }
    }
  }

  private VmmPlugins(Directories directories, PluginExecutor.Timeouts timeouts) {
    this.directories = directories;
    this.timeouts = timeouts;
  }

  /**
   * Finds the providers.
   *
   * @param directories where an opened VMM gets its own directories
   * @param plugins a directory of jars, or null for none
   * @param timeouts how long a VMM may take to close
   */
  public static VmmPlugins load(
      Directories directories, @Nullable Path plugins, PluginExecutor.Timeouts timeouts) {
    VmmPlugins loaded = new VmmPlugins(directories, timeouts);
    loaded.addAll(ServiceLoader.load(VmmProvider.class, VmmPlugins.class.getClassLoader()), null);
    if (plugins != null) {
      loaded.addLayer(plugins);
    }
    return loaded;
  }

  private void addLayer(Path plugins) {
    if (!Files.isDirectory(plugins)) {
      problem("there is no plug-in directory " + plugins);
      return;
    }
    // A jar that is broken, or two plug-ins that do not go together, must not cost the others.
    Map<String, Path> providing = new LinkedHashMap<>();
    List<Path> libraries = new ArrayList<>();
    for (Path jar : jars(plugins)) {
      try {
        for (ModuleReference module : ModuleFinder.of(jar).findAll()) {
          boolean provides =
              module.descriptor().provides().stream()
                  .anyMatch(provided -> provided.service().equals(VmmProvider.class.getName()));
          if (provides) {
            providing.put(module.descriptor().name(), jar);
          } else {
            libraries.add(jar);
          }
        }
      } catch (FindException e) {
        problem("cannot read the plug-in " + jar + ": " + rootOf(e));
      }
    }
    providing.forEach((module, jar) -> addLayer(module, jar, libraries));
    if (providing.isEmpty()) {
      problem("the plug-in directory " + plugins + " has no VMM plug-in: no jar provides one");
    }
  }

  private List<Path> jars(Path plugins) {
    try (Stream<Path> files = Files.list(plugins)) {
      return files.filter(file -> file.toString().endsWith(".jar")).sorted().toList();
    } catch (IOException e) {
      problem("cannot read the plug-in directory " + plugins + ": " + Causes.of(e));
      return List.of();
    }
  }

  private void addLayer(String module, Path jar, List<Path> libraries) {
    List<Path> seen = new ArrayList<>(libraries);
    seen.add(jar);
    ModuleFinder finder = ModuleFinder.of(seen.toArray(Path[]::new));
    try {
      ModuleLayer boot = ModuleLayer.boot();
      Configuration configuration =
          boot.configuration().resolveAndBind(finder, ModuleFinder.of(), Set.of(module));
      ModuleLayer layer =
          boot.defineModulesWithOneLoader(configuration, VmmPlugins.class.getClassLoader());
      Module own = layer.findModule(module).orElseThrow();
      addAll(ServiceLoader.load(layer, VmmProvider.class), own);
    } catch (FindException | ResolutionException | LayerInstantiationException e) {
      problem("cannot load the VMM plug-in " + module + ": " + rootOf(e));
    }
  }

  private static String rootOf(Throwable e) {
    Throwable root = e;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    return Causes.of(root);
  }

  /** Adds what a loader finds; of a module alone, if one is given. */
  private void addAll(ServiceLoader<VmmProvider> loader, @Nullable Module only) {
    var found = loader.stream().iterator();
    while (true) {
      try {
        if (!found.hasNext()) {
          return;
        }
        ServiceLoader.Provider<VmmProvider> next = found.next();
        if (only == null || next.type().getModule().equals(only)) {
          add(next.get());
        }
      } catch (ServiceConfigurationError | LinkageError e) {
        problem("cannot load a VMM plug-in: " + e.getMessage() + causeOf(e));
      }
    }
  }

  private static String causeOf(Throwable e) {
    return e.getCause() == null ? "" : ": " + rootOf(e);
  }

  /** Adds a provider. Its name and version are checked, because it may have none, or throw. */
  void add(VmmProvider provider) {
    String type = provider.getClass().getName();
    String name;
    ApiVersion version;
    try {
      name = provider.name();
      version = provider.apiVersion();
    } catch (RuntimeException | LinkageError e) {
      problem("the VMM plug-in " + type + " failed to say its name and version: " + e);
      return;
    }
    if (name == null || version == null || !NAME.matcher(name).matches()) {
      problem("the VMM plug-in " + type + " has no usable name and version: " + name);
      return;
    }
    if (!ApiVersion.CURRENT.supports(version)) {
      problem(
          "the VMM plug-in "
              + name
              + " was built for version "
              + version
              + " of the interface, and this daemon has "
              + ApiVersion.CURRENT
              + "; get a plug-in or a daemon that fits");
      return;
    }
    PluginExecutor reads = new PluginExecutor(name, timeouts.readMillis());
    Opened other = providers.putIfAbsent(name, new Opened(provider, reads));
    if (other != null) {
      problem(
          "the VMM plug-in "
              + type
              + " is left out: "
              + other.provider.getClass().getName()
              + " has its name, "
              + name);
    }
  }

  private void problem(String text) {
    problems.add(text);
    LogEvent.of("plugin-left-out").with("cause", text).log(LOG, Level.WARNING);
  }

  public List<String> problems() {
    return List.copyOf(problems);
  }

  /**
   * Opens a VMM, or gives the open one.
   *
   * @throws VmmException if there is none of that name, or the host lacks what it needs
   */
  Vmm open(String name) throws VmmException {
    Opened opened = find(name);
    // Each by itself: one that hangs while it opens keeps its own guests waiting alone.
    synchronized (opened) {
      Vmm vmm = opened.vmm;
      if (vmm == null) {
        Path state = directories.state().resolve("vmm").resolve(name);
        Path runtime = runtimeDirectory(name);
        try {
          Files.createDirectories(state);
          Files.createDirectories(runtime);
        } catch (IOException e) {
          throw new VmmException(
              "cannot make a directory for VMM " + name + ": " + Causes.of(e), e);
        }
        vmm = opened.provider.open(new VmmContext(state, runtime));
        opened.vmm = vmm;
      }
      return vmm;
    }
  }

  /**
   * Asks the VMMs that were open in an earlier daemon for the guests that it has left behind. Opens
   * them: with no guest in the configuration nobody else does.
   *
   * @return by VMM; without those that have none
   */
  Map<String, List<LeftBehind>> leftBehind() {
    Map<String, List<LeftBehind>> all = new LinkedHashMap<>();
    providers.forEach((name, opened) -> {
      if (!Files.isDirectory(runtimeDirectory(name))) {
        return;
      }
      try {
        boolean outlives =
            opened.reads.call(
                "say what its guests can do",
                () -> opened.provider.describe().capabilities().contains(Capability.OUTLIVES));
        if (outlives) {
          Vmm vmm = open(name);
          List<LeftBehind> left =
              opened.reads.call("say what runs", () -> List.copyOf(vmm.leftBehind()));
          if (!left.isEmpty()) {
            all.put(name, left);
          }
        }
      } catch (VmmException | RuntimeException e) {
        LogEvent.of("guests-left-behind-unknown").with("vmm", name).log(LOG, Level.WARNING, e);
      }
    });
    return all;
  }

  /** The directory of a VMM's own for sockets and the like, which exists once it was opened. */
  Path runtimeDirectory(String name) {
    return directories.runtime().resolve("vmm-" + name);
  }

  private Opened find(String name) throws VmmException {
    Opened opened = providers.get(name);
    if (opened == null) {
      throw new VmmException(
          "there is no VMM "
              + name
              + (providers.isEmpty()
                  ? "; no plug-in was found"
                  : "; there is " + String.join(", ", providers.keySet())));
    }
    return opened;
  }

  /**
   * A VMM's abilities on this host. Calls the plug-in.
   *
   * @throws VmmException if there is none of that name
   */
  VmmDescription describe(String name) throws VmmException {
    return Described.of(find(name).provider.describe());
  }

  /**
   * Asks a VMM what stands in the way of a guest. Calls the plug-in.
   *
   * @throws VmmException if there is none of that name
   */
  List<SpecProblem> validate(String name, GuestSpec spec) throws VmmException {
    return List.copyOf(find(name).provider.validate(spec));
  }

  /** A description that stays the same, whatever the plug-in does with its own. */
  private record Described(
      List<String> architectures,
      Set<Class<? extends BootSource>> boots,
      Set<String> diskFormats,
      Set<Class<? extends Attachment>> attachments,
      Set<Capability> capabilities)
      implements VmmDescription {
    static Described of(VmmDescription plugin) {
      return new Described(
          List.copyOf(plugin.architectures()),
          Set.copyOf(plugin.boots()),
          Set.copyOf(plugin.diskFormats()),
          Set.copyOf(plugin.attachments()),
          Set.copyOf(plugin.capabilities()));
    }
  }

  /** The VMMs that were found. */
  public List<VmmInfo> list() {
    List<VmmInfo> all = new ArrayList<>();
    providers.forEach((name, opened) -> all.add(info(name, opened)));
    return all;
  }

  private static VmmInfo info(String name, Opened opened) {
    List<String> capabilities;
    try {
      capabilities =
          opened.reads.call(
              "say what its guests can do",
              () ->
                  opened.provider.describe().capabilities().stream()
                      .map(EnumText::word)
                      .sorted()
                      .toList());
    } catch (VmmException | RuntimeException e) {
      LogEvent.of("vmm-capabilities-unknown").with("vmm", name).log(LOG, Level.DEBUG, e);
      capabilities = List.of();
    }
    String module = opened.provider.getClass().getModule().getName();
    return new VmmInfo(name, module == null ? "" : module, opened.vmm != null, capabilities);
  }

  /** Registers the metrics of the VMMs that were found. */
  public void measure(Metrics metrics) {
    providers.forEach((name, opened) -> {
      metrics.vmm(name, "memory_bytes", () -> opened.statistics().memory());
      metrics.vmm(name, "memory_limit_bytes", () -> opened.statistics().memoryLimit());
    });
  }

  @Override
  public void close() {
    providers.forEach((name, opened) -> {
      Vmm vmm = opened.vmm;
      if (vmm == null) {
        return;
      }
      try {
        new PluginExecutor(name, timeouts.closeMillis())
            .call(
                "close",
                () -> {
                  vmm.close();
                  return true;
                });
      } catch (VmmException | RuntimeException e) {
        LogEvent.of("vmm-not-closed").with("vmm", name).log(LOG, Level.WARNING, e);
      }
      opened.vmm = null;
    });
  }
}
