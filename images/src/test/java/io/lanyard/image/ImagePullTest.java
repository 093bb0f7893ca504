package io.lanyard.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(240)
final class ImagePullTest {
  private static final PullProgress SILENT =
      new PullProgress() {
        @Override
        public void step(String name, long total) {}

        @Override
        public void at(long done) {}
      };

  @TempDir Path directory;

  private ImagePull pull(String apt) {
    return new ImagePull(new ImageStore(directory.resolve("images")), SILENT, apt);
  }

  private String script(String body) throws IOException {
    Path script = directory.resolve("apt-get");
    Files.writeString(script, "#!/bin/sh\n" + body);
    Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwx------"));
    return script.toString();
  }

  @Test
  void anUnknownImageSuggestsTheNearest() {
    assertThatThrownBy(() -> pull("apt-get").pull("debian-13-netbot"))
        .isInstanceOfSatisfying(
            ImageException.class, e -> assertThat(e.hint()).contains("debian-13-netboot"));
  }

  @Test
  void aHostWithoutAptIsToldSo() {
    assertThatThrownBy(() -> pull("/nonexistent/apt-get").pull("debian-13-netboot"))
        .isInstanceOf(ImageException.class)
        .hasMessageContaining("cannot run /nonexistent/apt-get");
  }

  @Test
  void aHostWithoutNetworkIsToldSo() throws IOException {
    String apt =
        script(
            """
            case "$*" in
              *indextargets*) echo 'http://m.invalid/debian|Debian|bookworm|main||Packages' ;;
              *) echo "W: Failed to fetch http://m.invalid/x  Could not resolve 'm.invalid'" ;;
            esac
            """);
    assertThatThrownBy(() -> pull(apt).pull("debian-13-netboot"))
        .isInstanceOfSatisfying(
            ImageException.class,
            e -> {
              assertThat(e).hasMessageContaining("Could not resolve 'm.invalid'");
              assertThat(e.hint()).contains("apt-get update");
            });
  }

  @Test
  void aFullDiskIsToldSo() throws IOException {
    String apt =
        script(
            """
            case "$*" in
              *indextargets*) echo 'http://m.invalid/debian|Debian|bookworm|main||Packages' ;;
              *) echo "E: Write error - write (28: No space left on device)"; exit 100 ;;
            esac
            """);
    assertThatThrownBy(() -> pull(apt).pull("debian-13-netboot"))
        .isInstanceOf(ImageException.class)
        .hasMessageContaining("the disk is full");
  }

  @Test
  void aRelativeDirectoryIsTheSameToApt() throws IOException {
    String apt =
        script(
            """
            case "$*" in
              *indextargets*) echo 'http://m.invalid/debian|Debian|bookworm|main||Packages' ;;
              *) [ -r "$3" ] && echo "read $3" || echo "no $3"; exit 100 ;;
            esac
            """);
    Path relative = Path.of("").toAbsolutePath().relativize(directory.resolve("images"));
    assertThatThrownBy(
            () -> new ImagePull(new ImageStore(relative), SILENT, apt).pull("debian-13-netboot"))
        .isInstanceOf(ImageException.class)
        .hasMessageContaining("read /");
  }

  @Test
  void aptChecksSignaturesWhateverTheHostPermits() throws IOException {
    String apt =
        script(
            """
            case "$*" in
              *indextargets*) echo 'http://m.invalid/debian|Debian|bookworm|main||Packages' ;;
              *) grep -E '^(Acquire::Allow.*|APT::Get::Allow.*) "false";' "$3" | wc -l; exit 100 ;;
            esac
            """);
    assertThatThrownBy(() -> pull(apt).pull("debian-13-netboot"))
        .isInstanceOf(ImageException.class)
        .hasMessageEndingWith(": 4");
  }

  @Test
  void onlyRootsAptGivesItsPrivilegesUpToDownload() {
    Path home = directory.resolve("apt");
    for (boolean root : new boolean[] {true, false}) {
      assertThat(new Apt(home, "apt-get", root).configuration().contains("APT::Sandbox::User \"\""))
          .isNotEqualTo(root);
    }
  }

  @Test
  void aFileInTheStoresPlaceIsSaid() throws IOException {
    Files.writeString(directory.resolve("images"), "");
    assertThatThrownBy(() -> pull("apt-get").pull("debian-13-netboot"))
        .isInstanceOf(ImageException.class)
        .hasMessageContaining("it is not a directory");
  }

  @Test
  void anAptThatAKilledPullLeftIsNoMissingMirror() throws IOException {
    String apt =
        script(
            """
            case "$*" in
              *indextargets*) echo 'http://m.invalid/debian|Debian|bookworm|main||Packages' ;;
              *) echo "E: Could not get lock x. It is held by process 7 (apt-get)"; exit 100 ;;
            esac
            """);
    assertThatThrownBy(() -> pull(apt).pull("debian-13-netboot"))
        .isInstanceOfSatisfying(
            ImageException.class, e -> assertThat(e.hint()).contains("try again"));
  }

  @Test
  void aHostWithoutAMirrorIsToldSo() throws IOException {
    String apt = script("exit 0\n");
    assertThatThrownBy(() -> pull(apt).pull("debian-13-netboot"))
        .isInstanceOf(ImageException.class)
        .hasMessageContaining("knows no mirror");
  }

  @Test
  void anImageWithAMissingFileIsNotThere() throws IOException {
    Path home = Files.createDirectories(directory.resolve("images/x"));
    Files.writeString(
        home.resolve(ImageStore.MANIFEST),
        """
        {"name":"x","description":"","source":"","sourceSha256":"","commandLine":"",
         "files":{"kernel":{"name":"linux","size":5,"sha256":""}}}
        """);
    ImageStore store = new ImageStore(directory.resolve("images"));
    assertThat(store.find("x")).isEmpty();
    Files.writeString(home.resolve("linux"), "12345");
    assertThat(store.find("x")).isPresent();
    assertThat(store.find("../x")).isEmpty();
    assertThat(store.remove("x")).isTrue();
    assertThat(store.remove("x")).isFalse();
  }
}
