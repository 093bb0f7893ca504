package io.lanyard.base;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Directories whose place another user has taken. Needs root, to be another user. */
class DirectoriesIT {
  /** Where the kernel does not protect links in sticky directories, the daemon has to. */
  @Test
  void aLinkThatAnotherUserMadeIsNotFollowed(@TempDir Path home) throws IOException {
    Path mine = Files.createDirectory(home.resolve("mine"));
    Path link = Files.createSymbolicLink(home.resolve("link"), mine);
    Files.setAttribute(link, "unix:uid", 65_534, LinkOption.NOFOLLOW_LINKS);
    assertThatThrownBy(() -> new Directories(mine, link, mine).create())
        .hasMessageEndingWith("it belongs to another user, number 65534");
  }
}
