package io.lanyard.daemon.adversary;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Has a JVM collect its garbage, as {@code jcmd PID GC.run} does. After the first time it speaks to
 * the JVM itself: a start of jcmd takes as long as an attack.
 *
 * @param pid the JVM's process
 */
record HeapProbe(long pid) {
  /** Version 1 of the JDK's attach protocol: a command with three arguments, each ended by 0. */
  private static final byte[] COLLECT = "1\0jcmd\0GC.run\0\0\0".getBytes(US_ASCII);

  /** Collects all garbage; returns when that is done. */
  void collect() throws IOException {
    Path socket = Path.of("/tmp/.java_pid" + pid);
    if (Files.exists(socket)) {
      try (SocketChannel jvm = SocketChannel.open(UnixDomainSocketAddress.of(socket))) {
        jvm.write(ByteBuffer.wrap(COLLECT));
        assertThat(new String(Channels.newInputStream(jvm).readAllBytes(), US_ASCII))
            .startsWith("0\n");
      }
    } else {
      Path jcmd = Path.of(System.getProperty("java.home"), "bin/jcmd");
      World.run(jcmd + " " + pid + " GC.run");
    }
  }
}
