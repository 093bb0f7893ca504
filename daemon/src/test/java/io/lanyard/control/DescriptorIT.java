package io.lanyard.control;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.daemon.Daemon;
import io.lanyard.testing.Await;
import io.lanyard.testing.LogWatch;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Sockets of other programs, whose descriptors come by the API. Needs python3. */
@SuppressWarnings("NullAway.Init") // the fields are set before each test
@Timeout(value = 240, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class DescriptorIT {
  /** The beginning of every program: {@code give} sends a socket, and tells the answer. */
  private static final String COMMON =
      """
      import socket, struct, sys
      def ask(request):
          api = socket.socket(socket.AF_UNIX)
          api.settimeout(20)
          api.connect(sys.argv[1])
          api.sendall(request.encode())
          return api
      def give(s, query=''):
          api = ask('POST /v1/networks/n/descriptors' + query + ' HTTP/1.1\\r\\nHost: x\\r\\n'
              'Connection: upgrade\\r\\nUpgrade: lanyard-descriptor\\r\\n\\r\\n')
          head = api.recv(1000).decode()
          if ' 101 ' not in head:
              return head
          socket.send_fds(api, [b'x'], [s.fileno()])
          return api.makefile().read().strip()
      def frame(s, length):
          def whole(n):
              b = b''
              while len(b) < n:
                  b += s.recv(n - len(b))
              return b
          n = struct.unpack(length, whole(struct.calcsize(length)))[0]
          return whole(n)
      guest = bytes.fromhex('525400000077')
      arp = (b'\\xff' * 6 + guest + bytes.fromhex('08060001080006040001') + guest
          + bytes([10, 9, 8, 9]) + bytes(6) + bytes([10, 9, 8, 2]) + bytes(18))
      """;

  @TempDir Path home;
  private Daemon daemon;
  private ServedDaemon served;

  @BeforeEach
  void open() throws Exception {
    served =
        ServedDaemon.open(
            home, "version: 1\nnetworks: {n: {mode: nat, ipv4: {subnet: 10.9.8.0/24}}}\n");
    daemon = served.daemon();
    daemon.startGuests();
  }

  @AfterEach
  void close() {
    served.close();
  }

  private List<String> run(String program) throws Exception {
    Path file = home.resolve("client.py");
    Files.writeString(file, COMMON + program);
    Process process =
        new ProcessBuilder("python3", file.toString(), served.socket().toString())
            .redirectErrorStream(true)
            .start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(said).isZero();
    return said.lines().toList();
  }

  private Stream<String> ports() {
    return Objects.requireNonNull(daemon.network("n")).report().ports().stream()
        .map(port -> port.name());
  }

  @Test
  void socketsOfBothFamiliesAndFramingsAreLinks() throws Exception {
    List<String> said =
        run(
            """
            for query, length in (('', '>I'), ('?framing=gvproxy', '<H')):
                mine, theirs = socket.socketpair()
                print(give(theirs, query))
                theirs.close()
                mine.sendall(struct.pack(length, len(arp)) + arp)
                print(frame(mine, length)[20:22].hex())
            listener = socket.create_server(('127.0.0.1', 0))
            mine = socket.create_connection(listener.getsockname())
            theirs, _ = listener.accept()
            print(give(theirs))
            theirs.close()
            mine.sendall(struct.pack('>I', len(arp)) + arp)
            print(frame(mine, '>I')[20:22].hex())
            """);
    assertThat(said)
        .containsExactly(
            "{\"network\":\"n\",\"port\":\"descriptor.1\"}",
            "0002",
            "{\"network\":\"n\",\"port\":\"connect.1\"}",
            "0002",
            "{\"network\":\"n\",\"port\":\"descriptor.1\"}",
            "0002");
    Await.until(
        "the ports of those that left go", () -> !ports().anyMatch(name -> name.endsWith(".1")));
  }

  @Test
  void whatIsNoConnectedStreamSocketIsRefusedInWords() throws Exception {
    List<String> said =
        run(
            """
            one, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
            print(give(one))
            print(give(open('/dev/null')))
            print(give(socket.socket()))
            print(give(one, '?framing=x').splitlines()[0])
            api = ask('POST /v1/networks/n/descriptors HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n')
            print(api.recv(1000).decode().splitlines()[0])
            """);
    assertThat(said).hasSize(5);
    assertThat(said.get(0)).contains("no stream socket");
    assertThat(said.get(1)).contains("no socket");
    assertThat(said.get(2)).contains("not connected");
    assertThat(said.get(3)).contains(" 400 ");
    assertThat(said.get(4)).contains(" 426 ");
    assertThat(ports()).noneMatch(name -> name.contains("."));
  }

  @Test
  void aClientThatSendsBytesOrLeavesHarmsNobody() throws Exception {
    run(
        """
        head = ('POST /v1/networks/n/descriptors HTTP/1.1\\r\\nHost: x\\r\\n'
            'Connection: upgrade\\r\\nUpgrade: lanyard-descriptor\\r\\n\\r\\n')
        for i in range(20):
            api = ask(head)
            assert ' 101 ' in api.recv(1000).decode()
            if i % 2:
                api.sendall(b'x' * 100)
            api.close()
        early = ask(head + 'y' * 100)
        early.recv(1000)
        early.close()
        mine, theirs = socket.socketpair()
        assert 'descriptor.1' in give(theirs)
        """);
  }

  @Test
  void severalDescriptorsAreRefusedAndNoneStays() throws Exception {
    String program =
        """
        def several(n):
            api = ask('POST /v1/networks/n/descriptors HTTP/1.1\\r\\nHost: x\\r\\n'
                'Connection: upgrade\\r\\nUpgrade: lanyard-descriptor\\r\\n\\r\\n')
            assert ' 101 ' in api.recv(1000).decode()
            mine, theirs = socket.socketpair()
            mine.settimeout(20)
            socket.send_fds(api, [b'x'], [theirs.fileno()] * n)
            theirs.close()
            api.shutdown(socket.SHUT_WR)
            said = api.makefile().read().strip()
            assert mine.recv(1) == b''
            return said
        for n in (2, 3, 8, 100, 253):
            print(several(n))
        """;
    List<String> said = run(program);
    assertThat(said).hasSize(5).allMatch(line -> line.contains("not one descriptor"));
    assertThat(ports()).noneMatch(name -> name.contains("."));
  }

  @Test
  void aSocketThatItsGiverHasMadeWaitDoesNotStopTheNetwork() throws Exception {
    List<String> said =
        run(
            """
            mine, theirs = socket.socketpair()
            print(give(theirs))
            theirs.settimeout(None)  # the giver's copy is of the same socket
            for way in (socket.SO_SNDTIMEO, socket.SO_RCVTIMEO):
                theirs.setsockopt(socket.SOL_SOCKET, way, struct.pack('ll', 0, 0))
            other, handed = socket.socketpair()
            other.settimeout(20)
            print(give(handed))
            handed.close()
            said = bytes.fromhex('ffffffffffff52540000007688b5') + bytes(46)
            mine.sendall(struct.pack('>I', len(said)) + said)
            frame(other, '>I')
            flood = bytes.fromhex('525400000076') + bytes.fromhex('525400000078') + b'\\x88\\xb5' + bytes(1400)
            whole = struct.pack('>I', len(flood)) + flood
            for i in range(2000):  # the first guest reads none of it
                other.sendall(whole)
            other.sendall(struct.pack('>I', len(arp)) + arp)
            while True:
                f = frame(other, '>I')
                if f[12:14] == b'\\x08\\x06' and f[20:22] == b'\\x00\\x02':
                    break
            print('goes on')
            """);
    assertThat(said).hasSize(3).endsWith("goes on");
  }

  @Test
  void aSocketThatItsGiverHasMadeLingerDoesNotStopTheNetworkWhenItCloses() throws Exception {
    LogWatch.expect("event=client-disconnected");
    List<String> said =
        run(
            """
            listener = socket.create_server(('127.0.0.1', 0))
            mine = socket.create_connection(listener.getsockname())
            theirs, _ = listener.accept()
            theirs.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 120))
            print(give(theirs))
            theirs.close()
            other, handed = socket.socketpair()
            other.settimeout(20)
            print(give(handed))
            handed.close()
            said = bytes.fromhex('ffffffffffff52540000007688b5') + bytes(46)
            mine.sendall(struct.pack('>I', len(said)) + said)
            frame(other, '>I')
            flood = bytes.fromhex('525400000076') + bytes.fromhex('525400000078') + b'\\x88\\xb5' + bytes(1400)
            whole = struct.pack('>I', len(flood)) + flood
            for i in range(8000):  # more than all buffers of TCP: some of it waits for the first guest
                other.sendall(whole)
            mine.sendall(b'\\xff' * 4)  # no frame is that long: the port ends
            for i in range(20):
                other.sendall(struct.pack('>I', len(arp)) + arp)
                while True:
                    f = frame(other, '>I')
                    if f[12:14] == b'\\x08\\x06' and f[20:22] == b'\\x00\\x02':
                        break
            print('goes on')
            """);
    assertThat(said).hasSize(3).endsWith("goes on");
  }

  @Test
  void oneTooManyIsToldSo() throws Exception {
    LogWatch.expect("event=client-refused");
    List<String> said =
        run(
            """
            kept = []
            for i in range(33):
                mine, theirs = socket.socketpair()
                kept.append(mine)
                said = give(theirs)
                theirs.close()
                assert i == 32 or 'descriptor.' + str(i + 1) in said, said
            print(said)
            """);
    assertThat(said)
        .singleElement()
        .asString()
        .contains("\"status\":409", "\"title\":\"it has 32 clients");
  }
}
