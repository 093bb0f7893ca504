package io.lanyard.dhcp;

import static io.lanyard.dhcp.MessageType.DISCOVER;
import static io.lanyard.dhcp.MessageType.INFORM;
import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.dhcp.TestClient.Answer;
import io.lanyard.net.Address;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The parameters of a reply: their values, order and bounds. */
class DhcpParametersTest extends DhcpScene {
  @Test
  void informIsAnsweredWithParametersAndNoLease() {
    TestClient client = client("52:54:00:00:00:01");
    client
        .message(INFORM)
        .ciaddr(Address.parse("192.168.127.9"))
        .option(55, (byte) 6, (byte) 1)
        .send();
    Answer ack = client.next();
    assertThat(ack.type()).isEqualTo(ACK);
    assertThat(ack.yiaddr().isAny()).isTrue();
    assertThat(ack.options()).containsKeys(1, 6).doesNotContainKeys(51, 58, 59);
    assertThat(ack.address()).isEqualTo(Address.parse("192.168.127.9"));
  }

  @Test
  void theLeaseTimeAskedForIsHeldWithinBounds() {
    TestClient client = client("52:54:00:00:00:01");
    client.message(DISCOVER).number(51, 5).send();
    assertThat(client.next().intOption(51)).isEqualTo(120);
    client.message(DISCOVER).number(51, 600).send();
    assertThat(client.next().intOption(51)).isEqualTo(600);
    client.message(DISCOVER).number(51, -1).send();
    assertThat(client.next().intOption(51)).isEqualTo(86400);
  }

  @Test
  void parametersComeInTheOrderOfTheList() {
    server =
        start(
            "dhcp: {options: {domain-search: [lan, corp.example], ntp-servers: [192.168.127.9]}}");
    TestClient client = client("52:54:00:00:00:01");
    client
        .message(DISCOVER)
        .option(55, (byte) 42, (byte) 119, (byte) 26, (byte) 1, (byte) 3, (byte) 250, (byte) 42)
        .send();
    Answer offer = client.next();
    assertThat(offer.options().keySet()).containsExactly(53, 54, 51, 58, 59, 42, 119, 26, 1, 3);
    assertThat(offer.option(26)).containsExactly(1500 >>> 8, 1500 & 255);
    assertThat(new String(offer.option(119), StandardCharsets.ISO_8859_1))
        .isEqualTo("\3lan\0\4corp\7example\0");
    client.message(DISCOVER).option(55, (byte) 3, (byte) 1).send();
    assertThat(client.next().options().keySet()).containsExactly(53, 54, 51, 58, 59, 1, 3);
  }

  @Test
  void aBootRomIsToldWhatToLoadInOptionsAndInTheOldFields() {
    String file = "http://host.lan/boot.ipxe";
    server = start("dhcp: {options: {boot-file: '" + file + "', next-server: 192.168.127.9}}");
    TestClient client = client("52:54:00:00:00:01");
    client.message(DISCOVER).option(55, (byte) 66, (byte) 67).send();
    Answer offer = client.next();
    assertThat(offer.option(67)).asString(StandardCharsets.US_ASCII).isEqualTo(file);
    assertThat(offer.option(66)).asString(StandardCharsets.US_ASCII).isEqualTo("192.168.127.9");
    assertThat(offer.addressAt(20)).isEqualTo(Address.parse("192.168.127.9"));
    assertThat(new String(offer.bytes(), 108, 128, StandardCharsets.US_ASCII))
        .isEqualTo(file + "\0".repeat(128 - file.length()));
  }

  @Test
  void aBootFileTooLongForTheOldFieldIsInItsOptionAlone() {
    String file = "http://host.lan/" + "x".repeat(112);
    server = start("dhcp: {options: {boot-file: '" + file + "'}}");
    TestClient client = client("52:54:00:00:00:01");
    client.message(DISCOVER).option(55, (byte) 66, (byte) 67).send();
    Answer offer = client.next();
    assertThat(offer.option(67)).asString(StandardCharsets.US_ASCII).isEqualTo(file);
    assertThat(offer.options()).doesNotContainKey(66);
    assertThat(new String(offer.bytes(), 108, 128, StandardCharsets.US_ASCII))
        .isEqualTo("\0".repeat(128));
  }

  @Test
  void aReplyIsNeverLongerThanTheClientTakes() {
    List<String> search = new ArrayList<>();
    for (int i = 0; i < 12; i++) {
      search.add("a-rather-long-label-to-fill-the-option-" + i + ".example");
    }
    server = start("dhcp: {options: {domain-search: [" + String.join(", ", search) + "]}}");
    TestClient client = client("52:54:00:00:00:01");
    client.message(DISCOVER).option(55, (byte) 119, (byte) 1, (byte) 15).send();
    Answer small = client.next();
    assertThat(small.bytes().length).isLessThanOrEqualTo(548);
    assertThat(small.options()).containsKeys(1, 15).doesNotContainKey(119);
    client
        .message(DISCOVER)
        .option(57, (byte) (1500 >>> 8), (byte) (1500 & 255))
        .option(55, (byte) 119)
        .send();
    Answer large = client.next();
    assertThat(large.option(119)).hasSizeGreaterThan(255); // RFC 3396: split and joined again
  }

  @Test
  void theFullNameIsAnsweredInTheFormThatItWasSentIn() {
    TestClient client = client("52:54:00:00:00:01");
    client.message(DISCOVER).option(81, "\4\0\0\4Demo\3lan\0").send();
    assertThat(new String(client.next().option(81), StandardCharsets.ISO_8859_1))
        .isEqualTo("\7\u00ff\u00ff\4demo\3lan\0");
    client.message(DISCOVER).option(81, "\1\0\0demo").send();
    assertThat(new String(client.next().option(81), StandardCharsets.ISO_8859_1))
        .isEqualTo("\1\u00ff\u00ffdemo.lan");
  }
}
