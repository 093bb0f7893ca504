package io.lanyard.vswitch.port;

/** The suite of {@link PacketPortIT} over libpcap. Needs libpcap as well. */
class PcapPortIT extends PacketPortIT {
  @Override
  WireDriver driver() {
    return WireDriver.PCAP;
  }
}
