package io.lanyard.daemon.guest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lanyard.daemon.InProcessDaemon;
import io.lanyard.testing.LogWatch;
import io.lanyard.vmm.ApiVersion;
import io.lanyard.vmm.GuestSpec;
import io.lanyard.vmm.SpecProblem;
import io.lanyard.vmm.Vmm;
import io.lanyard.vmm.VmmContext;
import io.lanyard.vmm.VmmDescription;
import io.lanyard.vmm.VmmException;
import io.lanyard.vmm.VmmProvider;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class VmmPluginsTest {
  @TempDir Path home;

  private VmmPlugins load(@Nullable Path plugins) {
    return VmmPlugins.load(
        InProcessDaemon.directories(home), plugins, PluginExecutor.Timeouts.DEFAULT);
  }

  /** A provider that says of itself what it is told to. */
  private record Provider(@Nullable String name, ApiVersion apiVersion) implements VmmProvider {
    @Override
    public VmmDescription describe() {
      return new TestDescription(Set.of());
    }

    @Override
    public List<SpecProblem> validate(GuestSpec spec) {
      return List.of();
    }

    @Override
    public Vmm open(VmmContext context) throws VmmException {
      throw new VmmException("this host cannot");
    }
  }

  @Test
  void aPlugInForAnotherVersionIsLeftOutAndSaysWhy() {
    LogWatch.expect("was built for version");
    try (VmmPlugins plugins = load(null)) {
      plugins.add(new Provider("next", new ApiVersion(ApiVersion.MAJOR + 1, 0)));
      plugins.add(new Provider("later", new ApiVersion(ApiVersion.MAJOR, ApiVersion.MINOR + 1)));
      assertThat(plugins.problems()).hasSize(2);
      assertThat(plugins.problems().getFirst())
          .contains(
              "next was built for version 3.0 of the interface, and this daemon has "
                  + ApiVersion.CURRENT);
      assertThatThrownBy(() -> plugins.open("next")).hasMessageContaining("there is no VMM next");
    }
  }

  @Test
  void aPlugInWithoutAUsableNameIsLeftOut() {
    LogWatch.expect("VMM plug-in");
    try (VmmPlugins plugins = load(null)) {
      plugins.add(new Provider(null, ApiVersion.CURRENT));
      plugins.add(new Provider("../escape", ApiVersion.CURRENT));
      plugins.add(new Provider("echo", ApiVersion.CURRENT));
      assertThat(plugins.problems())
          .hasSize(3)
          .last()
          .asString()
          .contains("EchoVmmProvider has its name, echo");
    }
  }

  @Test
  void whatThePlugInSaysWhenItCannotOpenIsKept() {
    try (VmmPlugins plugins = load(null)) {
      plugins.add(new Provider("unable", ApiVersion.CURRENT));
      assertThatThrownBy(() -> plugins.open("unable"))
          .isInstanceOf(VmmException.class)
          .hasMessage("this host cannot");
    }
  }

  @Test
  void aBrokenJarIsNamed() throws IOException {
    LogWatch.expect("plug-in");
    Path jars = Files.createDirectory(home.resolve("plugins"));
    Files.writeString(jars.resolve("broken.jar"), "no archive");
    Files.writeString(jars.resolve("readme.txt"), "no plug-in");
    try (VmmPlugins plugins = load(jars)) {
      assertThat(plugins.problems().toString())
          .contains("cannot read the plug-in " + jars.resolve("broken.jar"))
          .contains("no jar provides one")
          .doesNotContain("readme");
    }
    try (VmmPlugins plugins = load(home.resolve("none"))) {
      assertThat(plugins.problems())
          .containsExactly("there is no plug-in directory " + home.resolve("none"));
    }
  }
}
