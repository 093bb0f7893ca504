# Runs one block of generated code with all registers loaded from, and stored to, a state:
# x0..x31 at 0, f0..f31 at 256, fcsr at 512, mcause at 520. A trap ends the block.
.section .text.init
.globl _start
_start:
  la sp, stack_top
  li t0, 0x6000
  csrs mstatus, t0
  la t0, trap
  csrw mtvec, t0
  call main
  li t0, 0x100000
  li t1, 0x5555
  sw t1, 0(t0)
1: j 1b

.text
.globl run_block
run_block:                      # a0 state, a1 code
  addi sp, sp, -128
  sd ra, 0(sp)
  sd s0, 8(sp)
  sd s1, 16(sp)
  sd s2, 24(sp)
  sd s3, 32(sp)
  sd s4, 40(sp)
  sd s5, 48(sp)
  sd s6, 56(sp)
  sd s7, 64(sp)
  sd s8, 72(sp)
  sd s9, 80(sp)
  sd s10, 88(sp)
  sd s11, 96(sp)
  sd gp, 104(sp)
  sd tp, 112(sp)
  la t0, saved_sp
  sd sp, 0(t0)
  csrw mscratch, a0
  sd zero, 520(a0)
  sd a1, 240(a0)                # x30 holds the code until it is entered
  ld t0, 512(a0)
  fscsr t0
.altmacro
.macro loadf n
  fld f\n, 256+8*\n(x31)
.endm
.macro storef n
  fsd f\n, 256+8*\n(x31)
.endm
.macro loadx n
  ld x\n, 8*\n(x31)
.endm
.macro storex n
  sd x\n, 8*\n(x31)
.endm
  mv x31, a0
.set i, 0
.rept 32
  loadf %i
.set i, i+1
.endr
.set i, 1
.rept 31
  loadx %i
.set i, i+1
.endr
  fence.i
  jr x30
.globl block_end
block_end:
  csrrw x31, mscratch, x31
.set i, 1
.rept 30
  storex %i
.set i, i+1
.endr
.set i, 0
.rept 32
  storef %i
.set i, i+1
.endr
  frcsr t0
  sd t0, 512(x31)
  csrr t0, mscratch
  sd t0, 248(x31)
  la t0, saved_sp
  ld sp, 0(t0)
  ld ra, 0(sp)
  ld s0, 8(sp)
  ld s1, 16(sp)
  ld s2, 24(sp)
  ld s3, 32(sp)
  ld s4, 40(sp)
  ld s5, 48(sp)
  ld s6, 56(sp)
  ld s7, 64(sp)
  ld s8, 72(sp)
  ld s9, 80(sp)
  ld s10, 88(sp)
  ld s11, 96(sp)
  ld gp, 104(sp)
  ld tp, 112(sp)
  addi sp, sp, 128
  ret

.align 2
trap:
  csrrw x31, mscratch, x31
  sd x30, 240(x31)
  csrr x30, mcause
  addi x30, x30, 1
  sd x30, 520(x31)
  la x30, block_end
  csrw mepc, x30
  ld x30, 240(x31)
  csrrw x31, mscratch, x31
  mret

.bss
.align 4
saved_sp: .dword 0
.space 16384
stack_top:
