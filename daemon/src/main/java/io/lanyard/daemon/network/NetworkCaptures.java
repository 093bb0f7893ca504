package io.lanyard.daemon.network;

import io.lanyard.base.Clock;
import io.lanyard.config.GuestConfig;
import io.lanyard.config.NetworkConfig;
import io.lanyard.net.Address;
import io.lanyard.vswitch.MacTable;
import io.lanyard.vswitch.Port;
import io.lanyard.vswitch.Switch;
import io.lanyard.vswitch.capture.Capture;
import io.lanyard.vswitch.capture.CaptureLabels;
import io.lanyard.vswitch.capture.Excerpt;
import io.lanyard.vswitch.capture.FrameFilter;
import io.lanyard.vswitch.capture.FrameHistory;
import io.lanyard.vswitch.frame.Ethernet;
import io.lanyard.vswitch.frame.OffloadHeader;
import io.netty.buffer.ByteBufAllocator;
import java.io.IOException;
import java.nio.channels.WritableByteChannel;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Semaphore;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Captures of a network: what passes from now on, and the last frames of a port.
 *
 * <p>Thread: any but the loop.
 */
public final class NetworkCaptures {
  /** Copies of rings at a time, of the process: each is as large as its ring. */
  private static final Semaphore EXCERPTS = new Semaphore(2);

  private final NetworkLoop loop;
  private final Switch ethernet;
  private final NetworkPorts ports;
  private final Clock clock;
  private final ByteBufAllocator allocator;
  private final Labels labels;

  NetworkCaptures(
      NetworkLoop loop,
      Switch ethernet,
      NetworkPorts ports,
      Clock clock,
      ByteBufAllocator allocator,
      Labels labels) {
    this.loop = loop;
    this.ethernet = ethernet;
    this.ports = ports;
    this.clock = clock;
    this.allocator = allocator;
    this.labels = labels;
  }

  /** A capture that runs. */
  public interface Watch extends AutoCloseable {
    /** Ends it. */
    @Override
    void close();
  }

  /**
   * Begins a capture.
   *
   * @param port only what passes this port, or empty for the whole network
   * @param filter tells which frames are taken; null for all
   * @param channel where the pcapng goes, written by a thread of the capture's own
   * @return ends it
   * @throws IllegalArgumentException if there is no such port
   * @throws IllegalStateException if there are too many captures
   */
  public Watch begin(String port, @Nullable FrameFilter filter, WritableByteChannel channel) {
    Capture capture =
        loop.call(() ->
            Capture.start(
                ethernet,
                port.isEmpty() ? null : find(port),
                filter,
                labels,
                Capture.WHOLE_FRAMES,
                clock,
                channel,
                allocator.directBuffer(OffloadHeader.LENGTH + Ethernet.LARGEST_FRAME)));
    return () ->
        loop.call(() -> {
          capture.close();
          return true;
        });
  }

  /** On the loop. */
  private Port find(String name) {
    Port port = ports.find(name);
    if (port == null) {
      throw new IllegalArgumentException("network " + ethernet.name() + " has no port " + name);
    }
    return port;
  }

  /**
   * Writes the last frames of a port, if they are kept.
   *
   * @param port the port
   * @param span how far back
   * @param filter tells which frames are taken; null for all
   * @param channel where the pcapng goes; left open
   * @throws IllegalArgumentException if there is no such port
   * @throws IllegalStateException if the network keeps none, or too many read what is kept
   * @throws IOException as the channel has it
   */
  public void last(
      String port, Duration span, @Nullable FrameFilter filter, WritableByteChannel channel)
      throws IOException {
    if (!EXCERPTS.tryAcquire()) {
      throw new IllegalStateException("others read last frames; try again in a moment");
    }
    try {
      Object[] words = new Object[2];
      Excerpt excerpt =
          loop.call(() -> {
            Port its = find(port);
            FrameHistory history = ports.history();
            if (history == null) {
              throw new IllegalStateException("network " + ethernet.name() + " keeps no frames");
            }
            words[0] = labels.describe(its);
            words[1] = labels.names();
            return history.last(its, span);
          });
      try (excerpt) {
        excerpt.write(channel, filter, (String) words[0], (CaptureLabels.Names) words[1]);
      }
    } finally {
      EXCERPTS.release();
    }
  }

  /**
   * Whether the network keeps the last frames of its ports.
   *
   * @return whether {@link #last} can give any
   */
  public boolean keeps() {
    return loop.call(() -> ports.history() != null);
  }

  /** The words of a network's captures. On its loop. */
  static final class Labels implements CaptureLabels {
    private final Switch ethernet;
    private final Supplier<NetworkConfig> config;
    private final Supplier<Map<String, GuestConfig>> guests;
    private final Supplier<@Nullable NetworkServices> services;

    Labels(
        Switch ethernet,
        Supplier<NetworkConfig> config,
        Supplier<Map<String, GuestConfig>> guests,
        Supplier<@Nullable NetworkServices> services) {
      this.ethernet = ethernet;
      this.config = config;
      this.guests = guests;
      this.services = services;
    }

    @Override
    public String describe(Port port) {
      String end = PortEnds.of(config.get()).getOrDefault(port.name(), "");
      return "port "
          + port.name()
          + " of network "
          + ethernet.name()
          + ", "
          + port.kind()
          + (end.isEmpty() ? "" : " " + end);
    }

    /**
     * {@inheritDoc} A guest has its name in the configuration, another station that of its lease.
     */
    @Override
    public Names names() {
      Map<Long, String> macs = new HashMap<>();
      Map<Address, String> addresses = new HashMap<>();
      Map<Long, String> ofGuests = ofGuests();
      for (KnownStation station : KnownStation.all(ethernet, services.get(), Map.of())) {
        boolean isOwn =
            station.hold() == MacTable.Hold.PINNED && Network.OWN_PORTS.contains(station.port());
        String name =
            ofGuests.getOrDefault(station.mac(), isOwn ? station.port() : station.hostname());
        if (!name.isEmpty()) {
          macs.put(station.mac(), name);
          station.addresses().forEach(address -> addresses.put(address, name));
        }
      }
      macs.putAll(ofGuests);
      return new Names(addresses, macs);
    }

    /** The names of guests by the addresses of their NICs; of a guest with several, each NIC's. */
    private Map<Long, String> ofGuests() {
      Map<Long, String> names = new HashMap<>();
      String network = ethernet.name();
      guests
          .get()
          .forEach((name, guest) -> {
            List<GuestConfig.Nic> here =
                guest.nics().stream().filter(nic -> nic.network().equals(network)).toList();
            for (GuestConfig.Nic nic : here) {
              names.put(nic.mac().bits(), here.size() == 1 ? name : name + "." + nic.name());
            }
          });
      return names;
    }
  }
}
