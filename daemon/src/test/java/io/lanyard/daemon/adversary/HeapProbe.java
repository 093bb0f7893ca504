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
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Has a JVM collect its garbage, as {@code jcmd PID GC.run} does, and tells what is left. After the
 * first time it speaks to the JVM itself: a start of jcmd takes as long as an attack.
 *
 * @param pid the JVM's process, which runs with {@code -XX:+UseSerialGC}
 */
record HeapProbe(long pid) {
  /** The generation of what a full collection keeps; what is made later begins in the other one. */
  private static final Pattern TENURED = Pattern.compile("(?i)tenured .*?used ([0-9]+)K");

  /** Collects all garbage; returns the bytes of what is none. */
  long bytes() throws IOException {
    String _ = ask("GC.run");
    String heap = ask("GC.heap_info");
    Matcher tenured = TENURED.matcher(heap);
    assertThat(tenured.find()).as(heap).isTrue();
    return 1024 * Long.parseLong(tenured.group(1));
  }

  private String ask(String command) throws IOException {
    Path socket = Path.of("/tmp/.java_pid" + pid);
    if (!Files.exists(socket)) {
      Path jcmd = Path.of(System.getProperty("java.home"), "bin/jcmd");
      World.run(jcmd + " " + pid + " VM.uptime"); // has the JVM open its socket
    }
    // Version 1 of the JDK's attach protocol: a command with three arguments, each ended by 0.
    byte[] request = ("1\0jcmd\0" + command + "\0\0\0").getBytes(US_ASCII);
    try (SocketChannel jvm = SocketChannel.open(UnixDomainSocketAddress.of(socket))) {
      jvm.write(ByteBuffer.wrap(request));
      String answer = new String(Channels.newInputStream(jvm).readAllBytes(), US_ASCII);
      assertThat(answer).startsWith("0\n");
      return answer;
    }
  }
}
