package io.lanyard.dns;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.nat.station.NameMemory;
import io.lanyard.nat.station.PortBudget;
import io.lanyard.nat.station.Stations;
import io.lanyard.nat.station.TestStations;
import io.lanyard.vswitch.InMemoryPort;
import io.lanyard.vswitch.Offloads;
import io.lanyard.vswitch.Port;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.xbill.DNS.DClass;
import org.xbill.DNS.Message;
import org.xbill.DNS.Name;
import org.xbill.DNS.Record;
import org.xbill.DNS.Section;
import org.xbill.DNS.TXTRecord;
import org.xbill.DNS.Type;

class ResponseCacheTest {
  private static final int ENTRIES = 100;
  private static final int BYTES = 1 << 20;

  private final ResponseCache cache =
      new ResponseCache(ENTRIES, BYTES, NameMemory.ample().share(true));
  private final Stations stations = TestStations.table();
  private final Port hostilePort = new InMemoryPort("hostile", Offloads.NONE);
  private final PortBudget hostile = stations.budget(hostilePort);
  private final PortBudget honest = port("honest");

  private PortBudget port(String name) {
    return stations.budget(new InMemoryPort(name, Offloads.NONE));
  }

  private static Question question(String name) throws IOException {
    return Question.recursive(Name.fromString(name + ".example."), Type.TXT);
  }

  /** Has a port ask for a name, of which the servers have texts of so many bytes. */
  private void put(PortBudget port, String name, int bytes) throws IOException {
    Question question = question(name);
    cache.put(question, response(question, bytes), port);
  }

  private static Response response(Question question, int bytes) throws IOException {
    Message message = new Message(7);
    message.addRecord(Record.newRecord(question.name(), Type.TXT, DClass.IN), Section.QUESTION);
    for (int i = 0; i < bytes; i += 200) {
      String text = "x".repeat(192) + String.format("%08d", i);
      message.addRecord(new TXTRecord(question.name(), DClass.IN, 300, text), Section.ANSWER);
    }
    return Response.of(message, question, 0);
  }

  private void put(PortBudget port, String name) throws IOException {
    put(port, name, 200);
  }

  private boolean has(String name) throws IOException {
    return cache.get(question(name), 1) != null;
  }

  private int count(String names, int number) throws IOException {
    int found = 0;
    for (int i = 0; i < number; i++) {
      found += has(names + i) ? 1 : 0;
    }
    return found;
  }

  @Test
  void aPortThatAsksForManyNamesLosesItsOwnAndNobodyElses() throws IOException {
    for (int i = 0; i < 20; i++) {
      put(honest, "honest" + i);
    }
    for (int i = 0; i < 10 * ENTRIES; i++) {
      put(hostile, "hostile" + i);
    }
    assertThat(count("honest", 20)).isEqualTo(20);
    assertThat(cache.entries()).isEqualTo(ENTRIES);
    assertThat(cache.evicted()).isEqualTo(20 + 9 * ENTRIES);
  }

  @Test
  void aPortThatFillsItWithLargeAnswersLosesItsOwnAndNobodyElses() throws IOException {
    for (int i = 0; i < 20; i++) {
      put(honest, "honest" + i);
    }
    for (int i = 0; i < 40; i++) {
      put(hostile, "hostile" + i, 50_000);
    }
    assertThat(count("honest", 20)).isEqualTo(20);
    assertThat(count("hostile", 40)).isLessThan(20);
    assertThat(cache.bytes()).isLessThanOrEqualTo(BYTES);
  }

  @Test
  void twoThatWantAllOfItHaveHalfEach() throws IOException {
    for (int i = 0; i < 10 * ENTRIES; i++) {
      put(hostile, "hostile" + i);
    }
    for (int i = 0; i < 10 * ENTRIES; i++) {
      put(honest, "honest" + i);
    }
    assertThat(count("hostile", 10 * ENTRIES)).isEqualTo(ENTRIES / 2);
    assertThat(count("honest", 10 * ENTRIES)).isEqualTo(ENTRIES / 2);
  }

  @Test
  void aPortKeepsWhatItUsedLast() throws IOException {
    for (int i = 0; i < ENTRIES; i++) {
      put(honest, "honest" + i);
    }
    assertThat(has("honest0")).isTrue();
    put(honest, "new");
    assertThat(has("honest0")).isTrue();
    assertThat(has("honest1")).isFalse();
  }

  @Test
  void askingForTheNamesOfAnotherDoesNotTakeThemOver() throws IOException {
    put(honest, "shared");
    put(hostile, "shared");
    for (int i = 0; i < 2 * ENTRIES; i++) {
      put(hostile, "hostile" + i);
    }
    assertThat(has("shared")).isTrue();
  }

  @Test
  void whatAPortHasLeftIsForTheOthersUntilThereIsNoRoomForIt() throws IOException {
    for (int i = 0; i < ENTRIES / 2; i++) {
      put(hostile, "left" + i);
    }
    cache.end(hostile);
    stations.release(hostilePort);
    put(hostile, "late");
    assertThat(has("late")).isFalse();
    put(honest, "left0");
    assertThat(count("left", ENTRIES / 2)).isEqualTo(ENTRIES / 2);
    for (int i = 0; i < ENTRIES - 1; i++) {
      put(honest, "honest" + i);
    }
    assertThat(count("left", ENTRIES / 2)).as("taken over by the port that is there").isOne();
    assertThat(count("honest", ENTRIES)).isEqualTo(ENTRIES - 1);
    put(honest, "more");
    assertThat(cache.entries()).isEqualTo(ENTRIES);
  }

  @Test
  void aPortThatComesBackAgainAndAgainHasNoMoreThanOthers() throws IOException {
    for (int i = 0; i < ENTRIES / 2; i++) {
      put(honest, "honest" + i);
    }
    for (int i = 0; i < 50; i++) {
      PortBudget again = port("again" + i);
      for (int k = 0; k < 10; k++) {
        put(again, "n" + i + "-" + k);
      }
      cache.end(again);
    }
    assertThat(count("honest", ENTRIES / 2)).isEqualTo(ENTRIES / 2);
  }

  private static final long HEAP = 256L << 20;
  private static final long HEAP_FOR_CACHES = HEAP / 32;

  private static ResponseCache ofNetwork(NameMemory memory) {
    return new ResponseCache(10_000, 8 << 20, memory.share(true));
  }

  /** Three guests ask for answers of a size until nothing more is kept. */
  private void flood(ResponseCache of, int bytes, int number) throws IOException {
    Response large = response(question("large"), bytes);
    for (int i = 0; i < number; i++) {
      of.put(question("hostile" + i), large, port("hostile" + i % 3));
    }
  }

  @Test
  void aNetworkByItselfKeepsMegabytesOfLargeAnswers() throws IOException {
    ResponseCache alone = ofNetwork(new NameMemory(HEAP));
    flood(alone, 56_000, 1_000);
    assertThat(alone.bytes()).isBetween(7L << 20, 8L << 20);
  }

  @Test
  void aDozenNetworksFullOfLargeAnswersHaveNoMoreThanThereIsAndLeaveTheLastItsPart()
      throws IOException {
    NameMemory memory = new NameMemory(HEAP);
    ResponseCache last = ofNetwork(memory);
    List<ResponseCache> all = new ArrayList<>(List.of(last));
    for (int i = 1; i < 12; i++) {
      all.add(ofNetwork(memory));
    }
    for (ResponseCache each : all.subList(1, 12)) {
      flood(each, 35_000, 1_000);
    }
    assertThat(all.stream().mapToLong(ResponseCache::bytes).sum()).isLessThan(HEAP_FOR_CACHES);
    flood(last, 200, 3_000);
    long part = HEAP_FOR_CACHES / 2 / 12;
    assertThat(last.bytes()).isGreaterThan(part - 1_000);
    assertThat(all.stream().mapToLong(ResponseCache::bytes).sum()).isLessThan(HEAP_FOR_CACHES);
    all.forEach(ResponseCache::clear);
    assertThat(memory.share(true).most(NameMemory.Part.CACHE)).isPositive();
    assertThat(memory.dump().toString()).doesNotContain("cacheBytes");
  }

  @Test
  void aNetworkThatIsAddedTakesFromOneThatHadAllForItself() throws IOException {
    NameMemory memory = new NameMemory(HEAP / 8);
    ResponseCache first = ofNetwork(memory);
    flood(first, 10_000, 500);
    long alone = first.bytes();
    ResponseCache second = ofNetwork(memory);
    flood(second, 10_000, 500);
    assertThat(second.bytes()).isGreaterThan(HEAP_FOR_CACHES / 8 / 4 - 12_000);
    flood(first, 10_000, 10);
    assertThat(first.bytes()).isLessThan(alone);
    assertThat(first.bytes() + second.bytes()).isLessThan(HEAP_FOR_CACHES / 8);
  }

  @Test
  void nothingIsLeftOfWhatWasForgotten() throws IOException {
    put(honest, "a");
    put(hostile, "b");
    cache.end(hostile);
    cache.clear();
    assertThat(cache.entries()).isZero();
    assertThat(cache.bytes()).isZero();
    for (int i = 0; i < 2 * ENTRIES; i++) {
      put(honest, "honest" + i);
    }
    assertThat(cache.entries()).isEqualTo(ENTRIES);
  }
}
