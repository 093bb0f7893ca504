package io.lanyard.linux;

import static org.assertj.core.api.Assertions.assertThat;

import io.lanyard.net.Address;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Lists of control messages that are cut off, empty, or no lists at all. */
class ControlMessagesTest {
  private final MemorySegment memory = Arena.ofAuto().allocate(96, 8);

  private DatagramEnds local(DatagramEnds ends, long length) {
    ControlMessages.local(memory, 0, length, false, ends);
    return ends;
  }

  private static DatagramEnds ends(String remote, String local, int scope) {
    DatagramEnds ends = DatagramEnds.to(Address.parse(remote), 53);
    Address address = Address.parse(local);
    ends.local(address.high(), address.low(), scope);
    return ends;
  }

  @Test
  void theLocalAddressIsReadAsItWasWritten() {
    DatagramEnds ipv4 = ends("192.0.2.1", "192.0.2.2", 0);
    assertThat(ControlMessages.writeLocal(memory, 0, ipv4)).isEqualTo(32);
    assertThat(local(DatagramEnds.to(Address.parse("192.0.2.1"), 53), 32)).isEqualTo(ipv4);
    DatagramEnds linkLocal = ends("fe80::1", "fe80::2", 7);
    assertThat(ControlMessages.writeLocal(memory, 0, linkLocal)).isEqualTo(40);
    assertThat(local(DatagramEnds.to(Address.parse("fe80::1"), 53), 40)).isEqualTo(linkLocal);
  }

  @Test
  void theInterfaceOfAGlobalAddressDoesNotTellFlowsApart() {
    ControlMessages.writeLocal(memory, 0, ends("2001:db8::1", "2001:db8::2", 7));
    assertThat(local(DatagramEnds.to(Address.parse("2001:db8::1"), 53), 40).scope()).isZero();
  }

  @Test
  void noAnswerLeavesFromAGroup() {
    ControlMessages.writeLocal(memory, 0, ends("fe80::1", "ff02::1", 7));
    DatagramEnds ends = local(DatagramEnds.to(Address.parse("fe80::1"), 53), 40);
    assertThat(ends.hasLocal()).isFalse();
    assertThat(ends.scope()).isEqualTo(7);
  }

  @Test
  void aMessageThatIsCutOffDoesNotCount() {
    ControlMessages.writeSegment(memory, 0, 100);
    ControlMessages.writeLocal(memory, 24, ends("192.0.2.1", "192.0.2.2", 0));
    for (int length = 0; length < 24 + 16 + 12; length++) {
      assertThat(local(DatagramEnds.to(Address.parse("192.0.2.1"), 53), length).hasLocal())
          .as("%d bytes", length)
          .isFalse();
    }
    assertThat(local(DatagramEnds.to(Address.parse("192.0.2.1"), 53), 56).hasLocal()).isTrue();
  }

  @Test
  void aMessageOfAnotherFamilyDoesNotCount() {
    ControlMessages.writeLocal(memory, 0, ends("192.0.2.1", "192.0.2.2", 0));
    assertThat(local(DatagramEnds.to(Address.parse("2001:db8::1"), 53), 32).hasLocal()).isFalse();
  }

  @Test
  void lengthsThatLeadNowhereEndTheList() {
    for (long length : new long[] {0, 15, -1, Long.MIN_VALUE, Long.MAX_VALUE, 97}) {
      ControlMessages.writeLocal(memory, 0, ends("192.0.2.1", "192.0.2.2", 0));
      memory.set(ValueLayout.JAVA_LONG, 0, length);
      assertThat(local(DatagramEnds.to(Address.parse("192.0.2.1"), 53), 96).hasLocal()).isFalse();
    }
  }

  @Test
  void randomBytesAreReadWithoutAFault() {
    Random random = new Random(7);
    for (int round = 0; round < 20_000; round++) {
      for (long at = 0; at < 96; at++) {
        memory.set(ValueLayout.JAVA_BYTE, at, (byte) (random.nextInt(4) * random.nextInt(20)));
      }
      memory.set(ValueLayout.JAVA_LONG, 0, random.nextInt(100));
      local(DatagramEnds.to(Address.parse(round % 2 == 0 ? "192.0.2.1" : "fe80::1"), 53), 96);
    }
  }

  @Test
  void endsAreEqualByAllTheirValues() {
    DatagramEnds ends = ends("fe80::1", "fe80::2", 7);
    assertThat(ends.copy()).isEqualTo(ends).hasSameHashCodeAs(ends);
    assertThat(ends("fe80::1", "fe80::2", 8)).isNotEqualTo(ends);
    assertThat(ends("fe80::1", "fe80::3", 7)).isNotEqualTo(ends);
    assertThat(ends("fe80::3", "fe80::2", 7)).isNotEqualTo(ends);
    assertThat(DatagramEnds.to(Address.parse("fe80::1"), 53)).isNotEqualTo(ends);
    assertThat(ends).hasToString("[fe80::1]:53 at fe80::2");
  }
}
