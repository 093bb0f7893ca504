package io.lanyard.daemon.change;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.testing.Await;
import io.lanyard.testing.HostCommand;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Connections of iperf3 at full speed, each one for as long as the test runs, between namespaces
 * that are guests of the {@link BusyNetwork}, and between them and the host.
 */
final class IperfTraffic implements AutoCloseable {
  /** A line of each interval: {@code [ 5] 1.00-1.10 sec 11.2 MBytes 941 Mbits/sec ...}. */
  private static final Pattern INTERVAL =
      Pattern.compile("\\[ *\\d+] +([0-9.]+)-([0-9.]+) +sec +([0-9.]+) [KMGT]?Bytes .*");

  /**
   * The most that a connection may stand, in s: TCP has repeated what is lost four times by then,
   * and a busy machine has given it a processor.
   */
  private static final double STANDS = 5;

  private final Path directory;
  private final String left;
  private final String right;
  private final List<Process> processes = new ArrayList<>();
  private final List<Path> clients = new ArrayList<>();

  /**
   * Makes the namespaces.
   *
   * @param directory for the processes' output
   */
  IperfTraffic(Path directory) throws Exception {
    String own = "-" + ProcessHandle.current().pid() % 100_000;
    this.directory = directory;
    this.left = "lylivel" + own;
    this.right = "lyliver" + own;
    for (String namespace : List.of(left, right)) {
      HostCommand.run("ip", "netns", "add", namespace);
      HostCommand.run("ip", "-n", namespace, "link", "set", "lo", "up");
    }
  }

  String left() {
    return left;
  }

  String right() {
    return right;
  }

  private static String in(String namespace, String command) throws Exception {
    List<String> all = new ArrayList<>(List.of("ip", "netns", "exec", namespace));
    all.addAll(Arrays.asList(command.split(" ")));
    return HostCommand.run(all.toArray(String[]::new));
  }

  /** Gets a lease for the left guest, or renews it, and returns its address. */
  String lease() throws Exception {
    HostCommand.run("ip", "-n", left, "link", "set", "t0", "up");
    String said = in(left, "udhcpc -i t0 -n -q -f -t 10 -T 2 -s /bin/true");
    Matcher address = Pattern.compile("lease of ([0-9.]+) obtained").matcher(said);
    assertThat(address.find()).as(said).isTrue();
    return address.group(1);
  }

  /**
   * Begins.
   *
   * @param address the left guest's
   * @param forward the port of the host that leads to port 5202 of the right one
   * @param server a free port of the host's loopback
   */
  void start(String address, int forward, int server) throws Exception {
    address(left, address);
    address(right, BusyNetwork.RIGHT);
    serve(right, "iperf3 -s -p 5201");
    serve(right, "iperf3 -s -p 5202");
    serve("", "iperf3 -s -B 127.0.0.1 -p " + server);
    load(left, "iperf3 -c " + BusyNetwork.RIGHT + " -p 5201");
    load(left, "iperf3 -c " + BusyNetwork.HOST + " -p " + server);
    load("", "iperf3 -c 127.0.0.1 -p " + forward);
  }

  private static void address(String namespace, String address) throws Exception {
    HostCommand.run("ip", "-n", namespace, "link", "set", "t0", "up");
    HostCommand.run("ip", "-n", namespace, "address", "add", address + "/24", "dev", "t0");
  }

  private Path begin(String namespace, String command) throws IOException {
    List<String> all = new ArrayList<>();
    if (!namespace.isEmpty()) {
      all.addAll(List.of("ip", "netns", "exec", namespace));
    }
    all.addAll(Arrays.asList(command.split(" ")));
    Path said = directory.resolve("iperf-" + processes.size());
    ProcessBuilder builder = new ProcessBuilder(all).redirectErrorStream(true);
    processes.add(builder.redirectOutput(said.toFile()).start());
    return said;
  }

  private void serve(String namespace, String command) throws Exception {
    await(begin(namespace, command + " --forceflush"), "Server listening");
  }

  private void load(String namespace, String command) throws Exception {
    Path said = begin(namespace, command + " -t 86400 -i 0.1 --forceflush");
    await(said, "sec");
    clients.add(said);
  }

  private static void await(Path file, String text) throws Exception {
    Await.until(() -> Files.readString(file), () -> Files.readString(file).contains(text));
  }

  /** Waits until more has come by each connection; fails if one has ended or has stood. */
  void assertAllGoOn() throws IOException {
    for (Path client : clients) {
      double before = transferred(client);
      Await.until(
          this::said,
          () -> {
            assertThat(processes).as(said()).allMatch(Process::isAlive);
            return transferred(client) > before;
          });
    }
  }

  /** The end of the last interval of a client in which something came, in s since its begin. */
  private static double transferred(Path client) throws IOException {
    double last = 0;
    for (String line : Files.readAllLines(client)) {
      Matcher interval = INTERVAL.matcher(line);
      if (interval.matches()) {
        double end = Double.parseDouble(interval.group(2));
        assertThat(end - last).as("standing for so long: %s", line).isLessThan(STANDS);
        last = Double.parseDouble(interval.group(3)) > 0 ? end : last;
      }
    }
    return last;
  }

  /** The last line of each client, for people. */
  List<String> speeds() throws IOException {
    List<String> all = new ArrayList<>();
    for (Path client : clients) {
      all.add(Files.readAllLines(client).getLast().strip());
    }
    return all;
  }

  private String said() throws IOException {
    StringBuilder all = new StringBuilder();
    for (int i = 0; i < processes.size(); i++) {
      String text = Files.readString(directory.resolve("iperf-" + i));
      all.append(text.substring(Math.max(0, text.length() - 500))).append("\n--\n");
    }
    return all.toString();
  }

  @Override
  public void close() throws IOException {
    for (Process process : processes) {
      process.destroyForcibly().onExit().join();
    }
    for (String namespace : List.of(left, right)) {
      Process removal = new ProcessBuilder("ip", "netns", "del", namespace).inheritIO().start();
      assertThat(removal.onExit().join().exitValue()).as(namespace).isZero();
    }
  }
}
