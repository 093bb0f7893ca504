package io.lanyard.dns;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.dhcp.SteppedLink;
import io.lanyard.nat.station.Station;
import io.lanyard.nat.station.TestStations;
import io.lanyard.net.Address;
import io.lanyard.net.Subnet;
import io.lanyard.testing.LogWatch;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.xbill.DNS.DClass;
import org.xbill.DNS.Flags;
import org.xbill.DNS.Message;
import org.xbill.DNS.Name;
import org.xbill.DNS.OPTRecord;
import org.xbill.DNS.Record;
import org.xbill.DNS.Section;
import org.xbill.DNS.Type;

/** No question makes the forwarder throw, and every answer can be parsed and was asked for. */
class DnsFuzzTest {
  private static final int QUERIES = 1_000_000;

  private static List<byte[]> seeds() throws Exception {
    List<byte[]> seeds = new ArrayList<>();
    String[] names = {
      "gateway.lan.",
      "x.lan.",
      "lan.",
      "2.127.168.192.in-addr.arpa.",
      "127.168.192.in-addr.arpa.",
      "localhost.",
      "printer.",
      "www.example.",
      "."
    };
    for (String name : names) {
      for (int type : new int[] {Type.A, Type.AAAA, Type.PTR, Type.ANY, Type.SOA, Type.AXFR}) {
        Message query = Message.newQuery(Record.newRecord(Name.fromString(name), type, DClass.IN));
        query.getHeader().setFlag(Flags.RD);
        seeds.add(query.toWire());
        query.addRecord(new OPTRecord(1232, 0, 0), Section.ADDITIONAL);
        seeds.add(query.toWire());
      }
    }
    return seeds;
  }

  @Test
  void randomAndMutatedQueries() throws Exception {
    LogWatch.expect("dns-upstreams-silent");
    LogWatch.expect("dns-questions-refused");
    MultiThreadIoEventLoopGroup group =
        new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
    try {
      DnsSettings settings =
          DnsSettings.of("lan", Subnet.parse("192.168.127.0/24"), Address.parse("192.168.127.2"))
              .withUpstreams(new Upstreams.OfHost(Path.of("/nonexistent/resolv.conf")));
      DnsForwarder forwarder = new DnsForwarder("vmnet8", settings, new SteppedLink(group.next()));
      int answered = group.next().submit(() -> run(forwarder)).get(60, TimeUnit.SECONDS);
      assertThat(answered).isGreaterThan(QUERIES / 4);
      long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
      while (group.next().submit(forwarder::problem).get(20, TimeUnit.SECONDS).isEmpty()) {
        assertThat(System.nanoTime()).as("nobody listens at port 53").isLessThan(end);
      }
      assertThat(forwarder.counters().get(DnsCount.FORMAT_ERROR)).isPositive();
      assertThat(forwarder.counters().get(DnsCount.MALFORMED)).isPositive();
      assertThat(forwarder.counters().get(DnsCount.OWN_ANSWER)).isPositive();
    } finally {
      group.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
    }
  }

  private static int run(DnsForwarder forwarder) throws Exception {
    SplittableRandom random = new SplittableRandom(20260102);
    List<byte[]> seeds = seeds();
    List<Station> guests = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      guests.add(TestStations.station("guest" + i, 1));
    }
    int[] answered = {0};
    for (int i = 0; i < QUERIES; i++) {
      byte[] bytes;
      if (random.nextInt(10) == 0) {
        bytes = new byte[random.nextInt(300)];
        random.nextBytes(bytes);
      } else {
        bytes = seeds.get(random.nextInt(seeds.size())).clone();
        for (int c = random.nextInt(5); c > 0; c--) {
          bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
        }
        if (random.nextInt(8) == 0) {
          bytes = java.util.Arrays.copyOf(bytes, random.nextInt(bytes.length + 20));
        }
      }
      byte[] query = bytes;
      forwarder.receiveFromStream(
          query,
          guests.get(random.nextInt(guests.size())),
          reply -> {
            answered[0]++;
            assertThat(reply[0]).isEqualTo(query[0]);
            assertThat(reply[1]).isEqualTo(query[1]);
            assertThat(reply[2] & 0x80).isNotZero();
          });
    }
    return answered[0];
  }

  @Test
  void randomResponsesFromUpstreamAreNeverThrownUpon() throws Exception {
    SplittableRandom random = new SplittableRandom(20260103);
    DnsSettings settings =
        DnsSettings.of("lan", Subnet.parse("192.168.127.0/24"), Address.parse("192.168.127.2"));
    Message good = new Message(7);
    good.getHeader().setFlag(Flags.QR);
    Name name = Name.fromString("types.example.");
    good.addRecord(Record.newRecord(name, Type.ANY, DClass.IN), Section.QUESTION);
    RecordSamples.all()
        .forEach((type, text) -> {
          try {
            good.addRecord(
                Record.fromString(name, type, DClass.IN, 60, text, Name.root), Section.ANSWER);
          } catch (java.io.IOException e) {
            throw new IllegalArgumentException(text, e);
          }
        });
    byte[] seed = good.toWire();
    int read = 0;
    for (int i = 0; i < 5_000; i++) {
      byte[] wire = seed.clone();
      for (int c = random.nextInt(1, 8); c > 0; c--) {
        wire[random.nextInt(wire.length)] = (byte) random.nextInt(256);
      }
      Message message;
      try {
        message = new Message(wire);
      } catch (java.io.IOException | RuntimeException e) {
        continue; // As the upstream query does: no answer.
      }
      if (message.getQuestion() != null) {
        Response response;
        try {
          response = Response.of(message, false, 0, settings);
        } catch (java.io.IOException | RuntimeException e) {
          continue; // As the forwarder does: SERVFAIL.
        }
        response.to(new byte[12], 5_000_000_000L);
        read++;
      }
    }
    assertThat(read).isGreaterThan(100);
  }
}
