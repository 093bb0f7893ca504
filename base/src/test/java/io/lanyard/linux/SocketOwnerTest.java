package io.lanyard.linux;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SocketOwnerTest {
  @TempDir Path process;

  @Test
  void aProcessIsLookedAtToItsLastDescriptorThoughOthersVanishMeanwhile() throws Exception {
    Path descriptors = Files.createDirectory(process.resolve("fd"));
    for (int i = 0; i < 100; i++) {
      Files.createFile(descriptors.resolve("gone" + i)); // no link: it cannot be read as one
    }
    Files.createSymbolicLink(descriptors.resolve("7"), Path.of("socket:[4711]"));
    assertThat(SocketOwner.holds(process, Set.of("socket:[4711]"))).isTrue();
    assertThat(SocketOwner.holds(process, Set.of("socket:[4712]"))).isFalse();
    assertThat(SocketOwner.holds(process.resolve("ended"), Set.of("socket:[4711]"))).isFalse();
  }
}
