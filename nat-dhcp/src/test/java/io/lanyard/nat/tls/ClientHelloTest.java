package io.lanyard.nat.tls;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.nat.tls.ClientHello.For;
import io.lanyard.nat.tls.ClientHello.Incomplete;
import io.lanyard.nat.tls.ClientHello.Refused;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class ClientHelloTest {
  private static final int LARGE = 1 << 14;

  private static ClientHello read(byte[] bytes) {
    return ClientHello.read(bytes, bytes.length);
  }

  private static String why(byte[] bytes) {
    ClientHello hello = read(bytes);
    assertThat(hello).isInstanceOf(Refused.class);
    return ((Refused) hello).why();
  }

  @Test
  void theNameOfTheJdksClientIsFound() throws Exception {
    byte[] hello = Hellos.ofJdk("www.example.org");
    assertThat(read(hello)).isEqualTo(new For("www.example.org"));
  }

  @Test
  void anIncompleteMessageSaysFromWhenOnThereIsMoreToRead() throws Exception {
    byte[] hello = Hellos.ofJdk("www.example.org");
    assertThat(ClientHello.read(hello, 1)).isEqualTo(new Incomplete(5));
    assertThat(ClientHello.read(hello, 5)).isEqualTo(new Incomplete(hello.length));
    assertThat(ClientHello.read(hello, hello.length - 1)).isEqualTo(new Incomplete(hello.length));
    byte[] longest = {22, 3, 1, 0x40, 0};
    assertThat(ClientHello.read(longest, 5)).isEqualTo(new Incomplete(ClientHello.MOST_BYTES));
  }

  @Test
  void everyBeginningOfAMessageIsIncomplete() throws Exception {
    byte[] hello = Hellos.ofJdk("www.example.org");
    for (int n = 0; n < hello.length; n++) {
      assertThat(ClientHello.read(hello, n)).as("%d bytes", n).isInstanceOf(Incomplete.class);
    }
    byte[] more = Arrays.copyOf(hello, hello.length + 3);
    assertThat(read(more)).as("with what follows").isEqualTo(new For("www.example.org"));
  }

  @Test
  void aMessageMayBeCutIntoRecordsOfOneByte() {
    byte[] hello = Hellos.of(1, Hellos.serverName("Www.Example.ORG"));
    assertThat(read(hello)).isEqualTo(new For("www.example.org"));
  }

  @Test
  void whatIsNoTlsIsRefusedAtItsFirstByte() {
    assertThat(why("GET / HTTP/1.1\r\n".getBytes(StandardCharsets.US_ASCII)))
        .isEqualTo("it is no TLS");
    assertThat(why(new byte[] {(byte) 0x80, 46, 1, 3, 1})).isEqualTo("it is no TLS");
    assertThat(why(new byte[] {22, 9})).isEqualTo("it is no TLS");
    byte[] server = Hellos.records(new byte[] {2, 0, 0, 0}, LARGE);
    assertThat(why(server)).isEqualTo("the first message is not a client's");
  }

  @Test
  void aMessageWithoutANameOrWithSeveralIsRefused() {
    assertThat(why(Hellos.of(LARGE, Hellos.extension(43, new byte[3]))))
        .isEqualTo("it names no server");
    assertThat(
            why(Hellos.of(LARGE, Hellos.serverName("a.example"), Hellos.serverName("b.example"))))
        .isEqualTo("it names servers twice");
    for (String name : new String[] {"a..b", "a b", "a\0b", ".a", "*.a", "a.", "10.0.0.1:443"}) {
      assertThat(why(Hellos.of(LARGE, Hellos.serverName(name))))
          .as(name)
          .isEqualTo("the server's name is none");
    }
  }

  @Test
  void lengthsThatLieAreRefused() {
    byte[] good = Hellos.of(LARGE, Hellos.serverName("a.example"));
    int sessionLength = 5 + 4 + 34;
    for (int at : new int[] {sessionLength, sessionLength + 1, sessionLength + 5}) {
      byte[] bad = good.clone();
      bad[at] = (byte) 0xff;
      assertThat(why(bad)).as("byte %d", at).isEqualTo("the first message is not well-formed");
    }
    byte[] empty = {22, 3, 1, 0, 0};
    assertThat(why(empty)).isEqualTo("a record has 0 bytes");
  }

  @Test
  void aMessageIsNotWaitedForWithoutEnd() {
    byte[] long1 = Hellos.of(LARGE, Hellos.extension(21, new byte[20_000]));
    assertThat(why(Arrays.copyOf(long1, 100)))
        .isEqualTo("the first message is longer than 16384 bytes");
    byte[] tiny = Hellos.of(1, Hellos.extension(21, new byte[10_000]), Hellos.serverName("a.b"));
    assertThat(why(Arrays.copyOf(tiny, ClientHello.MOST_BYTES)))
        .isEqualTo("the first message is longer than 16384 bytes");
  }

  @Test
  void aRecordOfAnotherTypeWithinTheMessageIsRefused() {
    byte[] hello = Hellos.of(20, Hellos.serverName("a.example"));
    hello[25] = 21;
    assertThat(why(hello)).isEqualTo("a record of another type is in the first message");
  }
}
