package io.lanyard.control;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.control.client.HttpClient;
import io.lanyard.testing.FreePorts;
import io.lanyard.testing.MemoryDirectory;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Two operators who change the same at once do not undo each other's work unknowingly. */
@Timeout(240)
final class TwoOperatorsTest {
  private static final int ROUNDS = 8;

  private static final String NAT = "{\"mode\": \"nat\", \"ipv4\": {\"subnet\": \"10.9.8.0/24\"}}";

  @TempDir(factory = MemoryDirectory.class)
  Path home;

  private ServedDaemon served;
  private HttpClient client;
  private final ExecutorService operators = Executors.newCachedThreadPool();

  @BeforeEach
  void open() throws Exception {
    served = ServedDaemon.open(home, "version: 1\nnetworks: {a: {mode: isolated}}\n");
    client = served.client();
  }

  @AfterEach
  void close() {
    operators.shutdownNow();
    served.close();
  }

  private int send(String method, String target, String tag, String body) throws IOException {
    Map<String, String> headers = tag.isEmpty() ? Map.of() : Map.of("If-Match", tag);
    try (HttpClient.Answer answer = client.send(method, target, headers, body.getBytes(UTF_8))) {
      return answer.status();
    }
  }

  private String tag() throws IOException {
    return tag("/v1/config");
  }

  private String tag(String target) throws IOException {
    try (HttpClient.Answer answer = client.send("GET", target)) {
      assertThat(answer.status()).as(target).isEqualTo(200);
      return answer.headers().getOrDefault("etag", "");
    }
  }

  @Test
  void oneOfTwoChangesOfTheSameStateIsToldThatItIsLate() throws Exception {
    CyclicBarrier start = new CyclicBarrier(2);
    for (int round = 0; round < ROUNDS; round++) {
      String tag = tag();
      String name = "n" + round;
      List<Future<Integer>> both = new ArrayList<>();
      for (int mtu : new int[] {1400, 1300}) {
        Callable<Integer> change =
            () -> {
              start.await();
              String body = "{\"mode\": \"isolated\", \"mtu\": " + mtu + "}";
              return send("PUT", "/v1/networks/" + name, tag, body);
            };
        both.add(operators.submit(change));
      }
      assertThat(List.of(both.get(0).get(), both.get(1).get()))
          .as("round " + round)
          .containsExactlyInAnyOrder(200, 412);
      assertThat(send("DELETE", "/v1/networks/" + name, tag, "")).isEqualTo(412);
      assertThat(send("DELETE", "/v1/networks/" + name, tag(), "")).isEqualTo(200);
    }
  }

  /** Two values for each thing of a network that can be read and put. */
  private static final String[][] THINGS = {
    {"ports/p", "{\"kind\": \"qemu-stream\", \"path\": \"%d.sock\"}"},
    {
      "forwards/f",
      "{\"protocol\": \"udp\", \"listen\": \"127.0.0.1:PORT\", \"to\": \"10.9.8.9:8%d\"}"
    },
    {"reservations/52:54:00:00:00:10", "{\"address\": \"10.9.8.1%d\"}"},
    {"dns/printer", "\"10.9.8.%d\""},
    {"dns-records/www%2Ftxt%2Fx", "{\"txt\": \"x\", \"name\": \"www\"}"},
    {"egress", "{\"rules\": [{\"deny\": \"192.0.2.%d\"}]}"},
    {"nat", "{\"timeouts\": {\"tcp-established\": \"%dh\"}}"},
    {"dhcp", "{\"lease-time\": \"%dh\"}"},
  };

  @Test
  void oneOfTwoWhoHaveReadAThingIsToldThatTheOtherHasChangedIt() throws Exception {
    assertThat(send("PUT", "/v1/networks/b", "", NAT)).isEqualTo(200);
    CyclicBarrier start = new CyclicBarrier(2);
    String port = Integer.toString(FreePorts.one());
    for (String[] thing : THINGS) {
      String target = "/v1/networks/b/" + thing[0];
      String values = thing[1].replace("PORT", port);
      assertThat(send("PUT", target, tag("/v1/networks/b"), value(values, 3)))
          .as(target)
          .isEqualTo(200);
      String read = tag(target);
      List<Future<Integer>> both = new ArrayList<>();
      for (int value : new int[] {4, 5}) {
        Callable<Integer> change =
            () -> {
              start.await();
              return values.contains("%d")
                  ? send("PUT", target, read, value(values, value))
                  : send("DELETE", target, read, "");
            };
        both.add(operators.submit(change));
      }
      assertThat(List.of(both.get(0).get(), both.get(1).get()))
          .as(target)
          .containsExactlyInAnyOrder(200, 412);
    }
  }

  private static String value(String values, int number) {
    return values.replace("%d", Integer.toString(number));
  }

  @Test
  void whoReadsWhileNetworksAndGuestsGoSeesNoFailure() throws Exception {
    AtomicBoolean done = new AtomicBoolean();
    List<Future<Integer>> readers = new ArrayList<>();
    for (String target : new String[] {"/v1/networks", "/v1/flows", "/v1/guests", "/v1/dump"}) {
      Callable<Integer> reading =
          () -> {
            int worst = 0;
            while (!done.get()) {
              worst = Math.max(worst, send("GET", target, "", ""));
              worst = Math.max(worst, send("GET", "/v1/networks/b", "", ""));
            }
            return worst;
          };
      readers.add(operators.submit(reading));
    }
    for (int round = 0; round < ROUNDS; round++) {
      assertThat(send("PUT", "/v1/networks/b", "", NAT)).isEqualTo(200);
      String guest =
          "{\"vmm\": \"echo\", \"memory\": \"64M\", \"program\": \"/bin/true\","
              + " \"nics\": [{\"network\": \"b\"}]}";
      assertThat(send("PUT", "/v1/guests/g", "", guest)).isEqualTo(200);
      assertThat(send("DELETE", "/v1/guests/g?yes=true", "", "")).isEqualTo(200);
      assertThat(send("DELETE", "/v1/networks/b?yes=true", "", "")).isEqualTo(200);
    }
    done.set(true);
    for (Future<Integer> reader : readers) {
      assertThat(reader.get()).isLessThan(500);
    }
  }
}
