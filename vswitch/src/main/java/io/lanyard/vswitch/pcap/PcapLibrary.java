package io.lanyard.vswitch.pcap;

import java.io.IOException;
import java.util.List;

/**
 * libpcap, as its adapter offers it. A provider is found by {@link Pcap#library}.
 *
 * <p>Thread: any; calls may wait, so none is made on a network's loop. An interface is that of the
 * calling thread's network namespace.
 */
public interface PcapLibrary {
  /**
   * Loads the native library.
   *
   * @return its name and version, as it says them
   * @throws IOException if the host has none; the message says which package has it
   */
  String version() throws IOException;

  /**
   * Lists the interfaces that frames can be captured on.
   *
   * @return what there is, in libpcap's order; pseudo-devices of other buses are left out
   * @throws IOException if libpcap refuses
   */
  List<PcapInterface> interfaces() throws IOException;

  /**
   * Compiles a filter expression (pcap-filter(7)) for Ethernet frames.
   *
   * @param expression the expression; a name in it is looked up
   * @return the instructions, each a {@code struct bpf_insn} as the host's memory has it: code, two
   *     jumps, operand
   * @throws FilterException if libpcap does not take it
   */
  long[] compile(String expression) throws FilterException;

  /**
   * Begins to capture and to send on an interface: promiscuous, both directions, whole frames, each
   * handed over as it comes (immediate mode).
   *
   * @param device the interface's name
   * @param bufferBytes the kernel's buffer for frames that were not handed over yet
   * @param filter the expression that a frame must match; empty for all
   * @return the session, which belongs to the caller
   * @throws IOException if it cannot be had; the message says what to do
   */
  PcapSession open(String device, int bufferBytes, String filter) throws IOException;
}
