package io.lanyard.dns;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.nat.gateway.NamePolicy;
import io.lanyard.nat.station.PortBudget;
import io.lanyard.net.Address;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.xbill.DNS.AAAARecord;
import org.xbill.DNS.ARecord;
import org.xbill.DNS.CNAMERecord;
import org.xbill.DNS.DClass;
import org.xbill.DNS.Flags;
import org.xbill.DNS.Message;
import org.xbill.DNS.Name;
import org.xbill.DNS.Rcode;
import org.xbill.DNS.Record;
import org.xbill.DNS.SOARecord;
import org.xbill.DNS.Section;
import org.xbill.DNS.TextParseException;
import org.xbill.DNS.Type;

/** Aliases of the configuration for names of others. */
class AliasesTest {
  private static final String RECORDS =
      "records: ["
          + "{name: away, cname: www.example.}, "
          + "{name: far, cname: away}, "
          + "{name: \"*.any\", cname: www.example.}, "
          + "{name: inside, cname: nas.home.example.}]";

  enum Family {
    IPV4(Type.A, "192.0.2.1", "10.0.0.1"),
    IPV6(Type.AAAA, "2001:db8::1", "fd00::1");

    private final int type;
    private final InetAddress address;
    private final InetAddress inside;

    Family(int type, String address, String inside) {
      this.type = type;
      this.address = InetAddress.ofLiteral(address);
      this.inside = InetAddress.ofLiteral(inside);
    }

    private Record record(Name name, InetAddress at) {
      return this == IPV4
          ? new ARecord(name, DClass.IN, 60, at)
          : new AAAARecord(name, DClass.IN, 60, at);
    }
  }

  @TempDir private Path folder;
  private @Nullable ForwarderScene scene;

  @AfterEach
  void stop() throws Exception {
    if (scene != null) {
      scene.close();
    }
  }

  private ForwarderScene open(String keys) throws Exception {
    ForwarderScene made =
        new ForwarderScene(folder, "dns: {hosts-file: false" + keys + ", " + RECORDS + "}");
    scene = made;
    return made;
  }

  private static Name name(String text) {
    try {
      return Name.fromString(text);
    } catch (TextParseException e) {
      throw new AssertionError(e);
    }
  }

  private static FakeUpstream.Answer with(BiFunction<Name, Integer, List<Record>> records) {
    return response -> {
      Record asked = response.getQuestion();
      for (Record each : records.apply(asked.getName(), asked.getType())) {
        response.addRecord(each, Section.ANSWER);
      }
      return response;
    };
  }

  private static Message ask(ForwarderScene net, String name, int type) throws Exception {
    net.send("guest", ForwarderScene.query(name, type).toWire());
    return net.answer("guest");
  }

  private static List<String> records(Message answer) {
    return answer.getSection(Section.ANSWER).stream()
        .map(each -> (each.getName() + " " + each.rdataToString()).toLowerCase(Locale.ROOT))
        .toList();
  }

  @ParameterizedTest
  @EnumSource
  void anAliasOfANameElsewhereIsAnsweredWithWhatThatNameHas(Family family) throws Exception {
    ForwarderScene net = open("");
    net.upstream.answer = with((name, type) -> List.of(family.record(name, family.address)));
    String address = family.record(name("www.example."), family.address).rdataToString();
    Message answer = ask(net, "Far.LAN.", family.type);
    assertThat(records(answer))
        .containsExactly("far.lan. away.lan.", "away.lan. www.example.", "www.example. " + address);
    assertThat(answer.getRcode()).isEqualTo(Rcode.NOERROR);
    assertThat(answer.getQuestion().getName().toString()).isEqualTo("Far.LAN.");
    assertThat(answer.getHeader().getFlag(Flags.AA)).as("RFC 6604: of the alias").isTrue();
    assertThat(records(ask(net, "a.b.any.lan.", family.type)))
        .containsExactly("a.b.any.lan. www.example.", "www.example. " + address);
    assertThat(records(ask(net, "away.", family.type)))
        .as("by its label")
        .containsExactly("away. www.example.", "www.example. " + address);
    assertThat(net.upstream.queries).as("the rest is kept").hasSize(1);
    assertThat(records(ask(net, "away.lan.", Type.CNAME)))
        .containsExactly("away.lan. www.example.");
  }

  @Test
  void theAliasesOfOthersComeBehindOurs() throws Exception {
    ForwarderScene net = open("");
    net.upstream.answer =
        with((asked, type) ->
            List.of(
                new CNAMERecord(asked, DClass.IN, 60, name("cdn.example.")),
                Family.IPV4.record(name("cdn.example."), Family.IPV4.address)));
    assertThat(records(ask(net, "away.lan.", Type.A)))
        .containsExactly(
            "away.lan. www.example.", "www.example. cdn.example.", "cdn.example. 192.0.2.1");
  }

  @Test
  void anAliasThatLeadsBackIsAskedForOnce() throws Exception {
    ForwarderScene net = open("");
    net.upstream.answer =
        with((asked, type) -> List.of(new CNAMERecord(asked, DClass.IN, 60, name("away.lan."))));
    assertThat(records(ask(net, "away.lan.", Type.A)))
        .containsExactly("away.lan. www.example.", "www.example. away.lan.");
    assertThat(net.upstream.queries).hasSize(1);
  }

  @Test
  void theCodeIsThatOfTheNameAtTheEnd() throws Exception {
    ForwarderScene net = open("");
    net.upstream.answer =
        response -> {
          response.getHeader().setRcode(Rcode.NXDOMAIN);
          response.addRecord(
              new SOARecord(name("example."), DClass.IN, 60, Name.root, Name.root, 1, 1, 1, 1, 60),
              Section.AUTHORITY);
          return response;
        };
    Message denied = ask(net, "away.lan.", Type.A);
    assertThat(denied.getRcode()).as("RFC 6604 section 2").isEqualTo(Rcode.NXDOMAIN);
    assertThat(records(denied)).containsExactly("away.lan. www.example.");
    assertThat(denied.getSection(Section.AUTHORITY)).hasSize(1);
    net.upstream.answer =
        response -> {
          response.getHeader().setRcode(Rcode.SERVFAIL);
          return response;
        };
    Message failed = ask(net, "inside.lan.", Type.A);
    assertThat(failed.getRcode()).isEqualTo(Rcode.SERVFAIL);
    assertThat(failed.getQuestion().getName().toString()).isEqualTo("inside.lan.");
    assertThat(failed.getSection(Section.ANSWER)).isEmpty();
  }

  @Test
  void withoutOthersToAskTheAliasIsTheWholeAnswer() throws Exception {
    ForwarderScene net = open(", upstreams: []");
    assertThat(records(ask(net, "away.lan.", Type.A))).containsExactly("away.lan. www.example.");
  }

  @Test
  void whoWantsNoRecursionGetsTheAliasAlone() throws Exception {
    ForwarderScene net = open("");
    Message query = ForwarderScene.query("away.lan.");
    query.getHeader().unsetFlag(Flags.RD);
    net.send("guest", query.toWire());
    assertThat(records(net.answer("guest"))).containsExactly("away.lan. www.example.");
    assertThat(net.upstream.queries).isEmpty();
  }

  @ParameterizedTest
  @EnumSource
  void anAliasDoesNotLeadIntoTheNetworkUnderTheNameOfAStranger(Family family) throws Exception {
    ForwarderScene net = open(", rebinding-protection: true, rebinding-exceptions: [home.example]");
    net.upstream.answer = with((name, type) -> List.of(family.record(name, family.inside)));
    Message refused = ask(net, "away.lan.", family.type);
    assertThat(refused.getRcode()).isEqualTo(Rcode.REFUSED);
    assertThat(refused.getSection(Section.ANSWER)).isEmpty();
    assertThat(ask(net, "inside.lan.", family.type).getSection(Section.ANSWER))
        .as("an exception")
        .hasSize(2);
  }

  @ParameterizedTest
  @EnumSource
  void theNameElsewhereIsAskedForAndToldByTheRulesOfThePort(Family family) throws Exception {
    ForwarderScene net = open("");
    net.upstream.answer = with((name, type) -> List.of(family.record(name, family.address)));
    List<String> told = new ArrayList<>();
    net.rules =
        new NamePolicy() {
          @Override
          public Question question(PortBudget port, String name, int type) {
            return name.equals("www.example") ? Question.ASKED : Question.REFUSED;
          }

          @Override
          public void told(PortBudget port, String name, Address address, long seconds) {
            told.add(port.name() + " " + name + " " + address);
          }
        };
    assertThat(ask(net, "away.lan.", family.type).getSection(Section.ANSWER)).hasSize(2);
    String address = Address.of(family.address).toString();
    assertThat(told)
        .containsExactlyInAnyOrder("guest www.example " + address, "guest away.lan " + address);
    Message refused = ask(net, "inside.lan.", family.type);
    assertThat(refused.getRcode()).isEqualTo(Rcode.REFUSED);
    assertThat(refused.getSection(Section.ANSWER)).isEmpty();
    assertThat(net.upstream.queries).as("nothing of it leaves").hasSize(1);
  }

  @Test
  void whatDoesNotFitADatagramIsCut() throws Exception {
    ForwarderScene net = open("");
    net.upstream.answer =
        with((asked, type) -> {
          List<Record> many = new ArrayList<>();
          for (int i = 0; i < 40; i++) {
            many.add(Family.IPV4.record(asked, InetAddress.ofLiteral("192.0.2." + (i + 1))));
          }
          return many;
        });
    Message cut = ask(net, "away.lan.", Type.A);
    assertThat(cut.getHeader().getFlag(Flags.TC)).isTrue();
    net.send("guest", ForwarderScene.padded("away.lan.", 0));
    assertThat(net.answer("guest").getSection(Section.ANSWER)).hasSize(41);
  }

  @Test
  void theAddressesAreFoundForTheDaemonToo() throws Exception {
    ForwarderScene net = open("");
    net.upstream.answer =
        with((asked, type) -> {
          Family family = type == Type.A ? Family.IPV4 : Family.IPV6;
          return List.of(family.record(asked, family.address));
        });
    assertThat(
            net.onLoop(() -> net.forwarder.lookup("away.lan", true))
                .toCompletableFuture()
                .get(60, TimeUnit.SECONDS))
        .containsExactly(Address.parse("192.0.2.1"), Address.parse("2001:db8::1"));
    assertThat(net.onLoop(() -> String.valueOf(net.forwarder.askedOfOthers("away.lan"))))
        .isEqualTo("www.example");
    assertThat(net.onLoop(() -> String.valueOf(net.forwarder.askedOfOthers("gateway.lan"))))
        .isEqualTo("null");
  }

  @Test
  void theHostsFileKnowsTheNameElsewhere() throws Exception {
    Files.writeString(folder.resolve("hosts"), "192.0.2.9 www.example\n");
    ForwarderScene net = new ForwarderScene(folder, "dns: {" + RECORDS + "}");
    scene = net;
    for (int i = 0; i < 2; i++) {
      assertThat(records(ask(net, "away.", Type.A)))
          .as("the first question waits for the file")
          .containsExactly("away. www.example.", "www.example. 192.0.2.9");
    }
    assertThat(net.upstream.queries).isEmpty();
  }
}
