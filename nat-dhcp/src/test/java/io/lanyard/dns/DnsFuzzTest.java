package io.lanyard.dns;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.lanyard.base.DescriptorBudget;
import io.lanyard.config.NetworkConfig;
import io.lanyard.dhcp.SteppedLink;
import io.lanyard.nat.TestNetworks;
import io.lanyard.nat.gateway.NamePolicy;
import io.lanyard.nat.gateway.TranslatorSearch;
import io.lanyard.nat.station.NameMemory;
import io.lanyard.nat.station.Station;
import io.lanyard.nat.station.TestStations;
import io.lanyard.nat.tcp.HostStream;
import io.lanyard.testing.FuzzInput;
import io.lanyard.testing.LogWatch;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.DefaultEventLoop;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.xbill.DNS.Header;
import org.xbill.DNS.Message;
import org.xbill.DNS.Section;

/** The forwarder's answers parse, for any question of a guest and any answer of a name server. */
class DnsFuzzTest {
  private static final NetworkConfig NETWORK =
      TestNetworks.nat("dns: {hosts-file: false, upstreams: []}");

  /** A loop that never runs: nothing is asked upstream. */
  private final SteppedLink link = new SteppedLink(new DefaultEventLoop());

  private final Station station = TestStations.station("guest", 1);

  private DnsForwarder forwarder() {
    return new DnsForwarder(
        NETWORK,
        List.of(),
        link,
        Ipv6Names.NONE,
        NamePolicy.NONE,
        TranslatorSearch.NONE,
        NameMemory.ample().share(true),
        DescriptorBudget.ample().share("vmnet8").holder("dns"));
  }

  /** A question that stays in the network: own names are answered, others refused. */
  @FuzzTest
  void aQuestionIsAnsweredOnceOrNotAtAll(byte[] input) throws IOException {
    LogWatch.allowWarnings();
    DnsForwarder forwarder = forwarder();
    List<byte[]> replies = new ArrayList<>();
    boolean answers = forwarder.receiveFromStream(input.clone(), station, replies::add);
    assertThat(replies).hasSize(answers ? 1 : 0);
    for (byte[] reply : replies) {
      assertThat(reply[0]).isEqualTo(input[0]);
      assertThat(reply[1]).isEqualTo(input[1]);
      assertThat(reply[2] & 0x80).as("a response").isNotZero();
      Message message = new Message(reply);
      assertThat(message.getHeader().getOpcode()).isEqualTo(input[2] >> 3 & 15);
      assertThat(message.getSection(Section.QUESTION).size()).isLessThanOrEqualTo(1);
    }
    assertThat(forwarder.dump().toString()).contains("outstanding");
    forwarder.close();
  }

  /** A stream says the same however it is cut. The input is the length of the pieces, then it. */
  @FuzzTest
  void aStreamIsAnsweredTheSameHoweverItIsCut(byte[] input) throws IOException {
    LogWatch.allowWarnings();
    FuzzInput in = new FuzzInput(input);
    int piece = 1 + in.octet();
    byte[] stream = in.rest();
    assertThat(answers(stream, piece)).isEqualTo(answers(stream, Math.max(1, stream.length)));
  }

  private List<String> answers(byte[] stream, int piece) throws IOException {
    DnsStreamTest.Guest guest = new DnsStreamTest.Guest();
    DnsForwarder forwarder = forwarder();
    HostStream host = new DnsStreamService(forwarder, link).open(guest, station, 2);
    for (int at = 0; at < stream.length && !guest.ended; at += piece) {
      ByteBuf part = Unpooled.wrappedBuffer(stream, at, Math.min(piece, stream.length - at));
      host.write(part);
      host.flush();
      part.release();
    }
    host.finish();
    List<String> all = guest.answers().stream().map(Message::toString).toList();
    host.close();
    assertThat(host.unsent()).isZero();
    link.step(Duration.ofMinutes(1));
    forwarder.close();
    return all;
  }

  /** A response is refused, or kept and told to each asker under its own id, ever older. */
  @FuzzTest
  void aResponseIsRefusedOrToldToEachAsker(byte[] input) throws IOException {
    Response response;
    Message message;
    try {
      message = new Message(input);
      if (message.getQuestion() == null) {
        return;
      }
      response = Response.of(message, ForwarderScene.withEdns("example.org."), 0);
    } catch (IOException | RuntimeException refused) {
      return; // as the upstream query and the forwarder do: no answer, and SERVFAIL
    }
    assertThat(response.ttl).isBetween(0L, Duration.ofDays(1).toSeconds());
    byte[] query = new byte[Header.LENGTH];
    query[0] = 0x12;
    query[1] = 0x34;
    for (long seconds : new long[] {0, 1, 3_600, 1L << 33}) {
      Message told = new Message(response.to(query, Message.MAXLENGTH, seconds * 1_000_000_000L));
      assertThat(told.getHeader().getID()).isEqualTo(0x1234);
      assertThat(told.getRcode() & 15).isEqualTo(message.getRcode() & 15);
      for (int section = Section.ANSWER; section <= Section.AUTHORITY; section++) {
        assertThat(told.getSection(section))
            .hasSameSizeAs(message.getSection(section))
            .hasSize(told.getHeader().getCount(section));
      }
    }
  }
}
