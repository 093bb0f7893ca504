/**
 * The built-in supervisor binary interface (RISC-V SBI specification 2.0): what firmware in machine
 * mode would answer, answered by the host.
 *
 * <p>A hart hands each {@code ecall} from supervisor mode to {@link io.lanyard.machine.sbi.Sbi},
 * which looks the extension up by a7. An extension is one class; its functions return an error and
 * a value. They run on the calling hart's thread, between two of its instructions. What ends the
 * machine is only asked for here, and done by the machine's owner after the harts have stopped.
 */
@org.jspecify.annotations.NullMarked
package io.lanyard.machine.sbi;
