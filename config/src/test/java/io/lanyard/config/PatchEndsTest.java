package io.lanyard.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class PatchEndsTest {
  private static List<String> loose(String a, String b) throws ConfigException {
    Document document =
        Document.of(
            "x.yaml",
            """
            version: 1
            networks:
              a: {mode: isolated, ports: [%s]}
              b: {mode: isolated, ports: [%s]}
            """
                .formatted(a, b),
            Path.of("/nowhere"));
    return PatchEnds.loose(document, document.configuration()).stream()
        .map(Problem::toString)
        .toList();
  }

  private static String patch(String name, String network, String peer) {
    return "{name: %s, kind: patch, network: %s, peer: %s}".formatted(name, network, peer);
  }

  @Test
  void twoThatNameEachOtherAreWhole() throws ConfigException {
    assertThat(loose(patch("p", "b", "q"), patch("q", "a", "p"))).isEmpty();
  }

  @Test
  void eachThatLeadsNowhereIsNamedWithItsPlace() throws ConfigException {
    assertThat(loose(patch("p", "c", "q"), ""))
        .singleElement()
        .asString()
        .startsWith("x.yaml:3:")
        .contains("networks.a.ports[p].peer", "there is no network c");
    assertThat(loose(patch("p", "b", "q"), ""))
        .singleElement()
        .asString()
        .contains("network b has no port q");
    assertThat(loose(patch("p", "b", "q"), "{name: q, kind: qemu-stream, path: q.sock}"))
        .singleElement()
        .asString()
        .contains("port q of network b is no patch");
    assertThat(loose(patch("p", "b", "q"), patch("q", "a", "other")))
        .hasSize(2)
        .first()
        .asString()
        .contains("port q of network b leads to port other of network a");
  }
}
