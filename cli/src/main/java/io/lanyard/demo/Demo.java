package io.lanyard.demo;

import io.lanyard.control.api.GuestInfo;
import io.lanyard.control.api.LeaseInfo;
import io.lanyard.image.ImageStore;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.HttpURLConnection;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Shows that Lanyard works: a guest boots, gets its address, reaches the world and is reached.
 *
 * <p>Thread: one; {@link #close} also from a shutdown hook.
 */
public final class Demo implements AutoCloseable {
  /** The image that the guest boots. */
  public static final String IMAGE = "debian-13-netboot";

  private static final String GUEST = "demo";
  private static final String GATEWAY = "192.168.127.2";

  /** Several times what a slow host needs; past it something hangs. */
  private static final int BOOT_SECONDS = 240;

  private static final int STEP_SECONDS = 120;
  private static final int READY_SECONDS = 30;

  private static final Pattern PROMPT = Pattern.compile("lanyard: ready after [^#]*# ");
  private static final Pattern LEASE =
      Pattern.compile("lease of ([0-9.]+) obtained from ([0-9.]+)");
  private static final Pattern RESOLVED = Pattern.compile("PING gateway.lan \\(([0-9.]+)\\)");

  private final ImageStore images;
  private final Consumer<String> screen;
  private final Consumer<Check> ticks;
  private final List<Check> checks = new ArrayList<>();
  private final Path home;
  private @Nullable DemoDaemon daemon;
  private @Nullable WebServer web;
  private volatile boolean closed;
  private String leased = "";

  /**
   * Prepares a demo.
   *
   * @param images where the image is
   * @param screen is shown the guest's console
   * @param ticks hears of each check as it ends
   * @throws IOException if no temporary directory can be made
   */
  public Demo(ImageStore images, Consumer<String> screen, Consumer<Check> ticks)
      throws IOException {
    this.images = images;
    this.screen = screen;
    this.ticks = ticks;
    // A socket's path has to be short: 107 bytes at most.
    this.home = Files.createTempDirectory("lanyard-demo-");
  }

  /** Something to check; says what it saw, or throws. */
  @FunctionalInterface
  private interface Step {
    String check() throws IOException, DemoException, InterruptedException;
  }

  private boolean check(String name, Step step) throws InterruptedException {
    long began = System.nanoTime();
    String detail;
    boolean held = true;
    try {
      detail = step.check();
    } catch (IOException | DemoException e) {
      held = false;
      detail = String.valueOf(e.getMessage());
    }
    if (closed) {
      // Ctrl-C: what fails now fails because of that.
      throw new InterruptedException("the demo was ended");
    }
    Check check = new Check(name, held, detail, (System.nanoTime() - began) / 1e9);
    checks.add(check);
    ticks.accept(check);
    return held;
  }

  /**
   * Runs the demo.
   *
   * @return what was checked, in order; a check that a failed one makes impossible is not there
   * @throws IOException if the host cannot give what the demo needs
   * @throws InterruptedException if the thread is interrupted
   */
  public List<Check> run() throws IOException, InterruptedException {
    WebServer server = new WebServer();
    web = server;
    int port = freePort();
    Path config = home.resolve("lanyard.yaml");
    Files.writeString(config, configuration(port, true));
    boolean running = check("daemon ready", () -> start(config)) && boot(server, port);
    if (running) {
      Files.writeString(config, configuration(port, false));
      check("leases survive kill -9 of the daemon", () -> killAndLook(config));
    }
    return List.copyOf(checks);
  }

  private String start(Path config) throws IOException, DemoException, InterruptedException {
    DemoDaemon started = new DemoDaemon(home, config, images.directory());
    daemon = started;
    started.awaitReady(READY_SECONDS);
    return started.client().status().value().residentBytes() / (1 << 20) + " MB resident";
  }

  private DemoDaemon daemon() throws DemoException {
    DemoDaemon running = daemon;
    if (running == null) {
      throw new DemoException("the daemon does not run");
    }
    return running;
  }

  private boolean boot(WebServer server, int port) throws IOException, InterruptedException {
    GuestShell[] attached = new GuestShell[1];
    try {
      boolean up =
          check(
              "guest boots to its shell",
              () -> {
                GuestShell shell = attach();
                attached[0] = shell;
                String text = shell.await(PROMPT, BOOT_SECONDS);
                Matcher uptime = Pattern.compile("ready after ([0-9.]+) s").matcher(text);
                double processor = daemon().client().guests().get(GUEST).value().processorSeconds();
                return (uptime.find() ? "kernel says " + uptime.group(1) + " s, " : "")
                    + String.format(Locale.ROOT, "%.1f s of processor", processor);
              });
      GuestShell shell = attached[0];
      if (!up || shell == null) {
        return false;
      }
      if (check("lease by the guest's udhcpc", () -> lease(shell))) {
        check("ping of the gateway", () -> ping(shell));
        check("name resolved by our DNS", () -> resolve(shell));
        check("20 MB fetched through the NAT, SHA-256", () -> fetch(shell, server));
        check("guest's httpd reached by a forward", () -> reach(shell, port));
      }
      check("power-off by SBI", () -> powerOff(shell));
      return true;
    } finally {
      if (attached[0] != null) {
        attached[0].close();
      }
    }
  }

  private GuestShell attach() throws IOException, DemoException, InterruptedException {
    DemoDaemon running = daemon();
    // The guests are started after the API answers.
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(READY_SECONDS);
    GuestInfo guest = running.client().guests().get(GUEST).value();
    while (!guest.state().equals("running")) {
      boolean failed = running.client().status().value().ready() && guest.state().equals("failed");
      if (failed || System.nanoTime() > deadline) {
        throw new DemoException("the guest is " + guest.state() + ": " + guest.reason());
      }
      TimeUnit.MILLISECONDS.sleep(20);
      guest = running.client().guests().get(GUEST).value();
    }
    return new GuestShell(running.client().guests().console(GUEST), screen);
  }

  private String lease(GuestShell shell) throws IOException, DemoException, InterruptedException {
    GuestShell.Result result = shell.run("udhcpc -i eth0 -n -q -x hostname:" + GUEST, STEP_SECONDS);
    Matcher lease = LEASE.matcher(result.output());
    expect(result.succeeded() && lease.find(), "udhcpc got no lease", result);
    leased = lease.group(1);
    for (LeaseInfo known : leases()) {
      if (known.address().equals(leased) && known.state().equals("bound")) {
        return leased + " from " + lease.group(2);
      }
    }
    throw new DemoException("the daemon does not know the lease of " + leased);
  }

  private static String ping(GuestShell shell)
      throws IOException, DemoException, InterruptedException {
    GuestShell.Result result = shell.run("ping -c 3 " + GATEWAY, STEP_SECONDS);
    expect(result.succeeded() && result.output().contains(" 0% packet loss"), "lost pings", result);
    Matcher times = Pattern.compile("= [0-9.]+/([0-9.]+)/").matcher(result.output());
    return "3 of 3" + (times.find() ? ", on average " + times.group(1) + " ms" : "");
  }

  private static String resolve(GuestShell shell)
      throws IOException, DemoException, InterruptedException {
    GuestShell.Result result = shell.run("ping -c 1 gateway.lan", STEP_SECONDS);
    Matcher resolved = RESOLVED.matcher(result.output());
    expect(resolved.find() && resolved.group(1).equals(GATEWAY), "not resolved", result);
    return "gateway.lan is " + resolved.group(1);
  }

  private static String fetch(GuestShell shell, WebServer server)
      throws IOException, DemoException, InterruptedException {
    String url = "http://host.lan:" + server.port() + "/file";
    long began = System.nanoTime();
    GuestShell.Result fetched = shell.run("wget -q -O /tmp/file " + url, STEP_SECONDS);
    double seconds = (System.nanoTime() - began) / 1e9;
    expect(fetched.succeeded(), "wget failed", fetched);
    GuestShell.Result summed = shell.run("sha256sum /tmp/file; rm /tmp/file", STEP_SECONDS);
    expect(summed.output().contains(server.sha256()), "the SHA-256 differs", summed);
    return String.format(
        Locale.ROOT,
        "%d bytes equal, %.1f MB/s",
        WebServer.FILE_BYTES,
        WebServer.FILE_BYTES / 1e6 / seconds);
  }

  private static String reach(GuestShell shell, int port)
      throws IOException, DemoException, InterruptedException {
    String word = "hello-" + Long.toHexString(System.nanoTime());
    GuestShell.Result served =
        shell.run("echo " + word + " >/var/log/hello.txt; httpd", STEP_SECONDS);
    expect(served.succeeded(), "httpd did not start", served);
    URI page = URI.create("http://127.0.0.1:" + port + "/hello.txt");
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
    while (true) {
      try {
        HttpURLConnection connection = (HttpURLConnection) page.toURL().openConnection();
        connection.setConnectTimeout(5000);
        connection.setReadTimeout(5000);
        try (InputStream in = connection.getInputStream()) {
          String body = new String(in.readAllBytes(), StandardCharsets.UTF_8).strip();
          if (!body.equals(word)) {
            throw new DemoException("the guest's page is \"" + body + "\", not \"" + word + "\"");
          }
          return "127.0.0.1:" + port + " led to the guest's page";
        }
      } catch (IOException e) {
        // httpd listens a moment after the shell has its prompt back.
        if (System.nanoTime() > deadline) {
          throw e;
        }
        TimeUnit.MILLISECONDS.sleep(200);
      }
    }
  }

  private String powerOff(GuestShell shell)
      throws IOException, DemoException, InterruptedException {
    shell.type("poweroff -f");
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(STEP_SECONDS);
    while (true) {
      GuestInfo guest = daemon().client().guests().get(GUEST).value();
      if (guest.state().equals("stopped")) {
        return guest.reason();
      }
      if (System.nanoTime() > deadline || guest.state().equals("failed")) {
        throw new DemoException("the guest is " + guest.state() + ": " + guest.reason());
      }
      TimeUnit.MILLISECONDS.sleep(20);
    }
  }

  private List<LeaseInfo> leases() throws IOException, DemoException {
    return daemon().client().networks().leases("").value();
  }

  private String killAndLook(Path config) throws IOException, DemoException, InterruptedException {
    List<LeaseInfo> before = leases();
    if (before.isEmpty()) {
      throw new DemoException("there was no lease to lose");
    }
    daemon().kill();
    start(config);
    List<LeaseInfo> after = leases();
    if (!after.equals(before)) {
      throw new DemoException("before: " + before + ", after: " + after);
    }
    return before.size() + " lease, " + leased + ", still there";
  }

  private static void expect(boolean held, String what, GuestShell.Result result)
      throws DemoException {
    if (!held) {
      String output = result.output().strip();
      throw new DemoException(
          what
              + " (status "
              + result.status()
              + "): "
              + output.substring(Math.max(0, output.length() - 300)).replace("\n", " | "));
    }
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  private static String configuration(int port, boolean autostart) {
    return """
    version: 1
    networks:
      vmnet8:
        mode: nat
        ipv4: {subnet: 192.168.127.0/24}
        dns: {domain: lan}
        nat: {host-loopback: true}
        forwards:
          - {protocol: tcp, listen: "127.0.0.1:%d", to: "%s:80"}
    guests:
      %s:
        vmm: lanyard
        memory: 256M
        image: %s-slim
        autostart: %s
        stop-timeout: 0s
        nics: [{network: vmnet8}]
    """
        .formatted(port, GUEST, GUEST, IMAGE, autostart);
  }

  /** Ends the daemon, if it runs, and removes the temporary directory. */
  @Override
  public synchronized void close() {
    closed = true;
    DemoDaemon running = daemon;
    daemon = null;
    if (running != null) {
      running.close();
    }
    WebServer server = web;
    web = null;
    if (server != null) {
      server.close();
    }
    if (!Files.isDirectory(home)) {
      return;
    }
    try (Stream<Path> files = Files.walk(home)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    } catch (IOException | UncheckedIOException e) {
      System.err.println("lanyard: cannot remove " + home + ": " + e.getMessage());
    }
  }
}
