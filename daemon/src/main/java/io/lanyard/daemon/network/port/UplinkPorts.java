package io.lanyard.daemon.network.port;

import io.lanyard.config.UplinkConfig;
import io.lanyard.vswitch.Port;
import io.lanyard.vswitch.port.DevicePort;
import io.lanyard.vswitch.port.InterfaceSettings;
import io.lanyard.vswitch.port.InterfaceSource;
import io.lanyard.vswitch.port.WireDriver;

/** The way of a bridged network into the LAN, and to the host itself. */
public final class UplinkPorts implements PortFactory<UplinkPorts.Uplink> {
  /**
   * An uplink.
   *
   * @param port the port's name
   * @param at which interface of the host
   * @param mtu the network's MTU, in bytes
   */
  public record Uplink(String port, UplinkConfig at, int mtu) {}

  @Override
  public Class<Uplink> model() {
    return Uplink.class;
  }

  @Override
  public String kind() {
    return "uplink";
  }

  @Override
  public Port make(Uplink uplink, PortPlace place) {
    UplinkConfig at = uplink.at();
    return new DevicePort(
        uplink.port(),
        kind(),
        uplink.mtu(),
        new InterfaceSource(
            new InterfaceSettings(
                at.device(),
                at.netns(),
                uplink.mtu(),
                true,
                switch (at.driver()) {
                  case PACKET -> WireDriver.PACKET;
                  case PCAP -> WireDriver.PCAP;
                },
                switch (at.sharedMac()) {
                  case AUTO -> InterfaceSettings.Sharing.AUTO;
                  case YES -> InterfaceSettings.Sharing.YES;
                  case NO -> InterfaceSettings.Sharing.NO;
                },
                at.vlan())),
        place.context());
  }
}
