package io.lanyard.dns;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.nat.gateway.NamePolicy;
import io.lanyard.nat.station.PortBudget;
import io.lanyard.nat.station.TestStations;
import io.lanyard.net.Address;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.xbill.DNS.AAAARecord;
import org.xbill.DNS.ARecord;
import org.xbill.DNS.CNAMERecord;
import org.xbill.DNS.DClass;
import org.xbill.DNS.Message;
import org.xbill.DNS.Name;
import org.xbill.DNS.Record;
import org.xbill.DNS.Section;
import org.xbill.DNS.Type;

class ToldTest {
  private static final Name WWW = Name.fromConstantString("www.example.");
  private static final Name CDN = Name.fromConstantString("cdn.example.");
  private static final Name EDGE = Name.fromConstantString("edge.example.");

  private static Record a(Name name, long ttl, String address) {
    return new ARecord(name, DClass.IN, ttl, Address.parse(address).toInetAddress());
  }

  private static Record aaaa(Name name, long ttl, String address) {
    return new AAAARecord(name, DClass.IN, ttl, Address.parse(address).toInetAddress());
  }

  private static Record alias(Name name, long ttl, Name target) {
    return new CNAMERecord(name, DClass.IN, ttl, target);
  }

  /** The policy's view of an answer with these records. */
  private static List<String> told(long age, Record... records) {
    Message answer = new Message();
    answer.addRecord(Record.newRecord(WWW, Type.A, DClass.IN), Section.QUESTION);
    for (Record each : records) {
      answer.addRecord(each, Section.ANSWER);
    }
    List<String> all = new ArrayList<>();
    NamePolicy policy =
        new NamePolicy() {
          @Override
          public Question question(PortBudget port, String name, int type) {
            return Question.ASKED;
          }

          @Override
          public void told(PortBudget port, String name, Address address, long seconds) {
            all.add(name + " " + address + " " + seconds);
          }
        };
    Told.of(answer).tell(policy, TestStations.station("p", 1).budget(), WWW, age);
    return all;
  }

  @Test
  void addressesOfBothFamiliesCount() {
    assertThat(told(10, a(WWW, 300, "192.0.2.1"), aaaa(WWW, 5, "2001:db8::1")))
        .containsExactly("www.example 192.0.2.1 290", "www.example 2001:db8::1 0");
  }

  @Test
  void aChainOfAliasesCountsForTheFirstNameAsLongAsItsShortestLink() {
    assertThat(told(0, a(EDGE, 300, "192.0.2.1"), alias(CDN, 20, EDGE), alias(WWW, 600, CDN)))
        .containsExactly("www.example 192.0.2.1 20");
  }

  @Test
  void aRecordBesideTheChainCountsForNothing() {
    assertThat(told(0, a(CDN, 300, "192.0.2.1"), alias(EDGE, 300, CDN))).isEmpty();
    assertThat(told(0, alias(WWW, 300, CDN), a(EDGE, 300, "192.0.2.1"))).isEmpty();
  }

  @Test
  void aCircleOfAliasesEnds() {
    assertThat(told(0, alias(WWW, 300, CDN), alias(CDN, 300, WWW), a(CDN, 7, "192.0.2.1")))
        .containsExactly("www.example 192.0.2.1 7");
    assertThat(told(0, alias(WWW, 300, WWW))).isEmpty();
  }

  @Test
  void anAnswerOfAThousandAddressesCountsWithSixtyFour() {
    Record[] many = new Record[1000];
    for (int i = 0; i < many.length; i++) {
      many[i] = a(WWW, 300, "198.18." + i / 250 + "." + i % 250);
    }
    assertThat(told(0, many)).hasSize(64);
  }

  @Test
  void aDotWithinALabelIsNoBorder() throws Exception {
    Name tricky = Name.fromString("evil\\.good.example.");
    assertThat(tricky.labels()).isEqualTo(3);
    assertThat(Told.text(tricky)).isEqualTo("evil?good.example");
    assertThat(Told.text(Name.fromString("A-b_C.\\200x.Example."))).isEqualTo("a-b_c.?x.example");
    assertThat(Told.text(Name.root)).isEmpty();
  }
}
