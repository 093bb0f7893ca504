package io.lanyard.pcap;

import io.lanyard.net.Address;
import io.lanyard.vswitch.pcap.FilterException;
import io.lanyard.vswitch.pcap.Pcap;
import io.lanyard.vswitch.pcap.PcapInterface;
import io.lanyard.vswitch.pcap.PcapLibrary;
import io.lanyard.vswitch.pcap.PcapSession;
import java.io.IOException;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import org.pcap4j.core.BpfProgram.BpfCompileMode;
import org.pcap4j.core.NotOpenException;
import org.pcap4j.core.PcapAddress;
import org.pcap4j.core.PcapHandle;
import org.pcap4j.core.PcapNativeException;
import org.pcap4j.core.PcapNetworkInterface;
import org.pcap4j.core.PcapNetworkInterface.PromiscuousMode;
import org.pcap4j.core.Pcaps;

/**
 * libpcap as pcap4j has it.
 *
 * <p>Thread: any that may wait.
 */
public final class Pcap4jLibrary implements PcapLibrary {
  /** More than a frame of 64 KiB with its tags: libpcap's own maximum. */
  private static final int WHOLE_FRAMES = 262_144;

  /** Nothing waits for it in immediate mode; libpcap wants a value. */
  private static final int TIMEOUT_MILLIS = 100;

  /** For {@link java.util.ServiceLoader}. */
  public Pcap4jLibrary() {}

  @Override
  public String version() throws IOException {
    try {
      return Pcaps.libVersion();
    } catch (LinkageError e) {
      throw new IOException(Pcap.MISSING + ": " + rootOf(e), e);
    }
  }

  private static String rootOf(Throwable e) {
    Throwable root = e;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    return String.valueOf(root.getMessage()).lines().findFirst().orElse("");
  }

  @Override
  public List<PcapInterface> interfaces() throws IOException {
    List<PcapInterface> found = new ArrayList<>();
    try {
      for (PcapNetworkInterface device : Pcaps.findAllDevs()) {
        String description = device.getDescription();
        List<String> addresses = new ArrayList<>();
        for (PcapAddress address : device.getAddresses()) {
          addresses.add(text(address));
        }
        found.add(
            new PcapInterface(device.getName(), description == null ? "" : description, addresses));
      }
    } catch (PcapNativeException e) {
      throw new IOException("libpcap cannot list the interfaces: " + e.getMessage(), e);
    }
    return found;
  }

  private static String text(PcapAddress address) {
    Address own = Address.of(address.getAddress().getAddress());
    InetAddress mask = address.getNetmask();
    return mask == null ? own.toString() : own + "/" + prefix(mask.getAddress());
  }

  private static int prefix(byte[] mask) {
    int bits = 0;
    for (byte part : mask) {
      bits += Integer.bitCount(part & 0xff);
    }
    return bits;
  }

  @Override
  public long[] compile(String expression) throws FilterException {
    return FilterCompiler.compile(expression);
  }

  @Override
  public PcapSession open(String device, int bufferBytes, String filter) throws IOException {
    PcapHandle handle;
    try {
      handle =
          new PcapHandle.Builder(device)
              .snaplen(WHOLE_FRAMES)
              .bufferSize(bufferBytes)
              .promiscuousMode(PromiscuousMode.PROMISCUOUS)
              .immediateMode(true)
              .timeoutMillis(TIMEOUT_MILLIS)
              .build();
    } catch (PcapNativeException e) {
      throw new IOException("libpcap cannot open " + device + ": " + e.getMessage(), e);
    }
    boolean done = false;
    try {
      if (!filter.isEmpty()) {
        handle.setFilter(filter, BpfCompileMode.OPTIMIZE);
      }
      done = true;
      return new Pcap4jSession(device, handle);
    } catch (PcapNativeException | NotOpenException e) {
      throw new IOException("libpcap does not take the filter \"" + filter + "\" for " + device, e);
    } finally {
      if (!done) {
        handle.close();
      }
    }
  }
}
