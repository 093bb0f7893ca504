package io.lanyard.daemon.change;

import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.lanyard.base.Directories;
import io.lanyard.config.ConfigException;
import io.lanyard.config.Document;
import io.lanyard.control.api.PlanInfo;
import io.lanyard.control.api.PortInfo;
import io.lanyard.daemon.Daemon;
import io.lanyard.daemon.InProcessDaemon;
import io.lanyard.daemon.network.Network;
import io.lanyard.testing.FreePorts;
import io.lanyard.testing.MemoryDirectory;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A daemon in this process with a network, and changes of its configuration. */
@Timeout(240)
abstract class ConductorScene {
  static final String START =
      """
      version: 1
      networks:
        a:
          mode: nat
          ipv4: {subnet: 10.9.8.0/24}
          ports: [{name: q, kind: qemu-stream, path: q.sock}]
          forwards: [{name: web, protocol: tcp, listen: "127.0.0.1:PORT", to: "10.9.8.9:80"}]
      """;

  @TempDir(factory = MemoryDirectory.class)
  Path home;

  Daemon daemon;
  int port;

  @AfterEach
  void close() {
    if (daemon != null) {
      daemon.close();
    }
  }

  /** The daemon's own file. */
  final Document document(String text) throws ConfigException {
    return document("test.yaml", text);
  }

  final Document document(String source, String text) throws ConfigException {
    return Document.of(source, text.replace("PORT", Integer.toString(port)), home);
  }

  final void start(String text) throws Exception {
    port = FreePorts.one();
    daemon = InProcessDaemon.open(home, document(text));
    daemon.startGuests();
  }

  final Directories directories() {
    return InProcessDaemon.directories(home);
  }

  final ChangeRequest request(String text, boolean force) throws Exception {
    Document document = document("other.yaml", text);
    return new ChangeRequest(
        before -> document, "test", "a test", ChangeRequest.ANY, force, false, Duration.ZERO);
  }

  /** A change of the daemon's own file. */
  final ChangeRequest own(String text) throws Exception {
    Document document = document(text);
    return new ChangeRequest(
        before -> document, "test", "a test", ChangeRequest.ANY, false, false, Duration.ZERO);
  }

  /** The same change by somebody who tolerates what does not run. */
  static ChangeRequest tolerant(ChangeRequest request) {
    return new ChangeRequest(
        request.change(), "test", "a test", ChangeRequest.ANY, false, true, Duration.ZERO);
  }

  final PlanInfo apply(String text) throws Exception {
    return get(daemon.conductor().apply(request(text, false)));
  }

  static <T> T get(CompletableFuture<T> answer) throws Exception {
    try {
      return answer.get(60, TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      throw e.getCause() instanceof Exception cause ? cause : e;
    }
  }

  final ChangeRefusedException refused(String text) {
    return refusal(() -> apply(text));
  }

  static ChangeRefusedException refusal(ThrowingCallable call) {
    return catchThrowableOfType(ChangeRefusedException.class, call);
  }

  final Network network(String name) {
    return Objects.requireNonNull(daemon.network(name));
  }

  final List<String> forwards(String name) {
    return network(name).report().forwards().stream()
        .map(one -> one.name() + " " + one.state() + " -> " + one.to())
        .toList();
  }

  final List<String> ports(String name) {
    return network(name).report().ports().stream().map(PortInfo::name).sorted().toList();
  }
}
