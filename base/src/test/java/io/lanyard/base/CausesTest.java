package io.lanyard.base;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.EOFException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.net.UnknownHostException;
import java.nio.channels.ClosedChannelException;
import java.nio.charset.MalformedInputException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.attribute.UserPrincipalNotFoundException;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class CausesTest {
  private static Stream<Arguments> causes() {
    return Stream.of(
        Arguments.of(new AccessDeniedException("/f"), "permission denied"),
        Arguments.of(new NoSuchFileException("/f"), "there is no /f"),
        Arguments.of(new FileAlreadyExistsException("/f"), "/f is there already"),
        Arguments.of(new NotDirectoryException("/f"), "/f is not a directory"),
        Arguments.of(new DirectoryNotEmptyException("/f"), "/f is not empty"),
        Arguments.of(new FileSystemLoopException("/f"), "/f leads to itself"),
        Arguments.of(new FileSystemException("/f", null, "No space left"), "No space left"),
        Arguments.of(new UserPrincipalNotFoundException("x"), "there is no such user or group"),
        Arguments.of(new UnknownHostException("lab"), "there is no host lab"),
        Arguments.of(new MalformedInputException(1), "it is not UTF-8 text"),
        Arguments.of(new FileNotFoundException(), "there is no such file"),
        Arguments.of(new EOFException(), "it ended too early"),
        Arguments.of(new ClosedChannelException(), "it is closed"),
        Arguments.of(new TimeoutException(), "it took too long"),
        Arguments.of(new InterruptedException(), "it was interrupted"),
        Arguments.of(new IOException("Connection refused"), "Connection refused"));
  }

  @ParameterizedTest
  @MethodSource("causes")
  void aCauseIsSaidInWords(Throwable cause, String words) {
    assertThat(Causes.of(cause)).isEqualTo(words);
  }
}
