package io.lanyard.daemon.metric;

import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A metric's description for Prometheus.
 *
 * @param name its name, with the unit at its end and without {@code _total}
 * @param rising whether it only grows: Prometheus calls that a counter
 * @param label the label that tells its points apart where one owner has several; else empty
 * @param help its meaning, in a sentence for the reader of a graph
 */
record KnownMetric(String name, boolean rising, String label, String help) {
  private static final String CAUSE = "cause";
  private static final String PROTOCOL = "protocol";
  private static final String FAMILY = "family";

  private static final Map<String, KnownMetric> ALL = new TreeMap<>();

  static {
    gauge("lanyard_resident_bytes", "Memory of the daemon's process as the kernel counts it.");
    gauge("lanyard_heap_bytes", "Memory in use on the daemon's Java heap.");
    gauge("lanyard_tcp_memory_bytes", "Buffers that the TCP connections of all networks hold.");
    gauge("lanyard_tcp_memory_limit_bytes", "Buffers that TCP connections may hold together.");
    gauge(
        "lanyard_port_memory_bytes",
        "Buffers of frames that wait in the rings and queues of all ports.");
    gauge(
        "lanyard_port_memory_limit_bytes",
        "Buffers that frames in rings and queues of ports may hold together.");
    gauge("lanyard_direct_memory_bytes", "Memory outside the heap that buffers have in all.");
    gauge("lanyard_direct_memory_limit_bytes", "Memory outside the heap that buffers may have.");
    gauge("lanyard_sockets", "Sockets of the host that the flows of all networks hold.");
    gauge("lanyard_sockets_limit", "Sockets that the flows of all networks may hold together.");
    gauge("lanyard_uptime_seconds", "Time since the daemon was started.");
    gauge("lanyard_problems", "Problems that lanyard status shows, sampled every 2 s.");
    counter("lanyard_loop_failures", "Exceptions that reached a loop or the end of a thread.");
    gauge(
        "lanyard_loop_delay_seconds",
        "loop",
        "Time that a loop took for its last turn, sampled every 2 s.");
    counter("lanyard_events", "Events that lanyard events and hooks were told.");
    gauge("lanyard_event_readers", "Streams of events that are open, and 1 for hooks.");
    counter("lanyard_hook_drops", "Runs of hooks that were dropped, as too many waited.");
    counter("lanyard_log_warnings", "Warnings and errors in the daemon's log.");
    counter("lanyard_api_errors", "Requests that the API answered with a status of 500 or more.");
    counter(
        "lanyard_api_refused_connections", "Connections and streams of the API beyond its limits.");
    counter(
        "lanyard_api_cut_off_answers",
        "Long answers ended that a client was slow to read while another one waited.");
    counter("lanyard_metrics_refused_connections", "Connections to the metrics beyond its limit.");
    gauge("lanyard_network_ports", "Ports of the network's switch.");
    gauge("lanyard_network_leases", "DHCP leases that are bound.");
    gauge("lanyard_network_flows", PROTOCOL, "Flows through the network's NAT, by protocol.");
    gauge(
        "lanyard_network_flows_limit",
        PROTOCOL,
        "Flows that ports may have together, by protocol.");
    counter("lanyard_network_flows_begun", "Flows that were taken in.");
    counter("lanyard_network_flows_idled", "Flows ended because nothing passed for too long.");
    counter("lanyard_network_flows_refused", "Flows for which the quotas had no place.");
    counter("lanyard_network_flows_evicted", "Flows ended to make place for others.");
    gauge("lanyard_network_stations", "MAC addresses behind ports that the gateway knows.");
    gauge("lanyard_network_neighbours", "Addresses in the gateway's neighbour table.");
    gauge("lanyard_network_sockets", "Sockets of the host that the network's flows hold.");
    gauge("lanyard_network_tcp_memory_bytes", "Buffers that the network's TCP connections hold.");
    gauge(
        "lanyard_network_port_memory_bytes",
        "Buffers of frames that wait in the rings and queues of the network's ports.");
    gauge(
        "lanyard_network_pool_addresses",
        FAMILY,
        "DHCP addresses that the pool has, by family (IPv6 where DHCPv6 is stateful).");
    gauge(
        "lanyard_network_pool_available",
        FAMILY,
        "DHCP addresses that a new client could get, by family (IPv6 where DHCPv6 is stateful).");
    counter(
        "lanyard_network_floods",
        "Frames sent to all ports, as the switch did not know the address.");
    counter("lanyard_network_moves", "Addresses that came in by another port than before.");
    counter("lanyard_network_evictions", "Addresses forgotten because the table was full.");
    gauge("lanyard_port_up", "1 while frames can pass the port, 0 without carrier or failed.");
    counter("lanyard_port_received_frames", "Wire frames that came in by the port.");
    counter("lanyard_port_received_bytes", "Bytes of the wire frames that came in by the port.");
    counter("lanyard_port_transmitted_frames", "Wire frames that left by the port.");
    counter("lanyard_port_transmitted_bytes", "Bytes of the wire frames that left by the port.");
    counter("lanyard_port_receive_drops", CAUSE, "Frames dropped on the way in, by cause.");
    counter("lanyard_port_transmit_drops", CAUSE, "Frames dropped on the way out, by cause.");
    counter(
        "lanyard_port_loop_seconds",
        "Time that the network's loop has spent on the port's frames, its flows' data, and its"
            + " requests for leases and names.");
    counter(
        "lanyard_port_loop_wait_seconds",
        "Time that the network's loop has spent on other ports while this one had work.");
    counter("lanyard_port_software_checksums", "Checksums finished in software for the port.");
    counter("lanyard_port_software_segmentations", "Super-frames cut in software for the port.");
    gauge("lanyard_forward_listening", "1 while the forward's port on the host is open, else 0.");
    counter("lanyard_forward_accepted", "Connections and UDP clients that were led to the guest.");
    counter("lanyard_forward_refused", "Those for which there was no guest or no place.");
    gauge("lanyard_forward_flows", "Flows of the forward's clients.");
    gauge("lanyard_forward_flows_limit", "Flows that the forward's clients may have together.");
    counter(
        "lanyard_forward_flows_evicted", "Flows of the forward ended to make place for others.");
    gauge("lanyard_forward_clients", "Addresses that have a flow through the forward.");
    gauge(
        "lanyard_forward_sockets", "Sockets of the host that the forward's ports and flows hold.");
    counter(
        "lanyard_service_events", "event", "Events of a network's gateway and services, by kind.");
    gauge("lanyard_vmm_memory_bytes", "Memory that a VMM keeps for its guests besides their RAM.");
    gauge("lanyard_vmm_memory_limit_bytes", "Memory that a VMM may keep besides its guests' RAM.");
    gauge("lanyard_guest_running", "1 while the guest runs, else 0.");
    counter("lanyard_guest_processor_seconds", "Host processor time that the guest has used.");
    counter("lanyard_guest_instructions", "Instructions that the guest has retired.");
    gauge("lanyard_guest_overhead_bytes", "Memory that a VMM keeps for the guest besides its RAM.");
    ALL.put(
        "lanyard_api_requests",
        new KnownMetric(
            "lanyard_api_request_seconds", true, "", "Time from a whole request to its answer."));
  }

  private static void gauge(String name, String help) {
    gauge(name, "", help);
  }

  private static void gauge(String name, String label, String help) {
    ALL.put(name, new KnownMetric(name, false, label, help));
  }

  private static void counter(String name, String help) {
    counter(name, "", help);
  }

  private static void counter(String name, String label, String help) {
    ALL.put(name, new KnownMetric(name, true, label, help));
  }

  /**
   * The descriptions of all metrics.
   *
   * @return by the name that the registry's name becomes
   */
  static Map<String, KnownMetric> all() {
    return Collections.unmodifiableMap(ALL);
  }

  /**
   * The description of a metric.
   *
   * @param name the name that the registry's name becomes
   * @return the description, or null if there is none
   */
  static @Nullable KnownMetric of(String name) {
    return ALL.get(name);
  }
}
