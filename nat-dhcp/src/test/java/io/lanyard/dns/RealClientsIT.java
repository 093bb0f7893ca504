package io.lanyard.dns;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.dhcp.DhcpCount;
import io.lanyard.dhcp.Lease;
import io.lanyard.testing.Await;
import io.lanyard.testing.LogWatch;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.xbill.DNS.DClass;
import org.xbill.DNS.Name;
import org.xbill.DNS.Record;
import org.xbill.DNS.Section;
import org.xbill.DNS.TXTRecord;
import org.xbill.DNS.Type;

/**
 * Debian's DHCP clients and dig, each in a network namespace of its own, against the services over
 * TAP. Needs root, and the packages isc-dhcp-client, udhcpc, dhcpcd5 and bind9-dnsutils.
 */
class RealClientsIT {
  @TempDir private Path folder;
  private ServiceNetwork network;

  @BeforeEach
  void start() throws Exception {
    network = new ServiceNetwork(folder, Duration.ofMinutes(30));
  }

  @AfterEach
  void stop() throws Exception {
    network.close();
  }

  private long count(DhcpCount event) {
    return network.dhcp.counters().get(event);
  }

  /** A client's hook that sets the address and nothing of the host's. */
  private String hook(String name, String reasons) throws Exception {
    Path script = folder.resolve(name);
    ServiceNetwork.write(script, "#!/bin/sh\n" + reasons);
    return script.toString();
  }

  @Test
  void dhclientGetsRenewsAndReleasesALease() throws Exception {
    String guest = network.guest("dhclient");
    String hook =
        hook(
            "dhclient-hook",
            """
            case $reason in
              BOUND|RENEW|REBIND|REBOOT)
                ip addr replace $new_ip_address/24 dev $interface ;;
              RELEASE|EXPIRE|STOP) ip addr flush dev $interface ;;
            esac
            """);
    Path conf =
        Files.writeString(
            folder.resolve("dhclient.conf"),
            """
            send host-name "isc-box";
            request subnet-mask, routers, domain-name-servers, domain-name,
              interface-mtu, domain-search;
            """);
    String[] common = {
      "-4",
      "-v",
      "-cf",
      conf.toString(),
      "-sf",
      hook,
      "-lf",
      folder.resolve("dhclient.leases").toString(),
      "-pf",
      folder.resolve("dhclient.pid").toString()
    };
    String first = network.in(guest, command("dhclient", common, "-1", "t0"));
    assertThat(first).contains("DHCPOFFER", "DHCPACK", "bound to");
    String address = network.addressOf(guest);
    assertThat(address).isNotEmpty();
    assertThat(network.leased(address)).isTrue();
    assertThat(network.onLoop(() -> network.dhcp.leases().leases()))
        .extracting(Lease::hostname)
        .contains("isc-box");

    // Started again it asks for the address that it remembers: INIT-REBOOT.
    network.in(guest, "kill", Files.readString(folder.resolve("dhclient.pid")).strip());
    long acks = count(DhcpCount.ACK);
    long discovers = count(DhcpCount.DISCOVER);
    String again = network.in(guest, command("dhclient", common, "-1", "t0"));
    assertThat(again).contains("DHCPREQUEST").doesNotContain("DHCPDISCOVER");
    assertThat(count(DhcpCount.ACK)).isGreaterThan(acks);
    assertThat(count(DhcpCount.DISCOVER)).isEqualTo(discovers);
    assertThat(network.addressOf(guest)).isEqualTo(address);

    knowTheGateway(guest);
    network.in(guest, command("dhclient", common, "-r", "t0"));
    Await.until(() -> !network.leased(address));
  }

  /**
   * Lets the guest's kernel learn the gateway's MAC address. A client gives its address up right
   * after it has sent its RELEASE, which is lost if it still waits for ARP then.
   */
  private void knowTheGateway(String guest) throws Exception {
    network.in(guest, "ping", "-n", "-c", "1", "-W", "60", "192.168.127.2");
  }

  private static String[] command(String program, String[] options, String... rest) {
    String[] all = new String[1 + options.length + rest.length];
    all[0] = program;
    System.arraycopy(options, 0, all, 1, options.length);
    System.arraycopy(rest, 0, all, 1 + options.length, rest.length);
    return all;
  }

  @Test
  void udhcpcGetsRenewsAndReleasesALease() throws Exception {
    String guest = network.guest("udhcpc");
    Path log = folder.resolve("udhcpc.log");
    String hook =
        hook(
            "udhcpc-hook",
            """
            case $1 in
              bound|renew) ip addr replace $ip/24 dev $interface ;;
              deconfig) ip addr flush dev $interface ;;
            esac
            echo $1 $ip $subnet $router $dns $domain $lease >> LOG
            """
                .replace("LOG", log.toString()));
    Path pid = folder.resolve("udhcpc.pid");
    Process client =
        new ProcessBuilder(
                "ip",
                "netns",
                "exec",
                guest,
                "udhcpc",
                "-f",
                "-i",
                "t0",
                "-s",
                hook,
                "-R",
                "-p",
                pid.toString(),
                "-x",
                "hostname:busy-box")
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("udhcpc.out").toFile())
            .start();
    try {
      Await.until(() -> Files.exists(log) && Files.readString(log).contains("bound 192.168.127."));
      assertThat(Files.readString(log))
          .contains("255.255.255.0 192.168.127.2 192.168.127.2 lan 1800");
      String address = network.addressOf(guest);
      assertThat(network.leased(address)).isTrue();
      ServiceNetwork.run("kill", "-USR1", Files.readString(pid).strip()); // renew now
      Await.until(() -> Files.readString(log).contains("renew " + address));
      knowTheGateway(guest);
      ServiceNetwork.run("kill", "-USR2", Files.readString(pid).strip()); // release now
      Await.until(() -> !network.leased(address));
      assertThat(count(DhcpCount.RELEASE)).isEqualTo(1);
    } finally {
      ServiceNetwork.end(client);
    }
  }

  @Test
  void dhcpcdGetsRenewsAndReleasesALease() throws Exception {
    String guest = network.guest("dhcpcd");
    Path conf =
        Files.writeString(
            folder.resolve("dhcpcd.conf"),
            """
            hostname cd-box
            duid
            option domain_name_servers, domain_name, interface_mtu
            require dhcp_server_identifier
            noipv4ll
            noipv6rs
            noarp
            """);
    String hook = hook("dhcpcd-hook", "exit 0\n");
    Path output = folder.resolve("dhcpcd.out");
    Process client =
        new ProcessBuilder(
                "ip",
                "netns",
                "exec",
                guest,
                "dhcpcd",
                "-4",
                "-B",
                "-d",
                "-f",
                conf.toString(),
                "-c",
                hook,
                "t0")
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    try {
      Await.until(() -> Files.readString(output).contains("leased 192.168.127."));
      Await.until(() -> !network.addressOf(guest).isEmpty());
      String address = network.addressOf(guest);
      assertThat(network.leased(address)).isTrue();
      long acks = count(DhcpCount.ACK);
      network.in(guest, "dhcpcd", "-4", "-N", "t0");
      Await.until(() -> count(DhcpCount.ACK) > acks);
      knowTheGateway(guest);
      network.in(guest, "dhcpcd", "-4", "-k", "t0");
      Await.until(() -> !network.leased(address));
    } finally {
      ServiceNetwork.end(client);
    }
  }

  @Test
  void anAddressThatAStaticHostUsesIsNeverGivenToAnother() throws Exception {
    LogWatch.expect("event=dhcp-address-in-use");
    String owner = network.guest("owner");
    ServiceNetwork.run("ip", "-n", owner, "addr", "add", "192.168.127.150/24", "dev", "t0");
    String guest = network.guest("asker");
    String hook =
        hook("asker-hook", "case $1 in bound) ip addr replace $ip/24 dev $interface ;; esac\n");
    network.in(guest, "udhcpc", "-n", "-q", "-f", "-i", "t0", "-s", hook, "-r", "192.168.127.150");
    assertThat(network.addressOf(guest)).isNotEmpty().isNotEqualTo("192.168.127.150");
    assertThat(network.leased("192.168.127.150")).isFalse();
    assertThat(count(DhcpCount.CONFLICT)).isEqualTo(1);
    assertThat(count(DhcpCount.DECLINE)).isZero();
  }

  private String staticGuest(String suffix) throws Exception {
    String guest = network.guest(suffix);
    ServiceNetwork.run("ip", "-n", guest, "addr", "add", "192.168.127.20/24", "dev", "t0");
    return guest;
  }

  private String dig(String guest, String... arguments) throws Exception {
    String[] common = {"@192.168.127.2", "+tries=2", "+time=10"};
    return network.in(guest, command("dig", common, arguments));
  }

  @Test
  void digResolvesOverUdpAndTcp() throws Exception {
    String guest = staticGuest("dig");
    assertThat(dig(guest, "+short", "gateway.lan")).isEqualTo("192.168.127.2\n");
    assertThat(dig(guest, "+short", "+tcp", "gateway.lan")).isEqualTo("192.168.127.2\n");
    assertThat(dig(guest, "+short", "-x", "192.168.127.2")).isEqualTo("gateway.lan.\n");
    assertThat(dig(guest, "nobody.lan")).contains("status: NXDOMAIN", "SOA");
    assertThat(dig(guest, "GateWay.LAN", "AAAA")).contains("status: NOERROR", ";GateWay.LAN.");
    assertThat(dig(guest, "+dnssec", "+cdflag", "www.example"))
        .contains("status: NOERROR", "flags: do;", " cd");
    assertThat(dig(guest, "+noedns", "www.example")).doesNotContain("EDNS");
    assertThat(dig(guest, "+edns=3", "+noednsnegotiation", "www.example")).contains("BADVERS");
  }

  @Test
  void digFetchesWhatDoesNotFitADatagramOverTcp() throws Exception {
    String guest = staticGuest("dig-big");
    String filler = "y".repeat(200);
    network.upstream.answer =
        response -> {
          for (int i = 0; i < 40; i++) {
            response.addRecord(
                new TXTRecord(response.getQuestion().getName(), DClass.IN, 60, i + filler),
                Section.ANSWER);
          }
          return response;
        };
    assertThat(dig(guest, "+ignore", "big.example", "TXT")).contains(" tc ");
    assertThat(dig(guest, "big.example", "TXT"))
        .contains("retrying in TCP mode", "ANSWER: 40", "39" + filler);
  }

  @Test
  void digSeesEveryRecordTypeAsItIsUpstream() throws Exception {
    String guest = staticGuest("dig-types");
    // What NSEC3 records have for a name, which dig insists upon.
    String owner = "2t7b4g4vsa5smi47k61mv5bv1a22bojr.example.";
    Name name = Name.fromString(owner);
    Map<Integer, String> samples = RecordSamples.all();
    network.upstream.answer =
        response -> {
          int type = response.getQuestion().getType();
          String text = samples.get(type);
          if (text == null) {
            return response;
          }
          try {
            response.addRecord(
                Record.fromString(name, type, DClass.IN, 60, text, Name.root), Section.ANSWER);
          } catch (java.io.IOException e) {
            throw new IllegalArgumentException(text, e);
          }
          return response;
        };
    StringBuilder batch = new StringBuilder();
    samples
        .keySet()
        .forEach(type -> batch.append(owner).append(" -t TYPE").append(type).append('\n'));
    Path file = Files.writeString(folder.resolve("batch"), batch);
    String output = dig(guest, "+unknownformat", "+noall", "+answer", "-f", file.toString());
    for (Map.Entry<Integer, String> sample : samples.entrySet()) {
      Record record =
          Record.fromString(name, sample.getKey(), DClass.IN, 60, sample.getValue(), Name.root);
      byte[] data = record.rdataToWireCanonical();
      assertThat(output)
          .as(Type.string(sample.getKey()))
          .containsPattern("\\bTYPE" + sample.getKey() + "\\s+\\\\# " + data.length + "\\b");
    }
  }
}
