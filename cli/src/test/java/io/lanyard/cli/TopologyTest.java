package io.lanyard.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

/** {@code lanyard mac} and {@code lanyard topology}, against answers of a daemon. */
final class TopologyTest {
  private static final String TOPOLOGY =
      """
      {"switches": [
        {"network": "lab", "mode": "isolated", "state": "running", "subnet": "", "ipv6Subnet": "",
         "ports": [
           {"name": "p", "kind": "patch", "state": "up", "at": "network=vmnet8 peer=q",
            "guest": "", "guestState": "", "stations": []},
           {"name": "t", "group": "trusted", "kind": "tap", "state": "no-carrier",
            "at": "device=t0 netns=a",
            "guest": "", "guestState": "", "stations": [
              {"mac": "52:54:00:00:00:02", "vlan": 20, "addresses": [], "hostname": ""}]}]},
        {"network": "vmnet8", "mode": "nat", "state": "running", "subnet": "192.168.127.0/24",
         "ipv6Subnet": "", "ports": [
           {"name": "q", "kind": "patch", "state": "up", "at": "network=lab peer=p",
            "guest": "", "guestState": "", "stations": []},
           {"name": "web.nic0", "kind": "guest", "state": "up", "at": "", "guest": "web",
            "guestState": "running", "stations": [
              {"mac": "52:54:00:00:00:10", "vlan": 0, "addresses": ["192.168.127.10"],
               "hostname": "<b>\\"web\\\\&\\u001b[1m"}]}]}],
       "patches": [{"network": "lab", "port": "p", "peerNetwork": "vmnet8", "peerPort": "q",
                    "up": true}]}
      """;

  @TempDir Path directory;
  private FakeDaemon daemon;
  private final Said said = new Said();

  @BeforeEach
  void start() throws IOException {
    daemon = new FakeDaemon(directory).answer("GET /v1/topology", TOPOLOGY);
  }

  @AfterEach
  void stop() throws IOException {
    said.close();
    daemon.close();
  }

  /** Where people write other digits, a picture has those of its language. */
  @Test
  void aPictureIsTheSameInEveryLocale() {
    assertThat(run("topology --svg")).isZero();
    String here = said.out();
    Locale before = Locale.getDefault(Locale.Category.FORMAT);
    Locale.setDefault(Locale.Category.FORMAT, Locale.forLanguageTag("ar-EG"));
    try {
      assertThat(run("topology --svg")).isZero();
      assertThat(said.out()).isEqualTo(here);
    } finally {
      Locale.setDefault(Locale.Category.FORMAT, before);
    }
  }

  private int run(String command) {
    return said.run(daemon.socket, command);
  }

  @Test
  void aTreeShowsWhatIsBehindEachPort() {
    assertThat(run("topology")).as(said.err()).isZero();
    assertThat(said.out())
        .isEqualTo(
            """
            lab  isolated  running
            ├─ p  patch  up  to vmnet8/q
            └─ t  tap  no-carrier  group trusted  device=t0 netns=a
               └─ 52:54:00:00:00:02  vlan 20
            vmnet8  nat  running  192.168.127.0/24
            ├─ q  patch  up  to lab/p
            └─ web.nic0  guest  up  guest web (running)
               └─ 52:54:00:00:00:10  192.168.127.10  <b>"web\\&?[1m
            """);
  }

  @Test
  void aGraphQuotesWhatGuestsSay() {
    assertThat(run("topology --dot")).as(said.err()).isZero();
    assertThat(said.out())
        .startsWith("graph lanyard {\n")
        .endsWith("}\n")
        .contains(
            "\"switch vmnet8\" -- \"guest web\" [label=\"web.nic0\"];",
            "\"switch lab\" -- \"port lab/t\" [label=\"no-carrier\", style=dashed];",
            "\"switch lab\" -- \"switch vmnet8\" [label=\"p - q\"];",
            "t\\ntap\\ngroup trusted\\ndevice=t0 netns=a\\n52:54:00:00:00:02  vlan 20");
  }

  @Test
  void aPictureIsXmlInWhichEveryBoxHoldsItsText() throws Exception {
    assertThat(run("topology --svg")).as(said.err()).isZero();
    Element picture =
        DocumentBuilderFactory.newDefaultInstance()
            .newDocumentBuilder()
            .parse(new ByteArrayInputStream(said.out().getBytes(UTF_8)))
            .getDocumentElement();
    List<String> texts = new ArrayList<>();
    NodeList all = picture.getElementsByTagName("text");
    for (int i = 0; i < all.getLength(); i++) {
      texts.add(all.item(i).getTextContent());
    }
    assertThat(texts)
        .contains(
            "lab",
            "vmnet8",
            "192.168.127.0/24",
            "t  tap  no-carrier",
            "group trusted",
            "web",
            "52:54:00:00:00:10  192.168.127.10  <b>\"web\\&?[1m");
    // Four ports, the one guest's second line, and the patch's arc.
    assertThat(picture.getElementsByTagName("path").getLength()).isEqualTo(6);
    int width = Integer.parseInt(picture.getAttribute("width"));
    int height = Integer.parseInt(picture.getAttribute("height"));
    NodeList boxes = picture.getElementsByTagName("rect");
    for (int i = 1; i < boxes.getLength(); i++) { // the first is the ground
      Element box = (Element) boxes.item(i);
      assertThat(number(box, "x") + number(box, "width")).isBetween(1, width);
      assertThat(number(box, "y") + number(box, "height")).isBetween(1, height);
    }
  }

  private static int number(Element element, String attribute) {
    return Integer.parseInt(element.getAttribute(attribute));
  }

  @Test
  void jsonIsTheDaemonsOwn() {
    assertThat(run("topology --json")).as(said.err()).isZero();
    assertThat(said.out()).contains("\"guestState\" : \"running\"");
    assertThat(run("topology --svg --dot")).isEqualTo(Lanyard.BAD_USAGE);
  }

  @Test
  void addressesOfANetworkAreListed() {
    daemon.answer(
        "GET /v1/macs",
        """
        [{"network": "vmnet8", "mac": "52:54:00:00:00:10", "vlan": 0, "port": "web.nic0",
          "hold": "learned", "ageSeconds": 75, "addresses": ["192.168.127.10", "fe80::1"]}]
        """);
    assertThat(run("mac ls vmnet8")).as(said.err()).isZero();
    assertThat(said.out())
        .isEqualTo(
            """
            NETWORK  MAC                VLAN  PORT      HOLD     AGE    ADDRESSES
            vmnet8   52:54:00:00:00:10  0     web.nic0  learned  1m15s  192.168.127.10,fe80::1
            """);
    assertThat(daemon.asked().getLast().target()).isEqualTo("/v1/macs?network=vmnet8");
    assertThat(run("mac ls --network vmnet8")).as(said.err()).isZero();
    assertThat(daemon.asked().getLast().target()).isEqualTo("/v1/macs?network=vmnet8");
    assertThat(run("mac ls a --network b")).isEqualTo(Lanyard.BAD_USAGE);
  }
}
