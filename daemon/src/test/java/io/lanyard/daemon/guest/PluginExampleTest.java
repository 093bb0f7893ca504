package io.lanyard.daemon.guest;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.base.Directories;
import io.lanyard.daemon.InProcessDaemon;
import io.lanyard.vmm.BootSource;
import io.lanyard.vmm.VmmContext;
import io.lanyard.vmm.VmmProvider;
import io.lanyard.vmm.tck.Fixture;
import io.lanyard.vmm.tck.VmmConformance;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** The example of docs/plugins.md, built as somebody else's project would be: from the page. */
final class PluginExampleTest {
  private static final Pattern CODE =
      Pattern.compile("```java\n// (\\S+)\n(.*?)```", Pattern.DOTALL);

  @TempDir Path home;
  private URLClassLoader example;

  @BeforeEach
  void build() throws Exception {
    String page = Files.readString(Path.of("../docs/plugins.md"));
    List<String> arguments = new ArrayList<>();
    Path api =
        Path.of(VmmProvider.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    arguments.addAll(
        List.of("-cp", api.toString(), "-proc:none", "-d", home.resolve("out").toString()));
    Matcher code = CODE.matcher(page);
    while (code.find()) {
      Path file = home.resolve("src").resolve(code.group(1));
      Files.createDirectories(file.getParent());
      Files.writeString(file, code.group(2));
      if (!file.endsWith("module-info.java")) { // the interface is no module before it is packed
        arguments.add(file.toString());
      }
    }
    assertThat(arguments).hasSizeGreaterThan(5);
    int failures =
        ToolProvider.getSystemJavaCompiler()
            .run(
                null,
                OutputStream.nullOutputStream(),
                System.err,
                arguments.toArray(String[]::new));
    assertThat(failures).isZero();
    example =
        new URLClassLoader(
            new URL[] {home.resolve("out").toUri().toURL()}, getClass().getClassLoader());
  }

  @AfterEach
  void close() throws IOException {
    example.close();
  }

  private VmmProvider provider() throws ReflectiveOperationException {
    return (VmmProvider)
        example.loadClass("com.example.vmm.ExampleProvider").getConstructor().newInstance();
  }

  @TestFactory
  Stream<DynamicTest> theExampleConforms() throws ReflectiveOperationException {
    return new VmmConformance(new ExampleFixture(provider(), home))
        .checks().stream().map(check -> DynamicTest.dynamicTest(check.name(), check::run));
  }

  @Test
  void theDaemonTakesIt() throws Exception {
    Directories directories = InProcessDaemon.directories(home);
    try (VmmPlugins plugins = VmmPlugins.load(directories, null, PluginExecutor.Timeouts.DEFAULT)) {
      plugins.add(provider());
      assertThat(plugins.describe("example").architectures()).containsExactly("toy");
      assertThat(plugins.problems()).isEmpty();
    }
  }

  private record ExampleFixture(VmmProvider provider, Path home) implements Fixture {
    private BootSource firmware(String word) {
      try {
        return new BootSource.Firmware(Files.writeString(home.resolve(word), word + "\n"));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    @Override
    public VmmContext context() {
      return new VmmContext(home, home);
    }

    @Override
    public long memory() {
      return 1 << 20;
    }

    @Override
    public BootSource spinning() {
      return firmware("idle");
    }

    @Override
    public BootSource echoing() {
      throw new UnsupportedOperationException("it has no console");
    }

    @Override
    public BootSource reflecting() {
      return firmware("echo");
    }
  }
}
