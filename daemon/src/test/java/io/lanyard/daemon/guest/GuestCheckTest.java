package io.lanyard.daemon.guest;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.config.ConfigurationCheck;
import io.lanyard.config.Document;
import io.lanyard.config.Problem;
import io.lanyard.testing.LogWatch;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class GuestCheckTest {
  @TempDir Path home;

  @BeforeEach
  void files() throws IOException {
    Files.writeString(
        home.resolve("text"), "this is no kernel, whatever its length is. ".repeat(3));
  }

  private ConfigurationCheck.Report check(String guests) throws Exception {
    Document document =
        Document.of(
            "f",
            """
            version: 1
            networks: {a: {mode: isolated}}
            guests:
            """
                + guests,
            home);
    return new GuestCheck().check(document, document.configuration(), null, home.resolve("images"));
  }

  @Test
  void whatAVmmCannotDoIsSaidWithItsPlaceInTheFile() throws Exception {
    ConfigurationCheck.Report found =
        check(
            """
              vmm: {vmm: vbox}
              boot: {vmm: echo, firmware: text}
              arch: {vmm: echo, architecture: vax}
              disk: {vmm: echo, disks: [{path: text, format: qcow2}]}
              image: {vmm: echo, image: unheard-of}
              option: {vmm: echo, options: {colour: red}}
              keep: {vmm: echo, keep-running: true}
              good: {vmm: echo, nics: [{network: a}]}
            """);
    assertThat(found.problems().stream().map(Problem::toString))
        .satisfiesExactly(
            problem ->
                assertThat(problem).startsWith("f:4:14: guests.vmm.vmm: there is no VMM vbox"),
            problem ->
                assertThat(problem)
                    .startsWith(
                        "f:5:31: guests.boot.firmware: vmm: echo starts no guest from firmware"),
            problem ->
                assertThat(problem)
                    .isEqualTo(
                        "f:6:35: guests.arch.architecture: vmm: echo has no vax here; it has"
                            + " test64"),
            problem ->
                assertThat(problem)
                    .startsWith("f:7:50: guests.disk.disks[0].format: vmm: echo has no"),
            problem ->
                assertThat(problem)
                    .startsWith("f:8:29: guests.image.image: image unheard-of is not in ")
                    .contains("none of this name can be pulled")
                    .doesNotContain("lanyard image pull"),
            problem ->
                assertThat(problem)
                    .isEqualTo("f:9:41: guests.option.options.colour: this VMM is grey, not red"),
            problem -> assertThat(problem).startsWith("f:10:35: guests.keep.keep-running: "));
    assertThat(found.doubts()).isEmpty();
    assertThat(found.left()).contains("whether the host has the guests' memory");
  }

  @Test
  void aMisspeltImageIsAnsweredWithTheOneThatWasMeant() throws Exception {
    assertThat(check("  a: {vmm: echo, image: debian-13-netbot}\n").problems())
        .singleElement()
        .asString()
        .contains("; did you mean debian-13-netboot? choose one that `lanyard image ls` lists");
  }

  @Test
  void anImageThatIsNotThereHidesNothingElse() throws Exception {
    ConfigurationCheck.Report found =
        check(
            """
              a: {vmm: echo, image: unheard-of, architecture: vax, options: {colour: red}}
              b: {vmm: echo, image: debian-13-netboot, options: {colour: red}}
            """);
    assertThat(found.problems())
        .extracting(Problem::path)
        .containsExactly(
            "guests.a.architecture",
            "guests.a.image",
            "guests.a.options.colour",
            "guests.b.options.colour");
    assertThat(found.doubts()).extracting(Problem::path).containsExactly("guests.b.image");
  }

  @Test
  void aPlaceToLeaveFromThatTheHostHasNotIsADoubt() throws Exception {
    Document document =
        Document.of(
            "f",
            """
            version: 1
            networks:
              a: {mode: nat, ipv4: {subnet: 10.1.0.0/24}, nat: {outbound: {interface: no-such}}}
              b: {mode: nat, ipv4: {subnet: 10.2.0.0/24}, nat: {outbound: {address: 192.0.2.1}}}
            """,
            home);
    ConfigurationCheck.Report found =
        new GuestCheck().check(document, document.configuration(), null, home.resolve("images"));
    assertThat(found.doubts().stream().map(Problem::toString))
        .satisfiesExactly(
            doubt ->
                assertThat(doubt)
                    .startsWith("f:3:")
                    .contains("nat.outbound.interface: no-such is not there"),
            doubt ->
                assertThat(doubt)
                    .startsWith("f:4:")
                    .contains("nat.outbound.address: 192.0.2.1 is no address of the host"));
  }

  @Test
  void anImageThatCanBePulledIsADoubt() throws Exception {
    ConfigurationCheck.Report found = check("  a: {vmm: echo, image: debian-13-netboot-slim}\n");
    assertThat(found.problems()).isEmpty();
    assertThat(found.doubts().toString()).contains("lanyard image pull debian-13-netboot");
  }

  @Test
  void aVmmThatFailsWhenItIsAskedIsAProblemOfTheGuest() throws Exception {
    LogWatch.expect("event=vmm-failed");
    ConfigurationCheck.Report found =
        check("  a: {vmm: hostile, options: {in: validate, how: throw}}\n");
    assertThat(found.problems().toString()).contains("guests.a.vmm", "failed to check it");
  }
}
