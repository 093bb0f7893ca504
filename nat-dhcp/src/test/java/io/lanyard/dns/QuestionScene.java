package io.lanyard.dns;

import static io.lanyard.dns.ForwarderScene.query;
import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.dhcp.ClientId;
import io.lanyard.dhcp.Lease;
import io.lanyard.net.Address;
import io.netty.util.NetUtil;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.xbill.DNS.ARecord;
import org.xbill.DNS.DClass;
import org.xbill.DNS.Flags;
import org.xbill.DNS.Message;
import org.xbill.DNS.Name;
import org.xbill.DNS.Record;

/** A guest that asks the forwarder of a network with names of its own. */
abstract class QuestionScene {
  static final String GUEST = "qemu1";

  @TempDir private Path folder;
  Path hostsFile;
  ForwarderScene scene;
  FakeUpstream upstream;

  @BeforeEach
  void start() throws Exception {
    hostsFile = folder.resolve("hosts");
    scene =
        new ForwarderScene(
            folder,
            "nat: {host-loopback: true}",
            """
            dns: {hosts: {
              printer: 192.168.127.9,
              "*.apps": 192.168.127.6,
              "*.example.net": 192.168.127.5,
              fixed.apps.lan: 192.168.127.4,
              a.deep.lan: 192.168.127.8,
              db.example.com: 192.168.127.7}}\
            """);
    upstream = scene.upstream;
  }

  @AfterEach
  void stop() throws Exception {
    scene.close();
  }

  final void send(byte[] wire) throws Exception {
    scene.send(GUEST, wire);
  }

  final Message receive() throws Exception {
    return scene.answer(GUEST);
  }

  final Message ask(String name, int type) throws Exception {
    return ask(query(name, type));
  }

  final Message ask(Message query) throws Exception {
    send(query.toWire());
    Message response = receive();
    assertThat(response.getHeader().getID()).isEqualTo(query.getHeader().getID());
    assertThat(response.getHeader().getFlag(Flags.QR)).isTrue();
    return response;
  }

  static List<String> data(Message response, int section) {
    return response.getSection(section).stream().map(Record::rdataToString).toList();
  }

  static Record a(Name name, long ttl, String address) {
    return new ARecord(
        name,
        DClass.IN,
        ttl,
        Objects.requireNonNull(NetUtil.createInetAddressFromIpAddressString(address)));
  }

  static Lease lease(String address, @Nullable String hostname) {
    return new Lease(
        Address.parse(address),
        ClientId.ofMac(7),
        7,
        "",
        hostname,
        0,
        Lease.NEVER,
        Lease.State.BOUND);
  }
}
