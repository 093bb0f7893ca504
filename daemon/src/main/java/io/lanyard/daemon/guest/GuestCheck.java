package io.lanyard.daemon.guest;

import io.lanyard.base.Directories;
import io.lanyard.config.Configuration;
import io.lanyard.config.ConfigurationCheck;
import io.lanyard.config.Document;
import io.lanyard.config.DocumentPath;
import io.lanyard.config.GuestConfig;
import io.lanyard.config.GuestConfig.Boot;
import io.lanyard.config.NetworkConfig;
import io.lanyard.config.PatchEnds;
import io.lanyard.config.Problem;
import io.lanyard.daemon.network.SubnetClashes;
import io.lanyard.daemon.network.UplinkCheck;
import io.lanyard.image.ImageStore;
import io.lanyard.vmm.SpecProblem;
import io.lanyard.vmm.VmmException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Asks the VMM plug-ins about the guests of a configuration, without a daemon. */
public final class GuestCheck implements ConfigurationCheck {
  /** For {@link java.util.ServiceLoader}. */
  public GuestCheck() {}

  @Override
  public Report check(
      Document document,
      Configuration configuration,
      @Nullable Path plugins,
      @Nullable Path images) {
    Directories directories =
        Directories.ofThisUser()
            .with(configuration.directories().state(), configuration.directories().runtime(), null)
            .with(null, null, images);
    List<Problem> problems = new ArrayList<>();
    List<Problem> doubts = new ArrayList<>(PatchEnds.loose(document, configuration));
    doubts.addAll(UplinkCheck.doubts(document, configuration));
    doubts.addAll(SubnetClashes.doubts(document, configuration));
    PluginExecutor.Timeouts timeouts = PluginExecutor.Timeouts.DEFAULT;
    try (VmmPlugins found = VmmPlugins.load(directories, plugins, timeouts)) {
      GuestSpecs specs = new GuestSpecs(found, new ImageStore(directories.images()));
      for (GuestConfig guest : configuration.guests().values()) {
        for (SpecProblem problem : ask(specs, guest, configuration, timeouts)) {
          Problem placed = document.problem(keyOf(guest, problem.path()), problem.message());
          (problem.fatal() ? problems : doubts).add(placed);
        }
      }
      found.problems().forEach(text -> doubts.add(new Problem(document.source(), 0, 0, "", text)));
    }
    return new Report(problems, doubts, left(configuration));
  }

  private static List<SpecProblem> ask(
      GuestSpecs specs,
      GuestConfig guest,
      Configuration configuration,
      PluginExecutor.Timeouts timeouts) {
    try {
      return new PluginExecutor("guest " + guest.name(), timeouts.actMillis())
          .call("check it", () -> specs.problems(guest, nic -> mtu(configuration, nic)));
    } catch (VmmException | RuntimeException e) {
      return List.of(SpecProblem.of(String.valueOf(e.getMessage()), "vmm"));
    }
  }

  private static int mtu(Configuration configuration, GuestConfig.Nic nic) throws VmmException {
    NetworkConfig network = configuration.networks().get(nic.network());
    if (network == null) {
      throw new VmmException("there is no network " + nic.network());
    }
    return nic.mtu() == null ? network.mtu() : nic.mtu();
  }

  /** The key of the part of a guest that a path in its specification leads to. */
  static DocumentPath keyOf(GuestConfig guest, List<String> path) {
    List<String> steps = new ArrayList<>(List.of("guests", guest.name()));
    switch (path.isEmpty() ? "" : path.getFirst()) {
      case "" -> {}
      case "boot" -> {
        String key = bootKey(guest.boot(), path.size() > 1 ? path.get(1) : "");
        if (!key.isEmpty()) {
          steps.add(key);
        }
      }
      default -> path.forEach(step -> steps.add(kebab(step)));
    }
    return new DocumentPath(steps);
  }

  private static String bootKey(Boot boot, String part) {
    if (part.equals("commandLine")) {
      return "command-line";
    }
    return switch (boot) {
      case Boot.Image _ -> "image";
      case Boot.Kernel _ -> part.equals("initrd") ? "initrd" : "kernel";
      case Boot.Program _ -> "program";
      case Boot.Firmware _ -> "firmware";
      case Boot.FirstDisk _ -> "disks";
      case Boot.Nothing _ -> "";
    };
  }

  /** A component's name as a key; an option's name is one already. */
  private static String kebab(String component) {
    return switch (component) {
      case "readOnly" -> "read-only";
      case "keepRunning" -> "keep-running";
      default -> component;
    };
  }

  /** The checks that only a daemon that runs does. */
  private static List<String> left(Configuration configuration) {
    List<String> left = new ArrayList<>();
    boolean devices =
        configuration.networks().values().stream()
            .anyMatch(network -> network.hostAdapter() != null || !network.ports().isEmpty());
    if (devices) {
      left.add("whether the devices and sockets of ports can be made");
    }
    if (!configuration.networks().isEmpty()) {
      left.add("whether subnets and addresses are free");
    }
    if (!configuration.guests().isEmpty()) {
      left.add("whether the host has the guests' memory");
    }
    return left;
  }
}
