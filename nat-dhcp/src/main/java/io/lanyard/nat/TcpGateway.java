package io.lanyard.nat;

import io.lanyard.nat.flow.Flow;
import io.lanyard.nat.flow.FlowTable;
import io.lanyard.nat.flow.Grant;
import io.lanyard.nat.gateway.Egress;
import io.lanyard.nat.gateway.IcmpErrors;
import io.lanyard.nat.gateway.IcmpReason;
import io.lanyard.nat.gateway.IcmpReport;
import io.lanyard.nat.gateway.Packet;
import io.lanyard.nat.station.Neighbour;
import io.lanyard.nat.station.PortBudget;
import io.lanyard.nat.tcp.TcpHost;
import io.lanyard.nat.tls.ClientHello;
import io.lanyard.vswitch.frame.Tcp;
import org.jspecify.annotations.Nullable;

/**
 * The gateway's ICMP and flow table, for the TCP engine.
 *
 * @param errors how guests are told of errors
 * @param flows the network's flow table
 * @param egress where guests may go
 */
record TcpGateway(IcmpErrors errors, FlowTable flows, Egress egress) implements TcpHost {
  @Override
  public @Nullable Grant admits(Packet syn, int port) {
    return egress.admits(syn, port);
  }

  @Override
  public boolean admits(Packet segment, Flow flow) {
    return egress.admits(segment, flow);
  }

  @Override
  public boolean admits(Flow flow, PortBudget by, ClientHello hello) {
    return egress.admits(flow, by, hello);
  }

  @Override
  public void unreachable(IcmpReason reason, Flow flow, Neighbour guest, long transport) {
    errors.about(IcmpReport.of(reason, guest.address()), flow, guest, transport, Tcp.HEADER_LENGTH);
  }
}
