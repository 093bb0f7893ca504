package io.lanyard.dns;

/**
 * How much of a DNS forwarder may be in use at once.
 *
 * <p>A port has its floor whatever the others have. Beyond it, the ports share {@code questions},
 * {@code askers}, {@code askersOfQuestion} and {@code bytes}: a port may have more of each as long
 * as it has less than what is free. So do the stations behind one port with {@code askersOfPort}.
 * The whole is bounded by these numbers and the floors of the ports.
 *
 * <p>The floors stop short of the memory: while all ports together hold one and a half times {@code
 * bytes}, or what the heap has for the network if that is less, the floor of a port is one query
 * whose name and options take less than 1 KiB. So the memory is bounded by that, and by one such
 * query of each port.
 *
 * @param questions questions that are being asked upstream; each is a socket or two
 * @param askers guests' queries that wait for them
 * @param askersOfQuestion queries that wait for one question
 * @param askersOfPort queries of one port that wait
 * @param floor queries of one port that may wait, however many others do, while there is memory
 * @param bytes memory of all of that
 */
record DnsLimits(
    int questions, int askers, int askersOfQuestion, int askersOfPort, int floor, long bytes) {
  /**
   * A network's limits unless it says otherwise. A guest may have 128 queries waiting, more than a
   * resolver or a benchmark keeps; with others behind its port less. 8 are a page's names at once.
   * A name that all guests of a full network ask for at the same time has place for each of them.
   * The bytes are what the others come to, with ordinary options.
   */
  static final DnsLimits DEFAULT = new DnsLimits(512, 4096, 1024, 256, 8, 4 << 20);
}
