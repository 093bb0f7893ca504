package io.lanyard.daemon;

import io.lanyard.vmm.ApiVersion;
import io.lanyard.vmm.Vmm;
import io.lanyard.vmm.VmmContext;
import io.lanyard.vmm.VmmException;
import io.lanyard.vmm.VmmProvider;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.lang.module.Configuration;
import java.lang.module.FindException;
import java.lang.module.ModuleFinder;
import java.lang.module.ResolutionException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import org.jspecify.annotations.Nullable;

/**
 * The VMMs that this daemon can use: those on its own module path, and those in a plug-in
 * directory, each jar of which is a module in a layer of its own above the daemon's.
 *
 * <p>A provider that cannot be loaded, or that was built for another version of the interface, is
 * left out with a warning. A VMM is opened when the first guest asks for it.
 *
 * <p>Thread: any, one at a time.
 */
final class VmmPlugins implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(VmmPlugins.class.getName());

  private final Directories directories;
  private final Map<String, VmmProvider> providers = new LinkedHashMap<>();
  private final Map<String, Vmm> open = new LinkedHashMap<>();
  private final List<String> problems = new ArrayList<>();

  private VmmPlugins(Directories directories) {
    this.directories = directories;
  }

  /**
   * Finds the providers.
   *
   * @param directories where an opened VMM gets its own directories
   * @param plugins a directory of jars, or null for none
   */
  static VmmPlugins load(Directories directories, @Nullable Path plugins) {
    VmmPlugins loaded = new VmmPlugins(directories);
    loaded.addAll(ServiceLoader.load(VmmProvider.class, VmmPlugins.class.getClassLoader()));
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
    try {
      ModuleLayer boot = ModuleLayer.boot();
      ModuleFinder finder = ModuleFinder.of(plugins);
      List<String> names =
          finder.findAll().stream().map(module -> module.descriptor().name()).toList();
      Configuration configuration =
          boot.configuration().resolveAndBind(finder, ModuleFinder.of(), names);
      ModuleLayer layer =
          boot.defineModulesWithOneLoader(configuration, VmmPlugins.class.getClassLoader());
      addAll(ServiceLoader.load(layer, VmmProvider.class));
    } catch (FindException | ResolutionException | LayerInstantiationException e) {
      problem("cannot load the plug-ins of " + plugins + ": " + e.getMessage());
    }
  }

  private void addAll(ServiceLoader<VmmProvider> loader) {
    var found = loader.iterator();
    while (true) {
      try {
        if (!found.hasNext()) {
          return;
        }
        add(found.next());
      } catch (ServiceConfigurationError | LinkageError e) {
        problem("cannot load a VMM plug-in: " + e.getMessage());
      }
    }
  }

  void add(VmmProvider provider) {
    if (!ApiVersion.CURRENT.supports(provider.apiVersion())) {
      problem(
          "the VMM plug-in "
              + provider.name()
              + " was built for version "
              + provider.apiVersion()
              + " of the interface, and this daemon has "
              + ApiVersion.CURRENT);
      return;
    }
    // The same module may be seen both below and in the layer.
    providers.putIfAbsent(provider.name(), provider);
  }

  private void problem(String text) {
    problems.add(text);
    LOG.log(Level.WARNING, text);
  }

  List<String> problems() {
    return List.copyOf(problems);
  }

  /**
   * Finds a provider.
   *
   * @throws VmmException if there is none of that name
   */
  VmmProvider provider(String name) throws VmmException {
    VmmProvider provider = providers.get(name);
    if (provider == null) {
      throw new VmmException(
          "there is no VMM "
              + name
              + (providers.isEmpty()
                  ? "; no plug-in was found"
                  : "; there is " + String.join(", ", providers.keySet())));
    }
    return provider;
  }

  /**
   * Opens a VMM, or gives the open one.
   *
   * @throws VmmException if there is none of that name, or the host lacks what it needs
   */
  synchronized Vmm open(String name) throws VmmException {
    Vmm vmm = open.get(name);
    if (vmm == null) {
      Path state = directories.state().resolve("vmm").resolve(name);
      Path runtime = directories.runtime().resolve("vmm-" + name);
      try {
        Files.createDirectories(state);
        Files.createDirectories(runtime);
      } catch (IOException e) {
        throw new VmmException("cannot make a directory for VMM " + name + ": " + Causes.of(e), e);
      }
      vmm = provider(name).open(new VmmContext(state, runtime));
      open.put(name, vmm);
    }
    return vmm;
  }

  @Override
  public synchronized void close() {
    for (Map.Entry<String, Vmm> vmm : open.entrySet()) {
      try {
        vmm.getValue().close();
      } catch (RuntimeException e) {
        LOG.log(Level.WARNING, "cannot close VMM " + vmm.getKey(), e);
      }
    }
    open.clear();
  }
}
