package io.lanyard.virtio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;

class RegionMemoryTest {
  private final RegionMemory memory = new RegionMemory(3);
  private final MemorySegment low = MemorySegment.ofArray(new byte[0x1000]);
  private final MemorySegment high = MemorySegment.ofArray(new byte[0x2000]);

  @Test
  void accessesGoToTheRegionThatHasThem() {
    assertThat(memory.add(0, low)).isTrue();
    assertThat(memory.add(0x1_0000_0000L, high)).isTrue();
    memory.putLong(0x1_0000_1ff8L, 0x1122_3344_5566_7788L);
    memory.putShort(0xffe, (short) 0x55aa);
    memory.put(0x10, (byte) 1, (byte) 2, (byte) 3);
    assertThat(memory.getLong(0x1_0000_1ff8L)).isEqualTo(0x1122_3344_5566_7788L);
    assertThat(high.get(LittleEndian.INT, 0x1ff8)).isEqualTo(0x5566_7788);
    assertThat(memory.getShort(0xffe)).isEqualTo((short) 0x55aa);
    assertThat(memory.get(0xf, 5)).containsExactly(0, 1, 2, 3, 0);
    memory.putInt(0x1_0000_0000L, 7);
    memory.putByte(0x1_0000_0001L, (byte) 9);
    assertThat(memory.getInt(0x1_0000_0000L)).isEqualTo(0x907);
    assertThat(memory.getByte(0x1_0000_0001L)).isEqualTo((byte) 9);
    assertThat(memory.slice(0x1_0000_0000L, 4).byteSize()).isEqualTo(4);
  }

  @Test
  void aRangeIsMemoryOnlyIfOneRegionHasAllOfIt() {
    memory.add(0x1000, low);
    memory.add(0x2000, high);
    memory.add(-0x1000, low);
    assertThat(memory.contains(0x1000, 0x1000)).isTrue();
    assertThat(memory.contains(0x2000, 0x2000)).isTrue();
    assertThat(memory.contains(0x4000, 0)).isTrue();
    assertThat(memory.contains(-1, 1)).isTrue();
    assertThat(memory.contains(0xfff, 1)).isFalse();
    assertThat(memory.contains(0x1fff, 2)).isFalse();
    assertThat(memory.contains(0x4000, 1)).isFalse();
    assertThat(memory.contains(-1, 2)).isFalse();
    assertThat(memory.contains(0x1000, -1)).isFalse();
    assertThat(memory.contains(0x1000, Long.MIN_VALUE)).isFalse();
    assertThat(memory.contains(Long.MIN_VALUE, Long.MAX_VALUE)).isFalse();
    assertThat(memory.contains(0x1001, Long.MAX_VALUE)).isFalse();
    assertThatThrownBy(() -> memory.getLong(0x1ffc)).isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> memory.putLong(0x3ffc, 1))
        .isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> memory.copyIn(0x3000, low, 0, 0x1001))
        .isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> memory.copyOut(0x3000, low, 0, -1))
        .isInstanceOf(IndexOutOfBoundsException.class);
  }

  @Test
  void regionsThatOverlapOrWrapOrAreTooManyAreRefused() {
    assertThat(memory.add(0x2000, low)).isTrue();
    assertThat(memory.add(0x2000, low)).isFalse();
    assertThat(memory.add(0x1fff, low)).isFalse();
    assertThat(memory.add(0x2fff, low)).isFalse();
    assertThat(memory.add(0x1000, high)).isFalse();
    assertThat(memory.add(-0xfff, low)).isFalse();
    assertThat(memory.add(0, MemorySegment.NULL)).isFalse();
    assertThat(memory.add(0x1000, low)).isTrue();
    assertThat(memory.add(0x3000, low)).isTrue();
    assertThat(memory.add(0x8000, low)).isFalse();
    memory.remove(0x1234);
    memory.remove(0x2000);
    assertThat(memory.contains(0x2000, 1)).isFalse();
    assertThat(memory.contains(0x3000, 1)).isTrue();
    assertThat(memory.add(0x2000, low)).isTrue();
    memory.clear();
    assertThat(memory.contains(0x2000, 0)).isFalse();
  }
}
