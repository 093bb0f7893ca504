package io.lanyard.cli;

import static java.nio.file.StandardCopyOption.COPY_ATTRIBUTES;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.lanyard.greedy.GreedyVmmProvider;
import io.lanyard.testing.Await;
import io.lanyard.vmm.VmmProvider;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.jar.JarOutputStream;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A user's commands through the real launcher. Needs root, to give it up. */
@Timeout(300)
final class LauncherIT {
  /** As somebody without any privilege: what files belong to whom stays as it is. */
  private static final List<String> UNPRIVILEGED =
      List.of("setpriv", "--bounding-set=-all", "--inh-caps=-all", "--ambient-caps=-all");

  private static final String SMALL =
      "version: 1\nnetworks: {a: {mode: nat, ipv4: {subnet: 10.9.8.0/24}}}\n";

  @TempDir Path home;

  private record Done(int status, String out, String err) {}

  private Done run(List<String> before, String... arguments)
      throws IOException, InterruptedException {
    try (Launched command = Launched.start(home, before, arguments)) {
      int status = command.exit(60);
      return new Done(status, command.said(), command.complained());
    }
  }

  private Done ask(String... arguments) throws IOException, InterruptedException {
    String[] all = Arrays.copyOf(arguments, arguments.length + 2);
    all[arguments.length] = "--socket";
    all[arguments.length + 1] = Launched.socket(home).toString();
    return run(List.of(), all);
  }

  @Test
  void aJavaThatIsTooOldIsNamed() throws IOException, InterruptedException {
    Path launcher = Files.copy(Path.of("../lanyard"), home.resolve("lanyard"));
    Path java = Files.createDirectories(home.resolve("old/bin")).resolve("java");
    Files.writeString(java, "#!/bin/sh\nexit 3\n");
    assertThat(java.toFile().setExecutable(true)).isTrue();
    Files.writeString(home.resolve("old/release"), "JAVA_VERSION=\"17.0.9\"\n");
    var _ = Files.createDirectories(home.resolve("lib"));
    ProcessBuilder command = new ProcessBuilder("bash", launcher.toString(), "status");
    command.environment().put("LANYARD_JAVA", java.toString());
    Process process = command.redirectErrorStream(true).start();
    assertThat(new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
        .isEqualTo(
            "lanyard: LANYARD_JAVA is %s of JDK 17, and JDK 25 or later is needed\n"
                .formatted(java));
    assertThat(process.waitFor()).isEqualTo(1);
  }

  @Test
  void everyListIsATableAndJson() throws IOException, InterruptedException {
    try (Launched _ = Launched.daemon(home, UNPRIVILEGED, SMALL)) {
      for (String noun : List.of("network", "port", "lease", "flow", "forward", "guest")) {
        Done table = ask(noun, "ls");
        assertThat(table.status()).as(table.err()).isZero();
        assertThat(table.out()).matches("(?s)[A-Z][A-Z0-9 ]+\n.*");
        Done json = ask(noun, "ls", "--json");
        assertThat(Launched.JSON.readTree(json.out()).isArray()).as(json.out()).isTrue();
      }
      assertThat(Launched.JSON.readTree(ask("status", "--json").out()).path("ready").asBoolean())
          .isTrue();
      assertThat(ask("dump").out()).contains("└─ network a mode=nat");
      assertThat(ask("network", "show", "a").out()).contains("subnet          10.9.8.0/24");
      assertThat(ask("port", "show", "a/gateway").out()).contains("received frames");
      Done unknown = ask("network", "show", "b");
      assertThat(unknown.status()).isEqualTo(1);
      assertThat(unknown.err()).contains("there is no network b", "network ls");
    }
  }

  @Test
  @SuppressWarnings("try") // the address is free before the test ends
  void aProblemIsToldToScriptsAndCountedInTheTable() throws IOException, InterruptedException {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      String forward =
          "version: 1\n"
              + "networks: {a: {mode: nat, ipv4: {subnet: 10.9.8.0/24}, forwards: [{protocol: tcp,"
              + " listen: '127.0.0.1:%d', to: '10.9.8.5:80'}]}}\n".formatted(taken.getLocalPort());
      try (Launched _ = Launched.daemon(home, UNPRIVILEGED, forward)) {
        Done status = ask("status");
        assertThat(status.status()).isEqualTo(3);
        assertThat(status.out()).contains("problem        a: forward tcp/127.0.0.1:");
        assertThat(ask("status", "--json").status()).isEqualTo(3);
        assertThat(ask("network", "ls").out().lines().skip(1))
            .singleElement()
            .asString()
            .endsWith(" 1");
        assertThat(ask("network", "show", "a").out())
            .contains("problems\n  forward tcp/127.0.0.1:");
        taken.close();
        Await.until(() -> ask("status").status() == 0);
      }
    }
  }

  /** 4,000 connections' buffers, freed, were 430 MB resident without, and 170 MB with it. */
  @Test
  void theDaemonGivesFreedBuffersBackToTheSystem() throws IOException, InterruptedException {
    try (Launched daemon = Launched.daemon(home, UNPRIVILEGED, SMALL)) {
      Path environment = Path.of("/proc/" + daemon.process.pid() + "/environ");
      assertThat(Files.readString(environment, StandardCharsets.ISO_8859_1).split("\0", -1))
          .contains("MALLOC_MMAP_THRESHOLD_=1048576");
    }
  }

  @Test
  void aHangupReadsTheFileAgainAndATermEndsIt() throws IOException, InterruptedException {
    try (Launched daemon = Launched.daemon(home, UNPRIVILEGED, SMALL)) {
      awaitSaid(daemon, "event=ready ");
      Path file = home.resolve("lanyard.yaml");
      Files.writeString(file, SMALL.replace("}}}\n", "}}, b: {mode: isolated}}\n"));
      daemon.signal("HUP");
      awaitSaid(daemon, "event=configuration-changed revision=\"1\" who=\"SIGHUP\"");
      assertThat(Launched.client(home).status().value().networks()).isEqualTo(2);
      Files.writeString(file, "nonsense");
      daemon.signal("HUP");
      awaitSaid(daemon, "event=reload-refused");
      assertThat(Launched.client(home).status().value().networks()).isEqualTo(2);
      daemon.signal("TERM");
      assertThat(daemon.exit(60)).isEqualTo(143);
      assertThat(Launched.socket(home)).doesNotExist();
    }
  }

  private static void awaitSaid(Launched daemon, String text)
      throws IOException, InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (!daemon.complained().contains(text)) {
      assertThat(daemon.process.isAlive()).as(daemon.complained()).isTrue();
      assertThat(System.nanoTime()).as(daemon.complained()).isLessThan(deadline);
      TimeUnit.MILLISECONDS.sleep(10);
    }
  }

  @Test
  void aSocketOfAnotherUserSaysWhose() throws IOException, InterruptedException {
    try (Launched _ = Launched.daemon(home, List.of(), SMALL)) {
      List<String> nobody = List.of("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups");
      Done hidden = run(nobody, "status", "--socket", Launched.socket(home).toString());
      assertThat(hidden.status()).isEqualTo(1);
      assertThat(hidden.err()).contains("may not look into " + home.resolve("run"));
      for (Path directory : List.of(home, home.resolve("run"))) {
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
      }
      Done refused = run(nobody, "status", "--socket", Launched.socket(home).toString());
      assertThat(refused.status()).isEqualTo(1);
      assertThat(refused.err()).contains("may not talk to the daemon").contains("group");
    }
  }

  @Test
  void aCommandDoesNotTalkToWhatAnotherUserPutInItsDaemonsPlace()
      throws IOException, InterruptedException {
    Files.setPosixFilePermissions(home, PosixFilePermissions.fromString("rwx--x--x"));
    Path temporary = Files.createDirectory(home.resolve("tmp"));
    Path place = Files.createDirectory(temporary.resolve("lanyard-65534"));
    Files.writeString(place.resolve("api.sock"), "");
    Files.setAttribute(place, "unix:uid", 65_533);
    for (Path directory : List.of(temporary, place)) {
      Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
    }
    List<String> nobody =
        List.of(
            "setpriv",
            "--reuid=65534",
            "--regid=65534",
            "--clear-groups",
            "env",
            "-u",
            "XDG_RUNTIME_DIR",
            "LANYARD_JVM_FLAGS=-Djava.io.tmpdir=" + temporary);
    Done done = run(nobody, "status");
    assertThat(done.status()).isEqualTo(1);
    assertThat(done.err())
        .contains("cannot be trusted: it belongs to another user, number 65533", "--socket");
  }

  @Test
  void aResultForAFullDiskFails() throws IOException, InterruptedException {
    List<String> full = List.of("bash", "-c", "exec \"$0\" \"$@\" >/dev/full");
    for (String command : List.of("--version", "--help", "check --schema", "completion")) {
      Done done = run(full, command.split(" "));
      assertThat(done.status()).as(command).isEqualTo(1);
      assertThat(done.err())
          .isEqualTo("lanyard: cannot write standard output: No space left on device\n");
    }
    assertThat(
            run(
                List.of("bash", "-c", "\"$0\" \"$@\" | head -1; exit ${PIPESTATUS[0]}"),
                "completion"))
        .extracting(Done::status, Done::err)
        .containsExactly(0, "");
  }

  @Test
  void aFileWithAnUmlautIsReadInTheCLocaleToo() throws IOException, InterruptedException {
    String file = Files.writeString(home.resolve("small.yaml"), SMALL).toString();
    // By bash, because the JVM of the tests may not be able to name the file either.
    String script =
        "f=\"$3/gr\"$'\\303\\274'\"n.yaml\"; cp \"$2\" \"$f\" && exec \"$0\" \"$1\" \"$f\"";
    List<String> before = List.of("env", "-u", "LC_CTYPE", "LC_ALL=C", "bash", "-c", script);
    Done done = run(before, "check", file, home.toString());
    assertThat(done.status()).as(done.err()).isZero();
    assertThat(done.out()).contains("good, networks 1");
  }

  @Test
  void aDirectoryThatSomebodyElseMadeIsNotUsed() throws IOException, InterruptedException {
    Path config = Files.writeString(home.resolve("l.yaml"), SMALL);
    Path shared = Files.createDirectory(home.resolve("shared"));
    Files.setPosixFilePermissions(shared, PosixFilePermissions.fromString("rwxrwxrwx"));
    Path squatted = Files.createDirectory(shared.resolve("run"));
    Files.setAttribute(squatted, "unix:uid", 65_534);
    Done done =
        run(
            List.of(),
            "daemon",
            "--config",
            config.toString(),
            "--state-dir",
            home.resolve("state").toString(),
            "--runtime-dir",
            squatted.toString());
    assertThat(done.status()).isEqualTo(1);
    assertThat(done.err()).contains("it belongs to another user, number 65534", "--runtime-dir");
  }

  @Test
  void aFullHeapEndsTheDaemonForItsSupervisorToStartAnew()
      throws IOException, InterruptedException {
    Path plugins = Files.createDirectory(home.resolve("plugins"));
    Class<?> greedy = GreedyVmmProvider.class;
    String file = greedy.getName().replace('.', '/') + ".class";
    try (JarOutputStream jar =
            new JarOutputStream(Files.newOutputStream(plugins.resolve("greedy.jar")));
        InputStream bytes = greedy.getResourceAsStream("/" + file)) {
      jar.putNextEntry(new ZipEntry("META-INF/services/" + VmmProvider.class.getName()));
      jar.write(greedy.getName().getBytes(StandardCharsets.US_ASCII));
      jar.putNextEntry(new ZipEntry(file));
      Objects.requireNonNull(bytes).transferTo(jar);
    }
    Path config =
        Files.writeString(
            home.resolve("l.yaml"),
            SMALL
                + "guests: {g: {vmm: greedy, memory: 1M, kernel: "
                + home.resolve("l.yaml")
                + "}}\n");
    try (Launched daemon =
        Launched.start(
            home,
            UNPRIVILEGED,
            "daemon",
            "--config",
            config.toString(),
            "--plugins",
            plugins.toString(),
            "--state-dir",
            home.resolve("state").toString(),
            "--runtime-dir",
            home.resolve("run").toString())) {
      assertThat(daemon.exit(60)).as(daemon.complained()).isEqualTo(3);
      assertThat(daemon.said() + daemon.complained()).contains("Java heap space");
    }
  }

  /** A checkout with a source newer than what is built, and a Maven that would leave a trace. */
  private Path changedCheckout(Path built) throws IOException {
    Path checkout = Files.createDirectory(home.resolve("checkout"));
    Files.copy(Path.of("../lanyard"), checkout.resolve("lanyard"), COPY_ATTRIBUTES);
    Files.createDirectories(checkout.resolve("cli/src/main"));
    Files.createDirectories(checkout.resolve("cli/target/lanyard"));
    Files.createSymbolicLink(checkout.resolve("cli/target/lanyard/lib"), built.toAbsolutePath());
    Files.writeString(checkout.resolve("cli/src/main/New.java"), "class New {}");
    Path tools = Files.createDirectory(home.resolve("tools"));
    Path maven = tools.resolve("mvn");
    Files.writeString(maven, "#!/bin/sh\ntouch " + home.resolve("built") + "\nexit 1\n");
    Files.setPosixFilePermissions(maven, PosixFilePermissions.fromString("rwxr-xr-x"));
    return checkout.resolve("lanyard");
  }

  private Done runThere(Path launcher, String command) throws IOException, InterruptedException {
    String script =
        "unset LANYARD_NO_BUILD; PATH=%s:$PATH exec %s %s"
            .formatted(home.resolve("tools"), launcher, command);
    // The launcher of this checkout becomes $0 of a shell that runs the other one.
    return run(List.of("bash", "-c", script));
  }

  @Test
  void aCommandOfAClientBuildsNothing() throws IOException, InterruptedException {
    Path launcher = changedCheckout(Path.of("target/lanyard/lib"));
    Done done = runThere(launcher, "--version");
    assertThat(done.status()).as(done.err()).isZero();
    assertThat(home.resolve("built")).doesNotExist();
    Done daemon = runThere(launcher, "daemon --help");
    assertThat(daemon.err()).contains("the build failed");
    assertThat(home.resolve("built")).exists();
  }

  @Test
  void aCommandWithoutABuildMakesOneAndSaysWhenThatFails()
      throws IOException, InterruptedException {
    Done done = runThere(changedCheckout(home.resolve("nothing")), "status");
    assertThat(done.status()).isEqualTo(1);
    assertThat(done.err()).contains("building...", "the build failed", "mvn package");
    assertThat(home.resolve("built")).exists();
  }

  @Test
  void theBuildLeavesItsStamp() {
    assertThat(Path.of("target/lanyard/lib/.built")).isRegularFile();
  }

  /** The JVM runs what such a cache holds, and root writes where a user can put a link. */
  @Test
  void rootKeepsNoCacheInTheHomeOfAnotherUser() throws IOException, InterruptedException {
    Path users = Files.createDirectory(home.resolve("user"));
    Files.setAttribute(users, "unix:uid", 65_534);
    List<String> kept =
        List.of("env", "-u", "CACHE_DIRECTORY", "-u", "XDG_CACHE_HOME", "HOME=" + users);
    Done done = run(kept, "--version");
    assertThat(done.status()).as(done.err()).isZero();
    try (Stream<Path> made = Files.list(users)) {
      assertThat(made).isEmpty();
    }
  }

  @Test
  void aHostWithoutInterfacesIsNoReasonToWarn() throws IOException, InterruptedException {
    List<String> alone =
        List.of("unshare", "--net", "sh", "-c", "ip link set lo up && exec \"$@\"", "sh");
    try (Launched daemon = Launched.daemon(home, alone, SMALL)) {
      assertThat(daemon.complained()).contains("event=ready ").doesNotContain("WARN");
    }
  }

  @Test
  void aSocketThatADeadDaemonLeftSaysHowToStartOne() throws IOException, InterruptedException {
    try (Launched daemon = Launched.daemon(home, List.of(), SMALL)) {
      daemon.signal("KILL");
      assertThat(daemon.exit(60)).isEqualTo(137);
    }
    Done refused = ask("status");
    assertThat(refused.status()).isEqualTo(1);
    assertThat(refused.err()).contains("no daemon answers").contains("lanyard daemon");
    try (Launched _ = Launched.daemon(home, List.of(), SMALL)) {
      assertThat(ask("status").status()).isZero();
    }
  }

  @Test
  void aCaptureEndsWholeOnCtrlC() throws IOException, InterruptedException {
    Path file = home.resolve("c.pcapng");
    try (Launched _ = Launched.daemon(home, UNPRIVILEGED, SMALL);
        Launched capture =
            Launched.start(
                home,
                List.of(),
                "capture",
                "a",
                "-w",
                file.toString(),
                "--socket",
                Launched.socket(home).toString())) {
      Await.until(() -> capture.complained(), () -> Files.exists(file) && Files.size(file) != 0);
      capture.signal("INT");
      assertThat(capture.exit(60)).as(capture.complained()).isZero();
    }
  }

  @Test
  void aDaemonEndsWithItsInputWhenItIsToldTo() throws IOException, InterruptedException {
    Path config = Files.writeString(home.resolve("l.yaml"), SMALL);
    try (Launched daemon =
        Launched.start(
            home,
            List.of(),
            "daemon",
            "--while-input",
            "--config",
            config.toString(),
            "--state-dir",
            home.resolve("state").toString(),
            "--runtime-dir",
            home.resolve("run").toString())) {
      daemon.process.getOutputStream().close();
      assertThat(daemon.exit(60)).as(daemon.complained()).isZero();
      assertThat(daemon.complained()).contains("event=ready ", "event=stopped");
    }
  }

  /** The main job: what "lanyard demo" shows has to hold, without any privilege. */
  @Test
  void theDemoHoldsAndLeavesNothingBehind() throws IOException, InterruptedException {
    Path temporary = Files.createDirectory(home.resolve("tmp"));
    List<String> before = new ArrayList<>(UNPRIVILEGED);
    before.addAll(List.of("env", "LANYARD_JVM_FLAGS=-Djava.io.tmpdir=" + temporary));
    String images = Path.of("target/images").toAbsolutePath().toString();
    try (Launched demo = Launched.start(home, before, "demo", "--json", "--images", images)) {
      int status = demo.exit(280);
      JsonNode report = Launched.JSON.readTree(demo.said());
      assertThat(status).as(report + demo.complained()).isZero();
      assertThat(report.path("held").asBoolean()).isTrue();
      assertThat(report.path("checks").findValuesAsText("name"))
          .hasSize(9)
          .contains("power-off by SBI", "leases survive kill -9 of the daemon");
      assertThat(report.path("checks").findValuesAsText("held")).containsOnly("true");
    }
    try (Stream<Path> left = Files.list(temporary)) {
      assertThat(left).isEmpty();
    }
  }
}
