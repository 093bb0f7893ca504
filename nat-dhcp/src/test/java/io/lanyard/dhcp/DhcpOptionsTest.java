package io.lanyard.dhcp;

import static io.lanyard.dhcp.MessageType.DISCOVER;
import static io.lanyard.dhcp.MessageType.REQUEST;
import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.dhcp.TestClient.Answer;
import io.lanyard.nat.TestNetworks;
import io.lanyard.net.Address;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A client that errs in an option still gets an address. */
class DhcpOptionsTest {
  private static final int OFFER = 2;
  private static final int ACK = 5;
  private static final int MAX_LENGTH = 4096;

  private final SteppedLink link = new SteppedLink();
  private final MemoryJournal journal = new MemoryJournal(link);
  private final DhcpServer server = new DhcpServer(TestNetworks.nat(), List.of(), link, journal);
  private final TestClient client = new TestClient(server, "52:54:00:00:00:01");

  private long badOptions() {
    return server.counters().get(DhcpCount.BAD_OPTIONS);
  }

  @ParameterizedTest
  @CsvSource({
    "12, 0", "50, 0", "50, 3", "50, 5", "50, 8", "51, 0", "51, 1", "51, 8", "52, 0", "52, 2",
    "54, 0", "54, 2", "54, 5", "55, 0", "57, 0", "57, 1", "57, 4", "61, 0", "61, 1", "81, 0",
    "81, 2"
  })
  void anOptionOfTheWrongLengthDoesNotLoseADiscover(int code, int length) {
    client.message(DISCOVER).option(code, new byte[length]).send();
    Answer offer = client.next();
    assertThat(offer.type()).isEqualTo(OFFER);
    assertThat(offer.options()).doesNotContainKey(61);
    assertThat(offer.intOption(51)).isEqualTo(1800);
    assertThat(badOptions()).isEqualTo(1);
    assertThat(client.discover().yiaddr()).isEqualTo(offer.yiaddr()); // known by its MAC address
    assertThat(badOptions()).isEqualTo(1);
  }

  @Test
  void anOptionInTwoPartsHasTheLengthOfBoth() {
    client
        .message(DISCOVER)
        .option(50, (byte) 192, (byte) 168)
        .option(50, (byte) 127, (byte) 200)
        .send();
    assertThat(client.next().yiaddr()).isEqualTo(Address.parse("192.168.127.200"));
    assertThat(badOptions()).isZero();
  }

  @Test
  void anOptionOfTheWrongLengthDoesNotLoseARequest() {
    Answer offer = client.discover();
    client
        .message(REQUEST)
        .address(54, offer.server())
        .address(50, offer.yiaddr())
        .option(57, (byte) 5)
        .option(51, (byte) 1, (byte) 2)
        .send();
    journal.sync();
    assertThat(client.next().type()).isEqualTo(ACK);
  }

  @Test
  void anOptionThatRunsPastTheEndLosesNothingThatCameBefore() {
    TestClient.Request request = client.message(DISCOVER).number(51, 600);
    request.buffer().writeByte(50).writeByte(4).writeByte(192);
    request.send();
    Answer offer = client.next();
    assertThat(offer.intOption(51)).isEqualTo(600);
    assertThat(badOptions()).isEqualTo(1);
  }

  @Test
  void anOverloadThatIsNoneOfItsValuesIsIgnored() {
    client.message(DISCOVER).option(52, (byte) 9).number(51, 600).send();
    assertThat(client.next().intOption(51)).isEqualTo(600);
  }

  @Test
  void aMessageThatIsNothingButOptionsIsReadToALimit() {
    TestClient.Request bomb = client.message(DISCOVER);
    while (bomb.buffer().readableBytes() < MAX_LENGTH - 64) {
      bomb.option(43, (byte) 0);
    }
    bomb.number(51, 600).send();
    Answer offer = client.next();
    assertThat(offer.type()).isEqualTo(OFFER);
    assertThat(offer.intOption(51)).as("an option beyond the limit").isEqualTo(1800);
    assertThat(badOptions()).isEqualTo(1);
  }
}
