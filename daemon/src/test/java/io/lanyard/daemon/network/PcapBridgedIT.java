package io.lanyard.daemon.network;

/** The laboratory of {@link BridgedIT} over libpcap. Needs libpcap as well. */
class PcapBridgedIT extends BridgedIT {
  @Override
  String driver() {
    return "pcap";
  }
}
