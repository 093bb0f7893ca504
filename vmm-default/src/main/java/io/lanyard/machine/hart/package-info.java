/**
 * A RISC-V hart: RV64GC with Zicsr, Zifencei, Zicntr, Zicond, Zba, Zbb, Zbc, Zbs, Zicbom, Zicboz,
 * Zawrs, Sstc, Svinval, Svnapot and Svpbmt; machine, supervisor and user mode; Sv39, Sv48 and Sv57.
 *
 * <p>{@link io.lanyard.machine.hart.Hart} is what the rest of the machine sees: a life (start,
 * pause, halt, stop), registers, interrupt lines, remote fences. Its thread alternates between a
 * poll for events and a slice of instructions. {@code Core} is the architectural state. Everything
 * about it belongs to the hart's thread but {@code Interrupts} (mip, written by anybody) and {@code
 * Fences} (a queue of what other harts ask).
 *
 * <p><b>Execution.</b> pc leads to a physical page, and that to a {@code CodePage}: micro-ops that
 * were decoded the first time they were reached, dense, so that the {@code Interpreter} steps by
 * one. What an instruction is comes from {@code src/main/isa/instructions.txt}, from which {@code
 * Op} is generated. Frequent instructions are cases of one switch; the rest are calls. {@code
 * Primer} lets the JIT compiler see all of it before the first guest does.
 *
 * <p><b>Traps</b> return, they do not throw: who finds one notes cause and value in the core and
 * returns false, and the interpreter, which alone knows where it is, computes pc and enters the
 * handler. <b>Memory</b>: see {@code io.lanyard.machine.mmu}. <b>Changed code</b>: {@code fence.i}
 * begins a generation; a page of an older one is compared with what was decoded before it is
 * executed again, so neither stores nor DMA have to tell anybody. <b>Decoded code</b> lives on the
 * heap, which the networks need too: a {@code CodeBudget} bounds it in bytes for all guests, and a
 * {@code CodeCache} evicts pages that were not used lately.
 *
 * <p><b>Several harts</b> share nothing but memory, the clock and the bus. AMOs are the host's;
 * lr/sc is a compare and swap with the value that was read; fences are full fences.
 *
 * <p><b>Floating point</b> is the host's where the result is ordinary and rounding to nearest, with
 * residuals for the inexact flag, and {@code SoftFloat} everywhere else.
 */
package io.lanyard.machine.hart;
