package io.lanyard.qemu;

import io.lanyard.base.Causes;
import io.lanyard.vmm.VmmException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.OptionalLong;

/**
 * A guest's files in the plug-in's runtime directory, by which a later daemon finds it.
 *
 * @param directory the guest's own, for this user alone
 */
record GuestFiles(Path directory) {
  /** {@code sun_path} without its terminator. */
  private static final int LONGEST_SOCKET = 107;

  Path pid() {
    return directory.resolve("pid");
  }

  Path qmp() {
    return directory.resolve("qmp");
  }

  Path console() {
    return directory.resolve("console");
  }

  /** The devices that were added into the QEMU that runs. */
  Path plugs() {
    return directory.resolve("plugs");
  }

  /**
   * Marks a QEMU that the next daemon must end: it works at the disks of a guest that is off, or
   * its start is not over.
   */
  Path maintenance() {
    return directory.resolve("maintenance");
  }

  private Path commandFile() {
    return directory.resolve("command");
  }

  /**
   * Makes the directory.
   *
   * @throws VmmException if that fails, or its path is too long for a socket
   */
  void make() throws VmmException {
    int length = console().toString().getBytes(StandardCharsets.UTF_8).length;
    if (length > LONGEST_SOCKET) {
      throw new VmmException(
          "the path of a socket has at most "
              + LONGEST_SOCKET
              + " bytes, and "
              + console()
              + " has "
              + length
              + "; give the daemon a shorter runtime directory");
    }
    try {
      if (!Files.isDirectory(directory)) {
        Files.createDirectory(
            directory,
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
      }
    } catch (IOException e) {
      throw new VmmException("cannot make " + directory + ": " + Causes.of(e), e);
    }
  }

  /**
   * Notes that a QEMU is not the guest: see {@link #maintenance}.
   *
   * @throws VmmException if that fails
   */
  void beginMaintenance() throws VmmException {
    try {
      Files.writeString(maintenance(), "");
    } catch (IOException e) {
      throw new VmmException("cannot write " + maintenance() + ": " + Causes.of(e), e);
    }
  }

  /** Notes the command line that QEMU is started with, and removes what an earlier one has left. */
  void write(List<String> line) throws VmmException {
    try {
      Files.deleteIfExists(pid());
      Files.deleteIfExists(plugs());
      Files.deleteIfExists(qmp());
      Files.writeString(commandFile(), Json.write(line));
    } catch (IOException e) {
      throw new VmmException("cannot write " + commandFile() + ": " + Causes.of(e), e);
    }
  }

  /** Notes the command line that would make the QEMU that runs, as it is now. */
  void note(List<String> line) throws IOException {
    Files.writeString(commandFile(), Json.write(line));
  }

  /** The command line that the QEMU which runs was started with; empty if that is not known. */
  List<String> command() {
    try {
      return Json.readTexts(Files.readString(commandFile()));
    } catch (IOException e) {
      return List.of();
    }
  }

  /** The number of the process, if there was one. */
  OptionalLong readPid() {
    try {
      return OptionalLong.of(Long.parseLong(Files.readString(pid()).strip()));
    } catch (IOException | NumberFormatException e) {
      return OptionalLong.empty();
    }
  }

  /** Removes all of it. */
  void remove() throws IOException {
    for (Path file : List.of(pid(), qmp(), console(), commandFile(), plugs(), maintenance())) {
      Files.deleteIfExists(file);
    }
    Files.deleteIfExists(directory);
  }
}
