package io.lanyard.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The promises of the shipped unit, line by line: systemd sums up and misses one that is gone. */
class ServiceUnitTest {
  private static List<String> lines() throws IOException {
    return Files.readAllLines(Path.of("systemd/lanyard.service"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Type=notify",
        "NotifyAccess=main",
        "Restart=on-failure",
        "WatchdogSec=30",
        "LimitNOFILE=262144",
        "MemoryMax=80%",
        "TasksMax=2048",
        "LimitCORE=0",
        "User=lanyard",
        "UMask=0007",
        "StateDirectoryMode=0750",
        "RuntimeDirectoryMode=0750",
        "AmbientCapabilities=CAP_NET_ADMIN CAP_NET_RAW",
        "CapabilityBoundingSet=CAP_NET_ADMIN CAP_NET_RAW",
        "NoNewPrivileges=yes",
        "DevicePolicy=closed",
        "ProtectSystem=strict",
        "ProtectHome=yes",
        "PrivateTmp=yes",
        "ProtectProc=invisible",
        "ProcSubset=pid",
        "ProtectClock=yes",
        "ProtectControlGroups=yes",
        "ProtectHostname=yes",
        "ProtectKernelLogs=yes",
        "ProtectKernelModules=yes",
        "ProtectKernelTunables=yes",
        "RemoveIPC=yes",
        "IPAddressDeny=169.254.169.254 169.254.170.2 169.254.170.23 169.254.42.42 100.100.100.200 192.0.0.192"
            + " fd00:ec2::254 fd00:ec2::23 fd00:c1::a9fe:a9fe fd00:42::42 fd00:a9fe:a9fe::1 fd00:100::100:200",
        "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK AF_PACKET",
        "RestrictRealtime=yes",
        "RestrictSUIDSGID=yes",
        "LockPersonality=yes",
        "KeyringMode=private",
        "SystemCallArchitectures=native",
        "RestrictNamespaces=net",
        "SystemCallFilter=@system-service",
        "SystemCallFilter=~@privileged @resources @obsolete",
        "SystemCallErrorNumber=EPERM"
      })
  void theUnitHasTheLine(String line) throws IOException {
    assertThat(lines()).contains(line);
  }

  @Test
  void theOnlyDeviceIsTun() throws IOException {
    assertThat(lines().stream().filter(line -> line.startsWith("DeviceAllow=")))
        .containsExactly("DeviceAllow=/dev/net/tun rw");
  }

  @Test
  void noLineSetsAValueTwice() throws IOException {
    List<String> keys =
        lines().stream()
            .filter(line -> line.contains("=") && !line.startsWith("#"))
            .map(line -> line.substring(0, line.indexOf('=')))
            .filter(key -> !key.equals("SystemCallFilter"))
            .toList();
    assertThat(keys).doesNotHaveDuplicates();
  }

  @Test
  void theLauncherEndsADaemonThatHasNoMemoryLeft() throws IOException {
    assertThat(Files.readAllLines(Path.of("../lanyard")).stream().map(String::strip))
        .anyMatch(line -> line.startsWith("-XX:+ExitOnOutOfMemoryError"));
  }
}
