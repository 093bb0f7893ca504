package io.lanyard.machine.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lanyard.machine.bus.Device;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** RISC-V Advanced Interrupt Architecture 1.0, chapter 4, rule by rule. */
class AplicTest {
  private static final int DOMAIN = 0x0000;
  private static final int SETIP = 0x1c00;
  private static final int SETIPNUM = 0x1cdc;
  private static final int IN_CLRIP = 0x1d00;
  private static final int CLRIPNUM = 0x1ddc;
  private static final int SETIE = 0x1e00;
  private static final int SETIENUM = 0x1edc;
  private static final int CLRIE = 0x1f00;
  private static final int CLRIENUM = 0x1fdc;
  private static final int SETIPNUM_LE = 0x2000;
  private static final int SETIPNUM_BE = 0x2004;
  private static final int GENMSI = 0x3000;
  private static final int ON = 1 << 8;
  private static final int DETACHED = 1;
  private static final int RISING = 4;
  private static final int FALLING = 5;
  private static final int HIGH = 6;
  private static final int LOW = 7;
  private static final int DELEGATE = 1 << 10;

  private final List<Integer> machineGot = new ArrayList<>();
  private final List<Integer> got = new ArrayList<>();
  private final List<Integer> otherGot = new ArrayList<>();
  private final Aplic aplic =
      new Aplic(List.of(machineGot::add, x -> {}), List.of(got::add, otherGot::add));
  private final Device root = aplic.machine();
  private final Device leaf = aplic.supervisor();

  private static long config(int source) {
    return 4L * source;
  }

  private static long target(int source) {
    return GENMSI + 4L * source;
  }

  /** A source of the leaf that is on and sends an identity of 100 more than its number. */
  private void use(int source, int mode) {
    root.write(config(source), 4, DELEGATE);
    leaf.write(config(source), 4, mode);
    leaf.write(target(source), 4, 100 + source);
    leaf.write(SETIENUM, 4, source);
    leaf.write(DOMAIN, 4, ON);
  }

  private boolean pending(Device domain, int source) {
    return (domain.read(SETIP + 4L * (source / 32), 4) >>> source % 32 & 1) != 0;
  }

  @Test
  void aRisingWireSendsOneMessageAndClearsPending() {
    for (int mode : new int[] {RISING, HIGH}) {
      got.clear();
      use(10, mode);
      aplic.source(10).set(true);
      assertThat(got).containsExactly(110);
      assertThat(pending(leaf, 10)).isFalse();
      aplic.source(10).set(true);
      assertThat(got).as("nothing rose").hasSize(1);
      aplic.source(10).set(false);
      aplic.source(10).set(true);
      assertThat(got).hasSize(2);
      aplic.source(10).set(false);
    }
  }

  @Test
  void aFallingWireSendsWhereTheSourceIsInverted() {
    use(33, FALLING);
    aplic.source(33).set(true);
    assertThat(got).isEmpty();
    aplic.source(33).set(false);
    assertThat(got).containsExactly(133);
    got.clear();
    use(34, LOW);
    assertThat(leaf.read(IN_CLRIP + 4, 4)).as("rectified inputs").isEqualTo(0b110);
    aplic.source(34).set(true);
    aplic.source(34).set(false);
    assertThat(got).contains(134);
  }

  @Test
  void softwareSetsPendingOfALevelOnlyWhileItsInputIsHigh() {
    use(10, HIGH);
    leaf.write(SETIPNUM, 4, 10);
    assertThat(got).isEmpty();
    aplic.source(10).set(true);
    leaf.write(SETIPNUM_LE, 4, 10);
    assertThat(got).as("still high at the end of the handler").hasSize(2);
    aplic.source(10).set(false);
    leaf.write(SETIPNUM_LE, 4, 10);
    assertThat(got).hasSize(2);
  }

  @Test
  void aLevelThatFallsTakesItsRequestBackAndAnEdgeDoesNot() {
    use(10, HIGH);
    use(11, RISING);
    leaf.write(DOMAIN, 4, 0);
    for (int source : new int[] {10, 11}) {
      aplic.source(source).set(true);
      assertThat(pending(leaf, source)).isTrue();
      aplic.source(source).set(false);
    }
    assertThat(pending(leaf, 10)).isFalse();
    assertThat(pending(leaf, 11)).isTrue();
    leaf.write(DOMAIN, 4, ON);
    assertThat(got).containsExactly(111);
  }

  @Test
  void aDetachedSourceIsSoftwaresOnly() {
    use(5, DETACHED);
    aplic.source(5).set(true);
    assertThat(got).isEmpty();
    assertThat(leaf.read(IN_CLRIP, 4)).isZero();
    leaf.write(SETIP, 4, 1 << 5);
    assertThat(got).containsExactly(105);
  }

  @Test
  void aMessageWaitsForTheSourcesEnableAndTheDomains() {
    use(10, RISING);
    leaf.write(CLRIENUM, 4, 10);
    aplic.source(10).set(true);
    assertThat(got).isEmpty();
    assertThat(pending(leaf, 10)).isTrue();
    leaf.write(SETIE, 4, 1 << 10);
    assertThat(got).containsExactly(110);
    assertThat(leaf.read(SETIE, 4)).isEqualTo(1 << 10);
    leaf.write(CLRIE, 4, 1 << 10);
    assertThat(leaf.read(SETIE, 4)).isZero();
  }

  @Test
  void clearingPendingForgetsTheRequest() {
    use(10, RISING);
    leaf.write(DOMAIN, 4, 0);
    aplic.source(10).set(true);
    leaf.write(CLRIPNUM, 4, 10);
    assertThat(pending(leaf, 10)).isFalse();
    leaf.write(SETIPNUM, 4, 10);
    leaf.write(IN_CLRIP, 4, 1 << 10);
    leaf.write(DOMAIN, 4, ON);
    assertThat(got).isEmpty();
  }

  @Test
  void anInactiveSourceHasNoState() {
    use(10, RISING);
    leaf.write(DOMAIN, 4, 0);
    aplic.source(10).set(true);
    leaf.write(config(10), 4, 0);
    assertThat(pending(leaf, 10)).isFalse();
    assertThat(leaf.read(SETIE, 4)).isZero();
    assertThat(leaf.read(target(10), 4)).isZero();
    leaf.write(target(10), 4, 99);
    leaf.write(SETIENUM, 4, 10);
    leaf.write(SETIPNUM, 4, 10);
    assertThat(leaf.read(target(10), 4) | leaf.read(SETIE, 4) | leaf.read(SETIP, 4)).isZero();
  }

  @Test
  void aSourceThatBecomesALevelWhileItsWireIsHighIsPending() {
    aplic.source(10).set(true);
    root.write(config(10), 4, DELEGATE);
    leaf.write(config(10), 4, HIGH);
    assertThat(pending(leaf, 10)).isTrue();
  }

  @Test
  void reservedModesAreInactiveAndALeafCannotDelegate() {
    root.write(config(10), 4, DELEGATE | 7);
    assertThat(root.read(config(10), 4)).isEqualTo(DELEGATE);
    for (int value : new int[] {2, 3, DELEGATE | HIGH}) {
      leaf.write(config(10), 4, value);
      assertThat(leaf.read(config(10), 4)).isZero();
    }
    leaf.write(config(10), 4, -1 & ~DELEGATE);
    assertThat(leaf.read(config(10), 4)).isEqualTo(LOW);
  }

  @Test
  void aLeafHasOnlyWhatTheRootDelegates() {
    leaf.write(config(10), 4, HIGH);
    assertThat(leaf.read(config(10), 4)).isZero();
    root.write(config(10), 4, HIGH);
    root.write(target(10), 4, 42);
    root.write(SETIENUM, 4, 10);
    root.write(DOMAIN, 4, ON);
    aplic.source(10).set(true);
    assertThat(machineGot).containsExactly(42);
    assertThat(got).isEmpty();
    use(10, HIGH);
    assertThat(got).containsExactly(110);
    assertThat(root.read(target(10), 4)).isZero();
    root.write(config(10), 4, HIGH);
    assertThat(leaf.read(config(10), 4)).as("taken back").isZero();
  }

  @Test
  void allSourcesCanBeGivenToTheSupervisor() {
    aplic.delegateAll();
    for (int source = 1; source < Aplic.SOURCES; source++) {
      leaf.write(config(source), 4, HIGH);
      assertThat(leaf.read(config(source), 4)).isEqualTo(HIGH);
    }
    leaf.write(config(Aplic.SOURCES), 4, HIGH);
    assertThat(leaf.read(config(Aplic.SOURCES), 4)).isZero();
  }

  @Test
  void aTargetNamesHartAndIdentity() {
    use(10, RISING);
    leaf.write(target(10), 4, 1 << 18 | 0xf800 | 77);
    assertThat(leaf.read(target(10), 4)).as("no guests, bit 11 reserved").isEqualTo(1 << 18 | 77);
    aplic.source(10).set(true);
    assertThat(otherGot).containsExactly(77);
    leaf.write(target(10), 4, 0x3fff << 18 | 1);
    leaf.write(SETIPNUM, 4, 10);
    assertThat(got).as("no such hart").isEmpty();
  }

  @Test
  void anExtemporeMessageIsSentAtOnceEvenWhileTheDomainIsOff() {
    leaf.write(GENMSI, 4, 1 << 18 | 1 << 12 | 9);
    assertThat(otherGot).containsExactly(9);
    assertThat(leaf.read(GENMSI, 4)).as("not busy").isEqualTo(1 << 18 | 9);
  }

  @Test
  void fixedFieldsReadAsTheyAre() {
    assertThat((int) root.read(DOMAIN, 4)).isEqualTo(0x8000_0004);
    root.write(DOMAIN, 4, 0xffff_ffffL);
    assertThat((int) root.read(DOMAIN, 4)).as("little-endian, MSI mode").isEqualTo(0x8000_0104);
    assertThat((int) root.read(0x1bc4, 4)).as("addresses are locked").isEqualTo(1 << 31);
    root.write(0x1bc0, 4, 0x1234);
    root.write(0x1bc8, 4, 0x1234);
    assertThat(root.read(0x1bc0, 4) | root.read(0x1bc8, 4) | leaf.read(0x1bc4, 4)).isZero();
    for (int register : new int[] {SETIPNUM, CLRIPNUM, SETIENUM, CLRIENUM, CLRIE, SETIPNUM_LE}) {
      assertThat(leaf.read(register, 4)).isZero();
    }
    leaf.write(SETIPNUM_BE, 4, 10 << 24);
    assertThat(got).isEmpty();
  }

  @Test
  void accessesOfOtherWidthsAndPlacesDoNothing() {
    use(10, HIGH);
    for (int size : new int[] {1, 2, 8}) {
      leaf.write(config(10), size, 0);
      assertThat(leaf.read(config(10), size)).isZero();
    }
    assertThat(leaf.read(config(10), 4)).isEqualTo(HIGH);
    var random = new Random(1);
    for (int i = 0; i < 200_000; i++) {
      Device domain = random.nextBoolean() ? root : leaf;
      long at = random.nextInt((int) (Aplic.SIZE / 4)) * 4L;
      domain.write(at, 4, random.nextBoolean() ? random.nextInt(128) : random.nextInt());
      domain.read(at, 4);
      aplic.source(1 + random.nextInt(Aplic.SOURCES - 1)).set(random.nextBoolean());
    }
    assertThat(got).allMatch(identity -> identity >= 0 && identity < 2048);
  }

  @Test
  void thereIsNoSourceZero() {
    assertThatThrownBy(() -> aplic.source(0)).isInstanceOf(IllegalArgumentException.class);
    root.write(SETIPNUM, 4, 0);
    root.write(SETIE, 4, 1);
    assertThat(root.read(SETIE, 4) | root.read(SETIP, 4)).isZero();
  }
}
