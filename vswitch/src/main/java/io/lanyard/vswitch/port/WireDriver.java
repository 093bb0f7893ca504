package io.lanyard.vswitch.port;

import io.lanyard.linux.HostInterface;
import io.lanyard.linux.PacketSocket;
import io.lanyard.vswitch.pcap.Pcap;
import java.io.IOException;

/** The drivers for an interface of the host. */
public enum WireDriver {
  /** A packet socket of our own: offloads pass, no thread. */
  PACKET {
    @Override
    Wire open(String device, boolean withHost, int vlan, PortBuffers buffers) throws IOException {
      return new PacketWire(PacketSocket.open(HostInterface.read(device), withHost, vlan));
    }
  },

  /** libpcap by pcap4j: for where the other cannot be had; checksums and sizes are mended. */
  PCAP {
    @Override
    Wire open(String device, boolean withHost, int vlan, PortBuffers buffers) throws IOException {
      return PcapWire.open(HostInterface.read(device), Pcap.library(), withHost, vlan, buffers);
    }
  };

  /**
   * Opens an interface of the calling thread's network namespace. May wait.
   *
   * @param device its name
   * @param withHost whether frames for the host itself are wanted, too
   * @param vlan the VLAN whose frames alone are wanted, with their tags; 0 for all
   * @param buffers the memory of frames that wait, if the driver has rings
   */
  abstract Wire open(String device, boolean withHost, int vlan, PortBuffers buffers)
      throws IOException;
}
