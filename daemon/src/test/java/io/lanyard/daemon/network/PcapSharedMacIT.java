package io.lanyard.daemon.network;

/** The laboratory of {@link SharedMacIT} over libpcap. Needs libpcap as well. */
class PcapSharedMacIT extends SharedMacIT {
  @Override
  String driver() {
    return "pcap";
  }
}
