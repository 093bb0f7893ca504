package io.lanyard.machine;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.vmm.ApiVersion;
import io.lanyard.vmm.BootSource;
import io.lanyard.vmm.FrameSink;
import io.lanyard.vmm.Guest;
import io.lanyard.vmm.GuestListener;
import io.lanyard.vmm.GuestSpec;
import io.lanyard.vmm.InProcessNic;
import io.lanyard.vmm.SpecProblem;
import io.lanyard.vmm.Vmm;
import io.lanyard.vmm.VmmContext;
import io.lanyard.vmm.VmmDescription;
import io.lanyard.vmm.VmmException;
import io.lanyard.vmm.VmmProvider;
import io.lanyard.vmm.tck.Check;
import io.lanyard.vmm.tck.EchoGuest;
import io.lanyard.vmm.tck.Fixture;
import io.lanyard.vmm.tck.VmmConformance;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The kit's echo guest, and that the kit finds a NIC that carries nothing. */
final class EchoGuestTest {
  private static final Path SOURCES = Path.of("../vmm-plugin-api/src/main/guests");
  private static final Path MADE =
      Path.of("../vmm-plugin-api/src/main/resources/io/lanyard/vmm/tck");

  @TempDir Path directory;

  @Test
  void echoGuestIsMadeOfItsSource() throws Exception {
    MessageDigest digest = MessageDigest.getInstance("SHA-256");
    digest.update(Files.readAllBytes(SOURCES.resolve("echo.c")));
    digest.update(Files.readAllBytes(SOURCES.resolve("echo.ld")));
    assertThat(Files.readString(MADE.resolve("echo.source"), StandardCharsets.US_ASCII).strip())
        .as("run vmm-plugin-api/src/main/guests/build.sh")
        .isEqualTo(HexFormat.of().formatHex(digest.digest()));
  }

  @Test
  void kitFailsANicThatDropsEveryFrame() throws Exception {
    Check echo =
        new VmmConformance(new Dropping(directory))
            .checks().stream()
                .filter(check -> check.name().startsWith("each frame comes back"))
                .findFirst()
                .orElseThrow();
    CompletableFuture<Throwable> failure = new CompletableFuture<>();
    Thread checking =
        Thread.ofPlatform()
            .start(() -> {
              try {
                echo.run();
                failure.complete(new IOException("the check passed"));
              } catch (Exception | AssertionError e) {
                failure.complete(e);
              }
            });
    assertThat(DROPPED.await(60, TimeUnit.SECONDS)).isTrue();
    checking.interrupt(); // it would wait for half a minute before it gives up
    assertThat(failure.get(60, TimeUnit.SECONDS))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("a frame of 60 bytes to come back");
  }

  /** Enough for a guest that would have answered to have answered. */
  private static final CountDownLatch DROPPED = new CountDownLatch(100);

  /** The bundled machine, whose NICs claim to have taken each frame. */
  private record Dropping(Path directory) implements Fixture, VmmProvider {
    private static VmmProvider real() {
      return new LanyardVmmProvider();
    }

    @Override
    public VmmProvider provider() {
      return this;
    }

    @Override
    public VmmContext context() {
      return new VmmContext(directory, directory);
    }

    @Override
    public long memory() {
      return 16 << 20;
    }

    @Override
    public BootSource spinning() {
      return reflecting();
    }

    @Override
    public BootSource echoing() {
      return reflecting();
    }

    @Override
    public BootSource reflecting() {
      try {
        return new BootSource.Program(EchoGuest.write(directory.resolve("echo.elf")));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    @Override
    public String name() {
      return "dropping";
    }

    @Override
    public ApiVersion apiVersion() {
      return ApiVersion.CURRENT;
    }

    @Override
    public VmmDescription describe() {
      return real().describe();
    }

    @Override
    public List<SpecProblem> validate(GuestSpec spec) {
      return real().validate(spec);
    }

    @Override
    public Vmm open(VmmContext context) throws VmmException {
      Vmm vmm = real().open(context);
      return new Vmm() {
        @Override
        public Guest create(GuestSpec spec, GuestListener listener) throws VmmException {
          return guest(vmm.create(spec, listener));
        }

        @Override
        public void close() {
          vmm.close();
        }
      };
    }

    private static Guest guest(Guest real) {
      return proxy(Guest.class, real, "nics", List.of(nic((InProcessNic) real.nics().getFirst())));
    }

    private static InProcessNic nic(InProcessNic real) {
      FrameSink sink =
          (FrameSink)
              Proxy.newProxyInstance(
                  FrameSink.class.getClassLoader(),
                  new Class<?>[] {FrameSink.class},
                  (_, method, arguments) -> {
                    if (method.getName().equals("accept")) {
                      DROPPED.countDown();
                      return true;
                    }
                    return method.invoke(real.sink(), arguments);
                  });
      return proxy(InProcessNic.class, real, "sink", sink);
    }

    /** The real one, but for one answer. */
    private static <T> T proxy(Class<T> type, T real, String method, Object answer) {
      return type.cast(
          Proxy.newProxyInstance(
              type.getClassLoader(),
              new Class<?>[] {type},
              (_, called, arguments) ->
                  called.getName().equals(method) ? answer : called.invoke(real, arguments)));
    }
  }
}
