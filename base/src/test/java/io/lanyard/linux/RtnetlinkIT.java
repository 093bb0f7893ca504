package io.lanyard.linux;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.net.Address;
import io.lanyard.testing.HostCommand;
import java.io.IOException;
import java.net.NetworkInterface;
import java.util.HashSet;
import java.util.Set;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The kernel's own messages, in a network namespace. Needs root. */
class RtnetlinkIT {
  private final String namespace = "lyrt" + ProcessHandle.current().pid() % 100_000;

  private String ip(String arguments) throws IOException, InterruptedException {
    return HostCommand.runScript("ip -n " + namespace + " " + arguments);
  }

  @BeforeEach
  void makeNamespace() throws Exception {
    HostCommand.runScript("ip netns add " + namespace);
    ip("link set lo up");
    ip("link add d0 type veth peer name d1");
  }

  @AfterEach
  void deleteNamespace() throws Exception {
    HostCommand.runScript("ip netns del " + namespace);
  }

  private static void await(Rtnetlink socket, BooleanSupplier condition) {
    long end = System.nanoTime() + 60_000_000_000L;
    while (!condition.getAsBoolean() && System.nanoTime() < end) {
      socket.read();
      Thread.onSpinWait();
    }
    assertThat(condition.getAsBoolean()).isTrue();
  }

  private static boolean has(Rtnetlink socket, String address) {
    Address wanted = Address.parse(address);
    return socket.addresses().stream().anyMatch(known -> known.address().equals(wanted));
  }

  @Test
  void addressesAreThereWhenItIsOpenAndFollowWhatHappens() throws Exception {
    ip("addr add 10.77.0.1/24 dev d0");
    try (Rtnetlink socket = NetworkNamespace.run(namespace, Rtnetlink::open)) {
      assertThat(socket.complete()).isTrue();
      assertThat(socket.stale()).isFalse();
      assertThat(has(socket, "127.0.0.1")).isTrue();
      assertThat(has(socket, "10.77.0.1")).isTrue();
      assertThat(socket.read()).isFalse();
      ip("addr add 10.77.0.2/32 dev d0");
      await(socket, () -> has(socket, "10.77.0.2"));
      ip("addr add 2001:db8::1/64 dev d0 nodad");
      await(socket, () -> has(socket, "2001:db8::1"));
      ip("addr del 10.77.0.1/24 dev d0");
      await(socket, () -> !has(socket, "10.77.0.1"));
      ip("link del d0");
      await(socket, () -> !has(socket, "10.77.0.2") && !has(socket, "2001:db8::1"));
    }
  }

  @Test
  void anAddressOnTwoDevicesIsThereUntilBothHaveLostIt() throws Exception {
    ip("addr add 10.77.0.1/32 dev d0");
    ip("addr add 10.77.0.1/32 dev d1");
    try (Rtnetlink socket = NetworkNamespace.run(namespace, Rtnetlink::open)) {
      ip("addr del 10.77.0.1/32 dev d0");
      await(socket, () -> devices(socket, "10.77.0.1") == 1);
      ip("addr del 10.77.0.1/32 dev d1");
      await(socket, () -> !has(socket, "10.77.0.1"));
    }
  }

  private static long devices(Rtnetlink socket, String address) {
    Address wanted = Address.parse(address);
    return socket.addresses().stream().filter(known -> known.address().equals(wanted)).count();
  }

  @Test
  void newsThatWereLostAreAskedForAgain() throws Exception {
    try (Rtnetlink socket = NetworkNamespace.run(namespace, Rtnetlink::open)) {
      // More than the socket's buffer holds, unread.
      StringBuilder batch = new StringBuilder();
      for (int i = 0; i < 3000; i++) {
        batch.append("addr add 10.78.").append(i >> 8).append('.').append(i & 255);
        batch.append("/32 dev d0\n");
      }
      HostCommand.runScript("ip -n " + namespace + " -batch - <<'E'\n" + batch + "E\n");
      await(socket, () -> socket.addresses().size() > 3000);
      assertThat(has(socket, "10.78.11.183")).isTrue();
    }
  }

  @Test
  void onTheLoopbackDeviceTheWholeSubnetIsTheHosts() throws Exception {
    ip("addr add 10.79.0.0/16 dev lo");
    try (Rtnetlink socket = NetworkNamespace.run(namespace, Rtnetlink::open)) {
      assertThat(socket.addresses())
          .anyMatch(known -> known.local().contains(Address.parse("10.79.200.200")));
    }
  }

  /** Any address of such a route reaches the host's services, though no device has it. */
  @Test
  void localRoutesAreTheHostsAndFollowWhatHappens() throws Exception {
    ip("route add local 10.50.0.0/24 dev lo");
    ip("route add 10.52.0.0/24 dev lo");
    ip("route add local 10.53.0.0/24 dev lo table 100"); // as for a transparent proxy
    try (Rtnetlink socket = NetworkNamespace.run(namespace, Rtnetlink::open)) {
      assertThat(socket.stale()).isFalse();
      assertThat(isLocal(socket, "10.50.0.77")).isTrue();
      assertThat(isLocal(socket, "10.52.0.77")).isFalse();
      assertThat(isLocal(socket, "10.53.0.77")).isFalse();
      ip("route add local 10.51.0.0/24 dev lo");
      await(socket, () -> isLocal(socket, "10.51.0.77"));
      ip("route add local 2001:db8:50::/64 dev lo");
      await(socket, () -> isLocal(socket, "2001:db8:50::77"));
      ip("route del local 10.50.0.0/24 dev lo");
      await(socket, () -> !isLocal(socket, "10.50.0.77"));
      assertThat(isLocal(socket, "10.51.0.77")).isTrue();
    }
  }

  /** The kernel has one for each device and metric; guests reach the host by what is left. */
  @Test
  void ofTwoRoutesToTheSameDestinationTheOneThatIsLeftStillMakesItTheHosts() throws Exception {
    ip("link set d0 up");
    ip("route add local 10.50.0.0/24 dev lo");
    ip("route add local 10.50.0.0/24 dev d0 metric 7");
    ip("route add local 2001:db8:50::/64 dev lo metric 5");
    ip("route add local 2001:db8:50::/64 dev lo metric 7");
    try (Rtnetlink socket = NetworkNamespace.run(namespace, Rtnetlink::open)) {
      ip("route del local 10.50.0.0/24 dev lo metric 0");
      ip("route del local 2001:db8:50::/64 dev lo metric 5");
      ip("route add local 10.51.0.0/24 dev lo");
      await(socket, () -> isLocal(socket, "10.51.0.77") && !socket.stale());
      assertThat(isLocal(socket, "10.50.0.77")).isTrue();
      assertThat(isLocal(socket, "2001:db8:50::77")).isTrue();
      ip("route del local 10.50.0.0/24 dev d0 metric 7");
      ip("route del local 2001:db8:50::/64 dev lo metric 7");
      await(socket, () -> !isLocal(socket, "10.50.0.77") && !isLocal(socket, "2001:db8:50::77"));
    }
  }

  /** Both have the host's address and a prefix length in common. */
  @Test
  void ofTwoAddressesWithDifferentPeersTheOneThatIsLeftIsStillThere() throws Exception {
    ip("addr add 10.77.0.1 peer 10.77.0.2/32 dev d0");
    ip("addr add 10.77.0.1 peer 10.77.0.3/32 dev d0");
    try (Rtnetlink socket = NetworkNamespace.run(namespace, Rtnetlink::open)) {
      ip("addr del 10.77.0.1 peer 10.77.0.3/32 dev d0");
      ip("addr add 10.77.0.9/32 dev d0");
      await(socket, () -> has(socket, "10.77.0.9") && !socket.stale());
      assertThat(has(socket, "10.77.0.1")).isTrue();
      ip("addr del 10.77.0.1 peer 10.77.0.2/32 dev d0");
      await(socket, () -> !has(socket, "10.77.0.1"));
    }
  }

  private static boolean isLocal(Rtnetlink socket, String address) {
    Address wanted = Address.parse(address);
    return socket.local().stream().anyMatch(local -> local.contains(wanted));
  }

  @Test
  void theTestsOwnNamespaceHasWhatJavaSees() throws Exception {
    Set<Address> java = new HashSet<>();
    NetworkInterface.networkInterfaces()
        .flatMap(NetworkInterface::inetAddresses)
        .forEach(address -> java.add(Address.of(address)));
    try (Rtnetlink socket = Rtnetlink.open()) {
      assertThat(socket.addresses()).extracting(HostAddress::address).containsAll(java);
    }
  }
}
