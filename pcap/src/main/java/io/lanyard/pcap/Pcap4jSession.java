package io.lanyard.pcap;

import io.lanyard.vswitch.pcap.PcapSession;
import java.io.IOException;
import org.pcap4j.core.NotOpenException;
import org.pcap4j.core.PcapHandle;
import org.pcap4j.core.PcapNativeException;
import org.pcap4j.core.RawPacketListener;

/** A handle of pcap4j that captures and sends. */
final class Pcap4jSession implements PcapSession {
  /** Until {@link PcapHandle#breakLoop}. */
  private static final int ENDLESS = -1;

  private final String device;
  private final PcapHandle handle;
  private volatile boolean stopped;

  Pcap4jSession(String device, PcapHandle handle) {
    this.device = device;
    this.handle = handle;
  }

  @Override
  public void run(Receiver receiver) throws IOException {
    RawPacketListener listener = receiver::accept;
    try {
      while (!stopped) {
        handle.loop(ENDLESS, listener);
      }
    } catch (InterruptedException e) {
      if (!stopped) { // libpcap's loop was broken by somebody else
        throw new IOException("capturing on " + device + " was interrupted", e);
      }
    } catch (PcapNativeException | NotOpenException e) {
      throw new IOException("capturing on " + device + " has ended: " + e.getMessage(), e);
    }
  }

  @Override
  public void stop() {
    stopped = true;
    try {
      handle.breakLoop();
    } catch (NotOpenException e) {
      // It is closed: nothing runs.
    }
  }

  @Override
  public void send(byte[] frame, int length) throws IOException {
    try {
      handle.sendPacket(frame, length);
    } catch (PcapNativeException | NotOpenException e) {
      throw new IOException("cannot send on " + device + ": " + e.getMessage(), e);
    }
  }

  @Override
  public long missed() {
    try {
      return handle.getStats().getNumPacketsDropped();
    } catch (PcapNativeException | NotOpenException e) {
      return 0;
    }
  }

  @Override
  public void close() {
    handle.close();
  }
}
