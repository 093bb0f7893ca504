package io.lanyard.dhcp;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.dhcp.Dhcp6TestClient.Answer;
import io.lanyard.net.Address;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Messages that RFC 8415 section 16 has a server drop, and relays that wrap them. */
class MalformedDhcp6Test extends Dhcp6Scene {
  // Section 16

  @Test
  void messagesThatAreNotAsTheyMustBeAreDropped() {
    Dhcp6TestClient client = client(0);
    Answer offer = client.solicit();
    client.anonymous(Dhcp6Type.SOLICIT).association(1).send();
    client.to(Dhcp6Type.SOLICIT, offer).association(1).send();
    client.message(Dhcp6Type.REQUEST).association(1).send();
    client.message(Dhcp6Type.RENEW).association(1).send();
    client.to(Dhcp6Type.REBIND, offer).association(1).send();
    client.to(Dhcp6Type.CONFIRM, offer).association(1, offer.given()).send();
    client.message(Dhcp6Type.RELEASE).association(1).send();
    client.message(Dhcp6Type.DECLINE).association(1).send();
    assertThat(count(DhcpCount.MALFORMED)).isEqualTo(8);
    client
        .message(Dhcp6Type.REQUEST)
        .option(Dhcp6Option.SERVER_ID, Dhcp6TestClient.duidOf(9))
        .association(1)
        .send();
    assertThat(count(DhcpCount.NOT_OURS)).isEqualTo(1);
    for (Dhcp6Type servers : List.of(Dhcp6Type.ADVERTISE, Dhcp6Type.REPLY, Dhcp6Type.RECONFIGURE)) {
      client.message(servers).send();
    }
    client.message(Dhcp6Type.RELAY_REPL).send();
    assertThat(count(DhcpCount.UNEXPECTED_TYPE)).isEqualTo(4);
    assertThat(client.answers).isEmpty();
  }

  @Test
  void whatIsSentToTheServerAloneIsRefused() {
    Dhcp6TestClient client = client(0);
    Answer first = lease(client);
    client.toGroup = false;
    client.message(Dhcp6Type.SOLICIT).association(1).send();
    client.message(Dhcp6Type.REBIND).association(1, first.given()).send();
    client.message(Dhcp6Type.CONFIRM).association(1, first.given()).send();
    client.message(Dhcp6Type.INFORMATION_REQUEST).send();
    client.message(Dhcp6Type.RENEW).association(1, first.given()).send();
    assertThat(client.answers).isEmpty();
    for (String how : List.of("REQUEST", "RENEW", "RELEASE", "DECLINE")) {
      client.to(Dhcp6Type.valueOf(how), first).association(1, first.given()).send();
      Answer answer = client.next();
      assertThat(answer.status()).as(how).isEqualTo(Dhcp6Option.USE_MULTICAST);
      assertThat(answer.has(Dhcp6Option.IA_NA)).isFalse();
    }
    journal.sync();
    assertThat(server.common().table().leases()).hasSize(1);
    client.message(Dhcp6Type.SOLICIT).association(1).relayed(at(":9")).send();
    assertThat(client.answers).as("a relay's").hasSize(1);
  }

  /** Options that run over, nest, or repeat. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "01abc0",
        "00abc001",
        "0eabc001",
        "01abc001 0001",
        "01abc001 0001 0010 00030001",
        "01abc001 0001 000a 00030001525400000001 0003 000b 0000000100000000000000",
        "01abc001 0001 000a 00030001525400000001 0003 0010 00000001 00000000 00000000 0005ffff",
        "0c00 00000000000000000000000000000000 00000000000000000000000000000000 0009 0002 0c00",
        "0c00 00000000000000000000000000000000 00000000000000000000000000000000"
      })
  void whatIsCutShortIsNoRequest(String hex) {
    ByteBuf in = Unpooled.wrappedBuffer(HexFormat.of().parseHex(hex.replace(" ", "")));
    Dhcp6TestClient client = client(0);
    server.receive(in, client);
    assertThat(client.answers.stream().map(Answer::hex)).allMatch(one -> !one.contains("0005"));
    assertThat(count(DhcpCount.MALFORMED) + count(DhcpCount.BAD_OPTIONS)).isEqualTo(1);
  }

  @Test
  void relaysWithinRelaysHaveAnEnd() {
    for (int depth : new int[] {Dhcp6Message.MOST_RELAYS, Dhcp6Message.MOST_RELAYS + 1}) {
      Dhcp6TestClient client = client(0);
      var message = client.message(Dhcp6Type.SOLICIT).association(1);
      for (int i = 0; i < depth; i++) {
        message = message.relayed(Address.ANY_IPV6);
      }
      message.send();
      assertThat(client.answers).hasSize(depth == Dhcp6Message.MOST_RELAYS ? 1 : 0);
    }
  }

  @Test
  void aMessageWithManyAssociationsIsNone() {
    Dhcp6TestClient client = client(0);
    var message = client.message(Dhcp6Type.SOLICIT);
    for (int i = 0; i <= Dhcp6Message.MOST_ASSOCIATIONS; i++) {
      message = message.association(i);
    }
    message.send();
    assertThat(client.answers).isEmpty();
    assertThat(count(DhcpCount.MALFORMED)).isEqualTo(1);
  }

  // Relays

  @Test
  void aRelaysClientIsKnownByTheMacAddressThatTheRelaySays() {
    start(
        "reservations: [{mac: \"52:54:00:00:00:77\", address: 192.168.127.77, ipv6: \""
            + at(":77")
            + "\"}]");
    Dhcp6TestClient relay = client(0);
    byte[] more = HexFormat.of().parseHex("00120003aabbcc" + "004f0008" + "0001525400000077");
    relay.message(Dhcp6Type.SOLICIT).association(1).relayed(at(":9"), more).send();
    Answer outer = relay.next();
    assertThat(outer.port()).isEqualTo(547);
    assertThat(outer.hex())
        .startsWith("0d00" + HexFormat.of().formatHex(at(":9").toBytes()))
        .contains("00120003aabbcc0009");
    assertThat(outer.hex()).contains(HexFormat.of().formatHex(at(":77").toBytes()));
    relay.message(Dhcp6Type.SOLICIT).association(1).relayed(Address.parse("2001:db8::1")).send();
    assertThat(relay.answers).as("another link").isEmpty();
    assertThat(count(DhcpCount.NOT_OURS)).isEqualTo(1);
  }
}
