package io.lanyard.machine;

import io.lanyard.vmm.FrameSink;
import io.lanyard.vmm.InProcessNic;
import io.lanyard.vmm.NicOffloads;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;

/**
 * A host on a guest's link: it answers ARP for any address, and each IPv4 frame of ICMP echo with
 * its reply. One thread of its own gives frames to the guest, as a network's loop does.
 */
final class PingPeer implements FrameSink, AutoCloseable {
  private static final int HEADER = 12;
  private static final byte[] MAC = {0x52, 0x54, 0, 0, 0, (byte) 0xfe};

  private final InProcessNic nic;
  private final BlockingQueue<byte[]> replies = new LinkedBlockingQueue<>();
  private final Thread thread;

  PingPeer(InProcessNic nic) {
    this.nic = nic;
    this.thread = Thread.ofPlatform().daemon().name("peer").start(this::reply);
  }

  private void reply() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment buffer = arena.allocate(70_000);
      while (true) {
        byte[] frame = replies.take();
        MemorySegment.copy(frame, 0, buffer, ValueLayout.JAVA_BYTE, 0, frame.length);
        nic.sink().accept(buffer.asSlice(0, frame.length));
        nic.sink().flush();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public boolean accept(MemorySegment segment) {
    byte[] f = segment.toArray(ValueLayout.JAVA_BYTE);
    int type = (f[HEADER + 12] & 0xff) << 8 | (f[HEADER + 13] & 0xff);
    int at = HEADER + 14;
    if (type == 0x0806 && f[at + 7] == 1) {
      f[at + 7] = 2;
      byte[] asked = java.util.Arrays.copyOfRange(f, at + 24, at + 28);
      System.arraycopy(f, at + 8, f, at + 18, 10);
      System.arraycopy(MAC, 0, f, at + 8, 6);
      System.arraycopy(asked, 0, f, at + 14, 4);
    } else if (type == 0x0800 && f[at + 9] == 1 && f[at + 20] == 8) {
      for (int i = 0; i < 4; i++) {
        byte from = f[at + 12 + i];
        f[at + 12 + i] = f[at + 16 + i];
        f[at + 16 + i] = from;
      }
      f[at + 20] = 0;
      // RFC 1624: the type fell by 0x0800, so the checksum rises by it.
      int sum = ((f[at + 22] & 0xff) << 8 | (f[at + 23] & 0xff)) + 0x0800;
      sum = (sum & 0xffff) + (sum >> 16);
      f[at + 22] = (byte) (sum >> 8);
      f[at + 23] = (byte) sum;
    } else {
      return true;
    }
    System.arraycopy(f, HEADER + 6, f, HEADER, 6);
    System.arraycopy(MAC, 0, f, HEADER + 6, 6);
    return replies.offer(f);
  }

  @Override
  public void flush() {
    // Replies leave by themselves.
  }

  @Override
  public NicOffloads offloads() {
    return NicOffloads.ALL;
  }

  @Override
  public void close() {
    thread.interrupt();
  }
}
