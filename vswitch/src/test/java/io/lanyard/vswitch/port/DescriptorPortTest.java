package io.lanyard.vswitch.port;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.vswitch.Port;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.channel.unix.Socket;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Sockets that are handed over as descriptors; they block, since nobody has told them not to. */
class DescriptorPortTest extends PortSuite {
  @TempDir Path directory = Path.of("");
  private final List<Port> clients = new CopyOnWriteArrayList<>();
  private @Nullable SharedStreamPort made;

  private SharedStreamPort shared() {
    return Objects.requireNonNull(made);
  }

  @Override
  Port start() {
    SharedStreamPort port =
        new SharedStreamPort("vm", "descriptor", 1500, Framing.QEMU, 2, context());
    made = port;
    port.attachBy(
        new SharedPort.Clients() {
          @Override
          public void attach(Port client) {
            network.attach(client);
            clients.add(client);
            client.start();
          }

          @Override
          public void detach(Port client) {
            network.detach(client);
            clients.remove(client);
            client.close();
          }
        });
    network.attach(port);
    port.start();
    return port;
  }

  @Override
  Guest connect(Port port) throws Exception {
    awaitOnLoop("the former client is gone", clients::isEmpty);
    Path path = directory.resolve("socket");
    try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      server.bind(UnixDomainSocketAddress.of(path));
      Socket given = Socket.newSocketDomain();
      assertThat(given.connect(new DomainSocketAddress(path.toFile()))).isTrue();
      StreamPortTest.Client guest = new StreamPortTest.Client(server.accept());
      String name = onLoop(() -> shared().take(given.intValue(), true)).get(60, TimeUnit.SECONDS);
      assertThat(name).isEqualTo("vm.1");
      return guest;
    } finally {
      Files.delete(path);
    }
  }

  @Override
  Port ofGuest(Port started) {
    return clients.getFirst();
  }

  @Test
  void aBurstOfLargeFramesIsReadToItsEnd() throws Exception {
    byte[] frame = numbered(PEER, GUEST, 1, 1500);
    int[] got = {0};
    for (int i = 0; i < 2000; i++) {
      guest.send(frame);
      if (i % 100 == 99) {
        int sent = i + 1;
        awaitOnLoop(
            "frames of the burst",
            () -> {
              got[0] += peer.drain().size();
              return got[0] == sent;
            });
      }
    }
  }
}
