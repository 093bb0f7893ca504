package io.lanyard.base;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class DirectoriesTest {
  private static final Path HOME = Path.of("/home/u");

  @Test
  void rootHasTheSystemsDirectories() {
    assertThat(Directories.of(Map.of(), 0, HOME))
        .isEqualTo(
            new Directories(
                Path.of("/var/lib/lanyard"),
                Path.of("/run/lanyard"),
                Path.of("/var/lib/lanyard/images")));
  }

  @Test
  void aUserHasTheXdgDirectories() {
    Directories directories =
        Directories.of(
            Map.of("XDG_RUNTIME_DIR", "/run/user/7", "XDG_STATE_HOME", "/x/state"), 7, HOME);
    assertThat(directories.state()).isEqualTo(Path.of("/x/state/lanyard"));
    assertThat(directories.socket()).isEqualTo(Path.of("/run/user/7/lanyard/api.sock"));
    assertThat(directories.images()).isEqualTo(Path.of("/home/u/.local/share/lanyard/images"));
  }

  @Test
  void aHomeOrASessionOfAnotherUserIsNotTaken(@TempDir Path own) {
    int uid = Directories.uid();
    assertThat(Directories.home(own.toString(), uid, HOME)).isEqualTo(own);
    assertThat(Directories.home(own.toString(), uid + 1, HOME)).isEqualTo(HOME);
    assertThat(Directories.home("relative", uid, HOME)).isEqualTo(HOME);
    assertThat(Directories.home("", uid, HOME)).isEqualTo(HOME);
    String session = own.toString();
    assertThat(Directories.of(Map.of("XDG_RUNTIME_DIR", session), uid + 1, HOME).runtime())
        .isEqualTo(Path.of(System.getProperty("java.io.tmpdir"), "lanyard-" + (uid + 1)));
  }

  @Test
  void directoriesThatAreSaidAreAbsolute() {
    Path here = Path.of("").toAbsolutePath();
    Path said = Path.of("x");
    assertThat(Directories.of(Map.of(), 7, HOME).with(said, said, said))
        .isEqualTo(new Directories(here.resolve(said), here.resolve(said), here.resolve(said)));
  }

  @Test
  void aRelativeXdgDirectoryIsIgnored() {
    assertThat(Directories.of(Map.of("XDG_STATE_HOME", "x"), 7, HOME).state())
        .isEqualTo(Path.of("/home/u/.local/state/lanyard"));
  }

  @Test
  void systemdDecidesForAService() {
    Directories directories =
        Directories.of(
            Map.of("STATE_DIRECTORY", "/var/lib/l:/other", "RUNTIME_DIRECTORY", "/run/l"),
            900,
            HOME);
    assertThat(directories.state()).isEqualTo(Path.of("/var/lib/l"));
    assertThat(directories.runtime()).isEqualTo(Path.of("/run/l"));
    assertThat(directories.images()).isEqualTo(Path.of("/var/lib/l/images"));
  }

  @Test
  void aFileInADirectorysPlaceIsSaid(@TempDir Path directory) throws IOException {
    Path file = Files.writeString(directory.resolve("file"), "");

    assertThatThrownBy(() -> new Directories(file, directory, directory).create())
        .hasMessage("cannot write to " + file + ": it is not a directory");
  }

  @Test
  void aDirectoryOfAnotherUserIsRefused(@TempDir Path directory) {
    assertThatThrownBy(() -> Directories.checkOwn(directory, Directories.uid() + 1))
        .hasMessage("it belongs to another user, number " + Directories.uid());
  }

  @Test
  void aDirectoryThatOthersMayWriteToIsRefused(@TempDir Path home) throws IOException {
    for (String mode : List.of("rwxrwx---", "rwx----w-")) {
      Path directory = Files.createDirectory(home.resolve(mode));
      Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString(mode));
      assertThatThrownBy(() -> new Directories(directory, directory, directory).create())
          .hasMessageEndingWith("others may write to it, too; run: chmod go-w " + directory);
    }
  }

  @Test
  void aDirectoryThatOthersMayReplaceIsRefused(@TempDir Path home) throws IOException {
    Path open = Files.createDirectory(home.resolve("open"));
    Files.setPosixFilePermissions(open, PosixFilePermissions.fromString("rwxrwxrwx"));
    Path directory = open.resolve("run");
    assertThatThrownBy(() -> new Directories(directory, directory, directory).create())
        .hasMessageContaining("everybody may replace it");
  }
}
