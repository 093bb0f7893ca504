package io.lanyard.daemon.adversary;

import java.io.IOException;
import java.util.List;

/**
 * Broadcasts TCP super-frames by a TAP device, in the only way that Linux has: a packet socket
 * whose frames have an offload header.
 */
final class GroupSuperFrames implements Hostile {
  /** 263 and 15 are SOL_PACKET and PACKET_VNET_HDR; the header says TCPv4 in segments of 1448. */
  private static final String PROGRAM =
      """
      import socket, struct, sys, time
      s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
      s.setsockopt(263, 15, 1)
      s.bind((sys.argv[1], 0))
      offload = struct.pack('=BBHHHH', 1, 1, 54, 1448, 34, 16)
      ethernet = b'\\xff' * 6 + bytes.fromhex('0266000000010800')
      data = bytes(10 * 1448)
      ip = struct.pack('>BBHHHBBHII', 0x45, 0, 40 + len(data), 1, 0, 64, 6, 0, 0x0a421001, 0xffffffff)
      tcp = struct.pack('>HHIIBBHHH', 4000, 4000, 1, 1, 0x50, 0x10, 65535, 0, 0)
      while True:
          for i in range(20):
              try: s.send(offload + ethernet + ip + tcp + data)
              except OSError: pass
          time.sleep(0.005)
      """;

  private final Program program;
  private final String link;

  GroupSuperFrames(Site site) throws IOException {
    link = "ip -n " + site.world().hostile + " link set " + site.device();
    World.run(link + " up");
    program =
        new Program(
            site.runtime(),
            List.of("ip", "netns", "exec", site.world().hostile),
            PROGRAM,
            site.device());
  }

  @Override
  public void act() {
    program.await();
  }

  @Override
  public void close() throws IOException {
    program.close();
    World.run(link + " down");
  }
}
