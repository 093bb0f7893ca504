package io.lanyard.vswitch.capture;

import io.lanyard.net.Address;
import io.lanyard.vswitch.Port;
import java.util.Map;

/**
 * The words of a capture's file: what its ports are, and the names of the addresses in it.
 *
 * <p>Thread: the network's loop.
 */
public interface CaptureLabels {
  /** A capture without words. */
  CaptureLabels NONE =
      new CaptureLabels() {
        @Override
        public String describe(Port port) {
          return "";
        }

        @Override
        public Names names() {
          return Names.NONE;
        }
      };

  /**
   * The description of a port, which Wireshark shows beside its name.
   *
   * @param port a port of the network
   * @return a line; empty for none
   */
  String describe(Port port);

  /**
   * The names of the stations, as they are known now. It is asked for when the capture begins and
   * when it ends.
   *
   * @return a snapshot
   */
  Names names();

  /**
   * Names that a reader of the file shows in place of addresses.
   *
   * @param addresses the names of IP addresses
   * @param macs the names of MAC addresses, which lie in the low 48 bits
   */
  record Names(Map<Address, String> addresses, Map<Long, String> macs) {
    /** No names. */
    public static final Names NONE = new Names(Map.of(), Map.of());

    /** Copies the maps. */
    public Names {
      addresses = Map.copyOf(addresses);
      macs = Map.copyOf(macs);
    }
  }
}
