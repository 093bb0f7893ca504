package io.lanyard.machine.device;

import io.lanyard.machine.bus.Device;
import java.nio.ByteBuffer;
import java.util.function.IntConsumer;

/**
 * A 16550A serial port on a line of infinite speed.
 *
 * <p>What is sent has left at once, so the transmitter is always empty; its interrupt still follows
 * the chip's rules (raised when the holding register becomes empty or the interrupt is enabled,
 * taken back by reading it from IIR or by writing a byte), for drivers depend on them. Of the bytes
 * that wait to be received, the first 16 are the FIFO. Fewer than the trigger level means that the
 * line has been idle for four characters: the receive timeout is raised without a timer.
 */
public final class Uart16550 implements Device {
  private static final int FIFO = 16;

  /** How much may be typed ahead: a few screens of pasted text. */
  private static final int BACKLOG = 4096;

  private static final int IER_RECEIVE = 1;
  private static final int IER_TRANSMIT = 2;
  private static final int IER_LINE_STATUS = 4;
  private static final int LCR_DIVISOR = 0x80;
  private static final int LCR_BREAK = 0x40;
  private static final int MCR_LOOP = 0x10;
  private static final int LSR_DATA_READY = 0x01;
  private static final int LSR_OVERRUN = 0x02;
  private static final int LSR_TRANSMITTER_EMPTY = 0x60;
  private static final int IIR_NONE = 0x01;
  private static final int IIR_TRANSMIT = 0x02;
  private static final int IIR_RECEIVE = 0x04;
  private static final int IIR_LINE_STATUS = 0x06;
  private static final int IIR_TIMEOUT = 0x0c;
  private static final int IIR_FIFO = 0xc0;
  private static final int MSR_CTS_DSR_DCD = 0xb0;
  private static final int[] TRIGGERS = {1, 4, 8, 14};

  private final IntConsumer output;
  private final InterruptLine line;
  private final byte[] backlog = new byte[BACKLOG];
  private int head;
  private int count;
  private int divisor = 1;
  private int interruptEnable;
  private int fifoControl;
  private int lineControl;
  private int modemControl;
  private int scratch;
  private boolean overrun;
  private boolean transmitPending;

  /**
   * Makes the port.
   *
   * @param output takes each byte sent, on the sending hart's thread, outside this object's monitor
   * @param line the interrupt
   */
  public Uart16550(IntConsumer output, InterruptLine line) {
    this.output = output;
    this.line = line;
  }

  /**
   * Puts bytes on the line to the guest. Thread: any.
   *
   * @param bytes its position is moved past what there was room for
   */
  public synchronized void receive(ByteBuffer bytes) {
    while (bytes.hasRemaining() && count < BACKLOG) {
      push(bytes.get());
    }
    update();
  }

  private void push(byte b) {
    backlog[(head + count) % BACKLOG] = b;
    count++;
  }

  private int pull() {
    if (count == 0) {
      return 0;
    }
    int b = backlog[head] & 0xff;
    head = (head + 1) % BACKLOG;
    count--;
    return b;
  }

  private boolean fifo() {
    return (fifoControl & 1) != 0;
  }

  private int receiveCause() {
    if ((interruptEnable & IER_RECEIVE) == 0 || count == 0) {
      return 0;
    }
    return !fifo() || count >= TRIGGERS[fifoControl >> 6] ? IIR_RECEIVE : IIR_TIMEOUT;
  }

  private boolean transmitCause() {
    return transmitPending && (interruptEnable & IER_TRANSMIT) != 0;
  }

  private void update() {
    line.set(lineStatusCause() || receiveCause() != 0 || transmitCause());
  }

  private boolean lineStatusCause() {
    return overrun && (interruptEnable & IER_LINE_STATUS) != 0;
  }

  @Override
  public synchronized long read(long offset, int size) {
    int value =
        switch ((int) offset & 7) {
          case 0 -> divisorLatch() ? divisor & 0xff : pull();
          case 1 -> divisorLatch() ? divisor >> 8 : interruptEnable;
          case 2 -> identify();
          case 3 -> lineControl;
          case 4 -> modemControl;
          case 5 -> lineStatus();
          case 6 -> modemStatus();
          default -> scratch;
        };
    update();
    return value;
  }

  private boolean divisorLatch() {
    return (lineControl & LCR_DIVISOR) != 0;
  }

  private int identify() {
    int mode = fifo() ? IIR_FIFO : 0;
    if (lineStatusCause()) {
      return mode | IIR_LINE_STATUS; // until the line status is read
    }
    int receive = receiveCause();
    if (receive != 0) {
      return mode | receive;
    }
    if (transmitCause()) {
      transmitPending = false;
      return mode | IIR_TRANSMIT;
    }
    return mode | IIR_NONE;
  }

  private int lineStatus() {
    int status =
        LSR_TRANSMITTER_EMPTY | (count > 0 ? LSR_DATA_READY : 0) | (overrun ? LSR_OVERRUN : 0);
    overrun = false;
    return status;
  }

  /** In loop-back the modem control outputs are the modem status inputs. */
  private int modemStatus() {
    if ((modemControl & MCR_LOOP) == 0) {
      return MSR_CTS_DSR_DCD;
    }
    return (modemControl & 2) << 3
        | (modemControl & 1) << 5
        | (modemControl & 4) << 4
        | (modemControl & 8) << 4;
  }

  @Override
  public void write(long offset, int size, long value) {
    if (writeRegister((int) offset & 7, (int) value & 0xff)) {
      output.accept((int) value & 0xff);
    }
  }

  /** Whether the byte goes out on the line. */
  private synchronized boolean writeRegister(int register, int value) {
    boolean send = false;
    switch (register) {
      case 0 -> {
        if (divisorLatch()) {
          divisor = (divisor & 0xff00) | value;
        } else {
          send = transmit(value);
        }
      }
      case 1 -> {
        if (divisorLatch()) {
          divisor = (divisor & 0xff) | value << 8;
        } else {
          if ((value & ~interruptEnable & IER_TRANSMIT) != 0) {
            transmitPending = true;
          }
          interruptEnable = value & 0x0f;
        }
      }
      case 2 -> controlFifo(value);
      case 3 -> lineControl = value;
      case 4 -> modemControl = value & 0x1f;
      case 7 -> scratch = value;
      default -> {
        // LSR and MSR are read only.
      }
    }
    update();
    return send;
  }

  private boolean transmit(int value) {
    transmitPending = true;
    if ((modemControl & MCR_LOOP) != 0) {
      if (count < FIFO) {
        push((byte) value);
      } else {
        overrun = true;
      }
      return false;
    }
    return (lineControl & LCR_BREAK) == 0;
  }

  private void controlFifo(int value) {
    boolean toggled = ((value ^ fifoControl) & 1) != 0;
    // A driver that opens the port clears the FIFO first. What was typed until then counts as still
    // on its way, or a user who types ahead would lose it.
    boolean listening = (interruptEnable & IER_RECEIVE) != 0 || (modemControl & MCR_LOOP) != 0;
    if (listening && (toggled || (value & 2) != 0)) {
      for (int i = Math.min(count, FIFO); i > 0; i--) {
        pull();
      }
    }
    fifoControl = (value & 1) != 0 ? value & 0xc9 : 0;
  }
}
