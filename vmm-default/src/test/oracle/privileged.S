# What privileged.c needs below C: one access that may fault, from machine or supervisor mode, and one entry into a
# lower privilege that ends in a trap.
.section .text.init
.globl _start
_start:
  la sp, stack_top
  call machine_part
  # All memory is everybody's, and every exception but calls is supervisor mode's: the rest of the program runs there.
  li t0, -1
  csrw pmpaddr0, t0
  li t0, 0x1f
  csrw pmpcfg0, t0
  li t0, 0xb1ff
  csrw medeleg, t0
  la t0, faulted_in_supervisor
  csrw stvec, t0
  la t0, supervisor
  csrw mepc, t0
  li t0, 0x1800
  csrc mstatus, t0
  li t0, 0x800
  csrs mstatus, t0
  mret
supervisor:
  call supervisor_part
  li t0, 0x100000
  li t1, 0x5555
  sw t1, 0(t0)
1: j 1b

.text
# a0 kind, a1 address, a2 bits to set in mstatus, a3 value to store; gives what was loaded. Kinds of both functions:
# 0 load, 1 store, 2 load a word that is not aligned, 3 load-reserved, 4 fetch an ecall.
.globl access_as
access_as:
  addi sp, sp, -16
  sd ra, 0(sp)
  csrw mscratch, sp
  la t0, faulted
  csrw mtvec, t0
  li t0, 0xe1800
  csrc mstatus, t0
  la t1, machine_kinds
  slli t0, a0, 3
  add t1, t1, t0
  ld t1, 0(t1)
  li a0, 0
  csrw mepc, a1
  csrs mstatus, a2
  jr t1
.balign 8
machine_kinds: .dword load, store, load_word, reserve, enter
load:
  ld a0, 0(a1)
  j done
store:
  sd a3, 0(a1)
  j done
load_word:
  lw a0, 2(a1)
  j done
reserve:
  lr.d a0, 0(a1)
  j done
enter:
  mret
.balign 4
faulted:
  li t0, 0xe0000
  csrc mstatus, t0
  csrr sp, mscratch
  csrr t0, mcause
  csrr t1, mtval
  la t2, cause
  sd t0, 0(t2)
  sd t1, 8(t2)
  li a0, 0
done:
  li t0, 0xe0000
  csrc mstatus, t0
  ld ra, 0(sp)
  addi sp, sp, 16
  ret

# a0 kind, a1 address, a2 where user code finds itself, a3 value to store. Further kinds: 5 load, 6 store and 7 fetch as user.
.globl access_in_supervisor
access_in_supervisor:
  addi sp, sp, -16
  sd ra, 0(sp)
  csrw sscratch, sp
  li t0, 0x100
  csrc sstatus, t0
  la t1, supervisor_kinds
  slli t0, a0, 3
  add t1, t1, t0
  ld t1, 0(t1)
  li a0, 0
  la t2, user_load
  add t2, t2, a2
  jr t1
.balign 8
supervisor_kinds: .dword s_load, s_store, s_load, s_load, s_fetch, s_user_load, s_user_store, s_user_fetch
s_load:
  ld a0, 16(a1)
  j s_done
s_store:
  sd a3, 24(a1)
  j s_done
s_fetch:
  la ra, s_done
  jr a1
s_user_load:
  csrw sepc, t2
  sret
s_user_store:
  la t2, user_store
  add t2, t2, a2
  csrw sepc, t2
  sret
s_user_fetch:
  addi a1, a1, 8
  csrw sepc, a1
  sret
user_load:
  ld a0, 16(a1)
  .word 0                       # ends it: ecall would be supervisor mode's, too
user_store:
  sd a3, 24(a1)
  .word 0
.balign 4
faulted_in_supervisor:
  csrr sp, sscratch
  csrr t0, scause
  csrr t1, stval
  la t2, cause
  sd t0, 0(t2)
  sd t1, 8(t2)
s_done:
  ld ra, 0(sp)
  addi sp, sp, 16
  ret

# a0 code, a1 state before: mstatus, mie, mip, mideleg, medeleg, mtvec, stvec, sepc, a5; a2 state after the trap to machine mode.
.globl run_until_trap
run_until_trap:
  addi sp, sp, -32
  sd ra, 0(sp)
  sd s2, 8(sp)
  sd s3, 16(sp)
  sd a2, 24(sp)
  csrw mscratch, sp
  csrw mie, zero
  csrw scause, zero
  csrw stval, zero
  ld t0, 0(a1)
  csrw mstatus, t0
  ld t0, 16(a1)
  csrw mip, t0
  ld t0, 24(a1)
  csrw mideleg, t0
  ld t0, 32(a1)
  csrw medeleg, t0
  ld t0, 40(a1)
  csrw mtvec, t0
  ld t0, 48(a1)
  csrw stvec, t0
  ld t0, 56(a1)
  csrw sepc, t0
  csrw mepc, a0
  ld a5, 64(a1)
  li s2, 0
  li s3, 0
  ld t0, 8(a1)
  csrw mie, t0
  mret

.option push
.option norvc
.balign 64
.globl machine_vector
machine_vector:
.rept 16
  j trapped
.endr
.balign 64
.globl supervisor_vector
supervisor_vector:
.set entry, 0
.rept 16
  addi s2, s2, 1 + entry        # falls through to the last: s2 tells where it came in
.set entry, entry + 1
.endr
1: csrr s3, sstatus
  ecall
  j 1b
trapped:
  csrr sp, mscratch
  ld a2, 24(sp)
  la t1, blocks
  csrr t0, mcause
  sd t0, 0(a2)
  csrr t0, mepc
  sub t0, t0, t1
  sd t0, 8(a2)
  csrr t0, mstatus
  sd t0, 16(a2)
  csrr t0, scause
  sd t0, 24(a2)
  csrr t0, sepc
  sub t0, t0, t1
  sd t0, 32(a2)
  csrr t0, stval
  sd t0, 40(a2)
  csrr t0, mip
  andi t0, t0, 0x222
  sd t0, 48(a2)
  sd s2, 56(a2)
  sd s3, 64(a2)
  csrw mie, zero
  li t0, 8
  csrc mstatus, t0
  ld ra, 0(sp)
  ld s2, 8(sp)
  ld s3, 16(sp)
  addi sp, sp, 32
  ret

# Sixteen pieces of code of 16 bytes.
.macro end_of_block
  .word 0
  .balign 16
.endm
.balign 64
.globl blocks
blocks:
  nop
  ecall
  end_of_block
  ebreak
  end_of_block
  csrsi sstatus, 2
  ecall
  end_of_block
  csrci sstatus, 2
  ecall
  end_of_block
  csrw sie, a5
  ecall
  end_of_block
  csrw sip, a5
  ecall
  end_of_block
  sret
  end_of_block
  csrs sstatus, a5
  sret
  end_of_block
  csrsi mstatus, 8
  ecall
  end_of_block
  csrw mideleg, a5
  ecall
  end_of_block
  csrw mip, a5
  ecall
  end_of_block
  csrr t0, satp
  sfence.vma
  ecall
  end_of_block
  csrr s3, sip
  ecall
  end_of_block
  csrw stval, a5
  csrw scause, a5
  ecall
  end_of_block
  csrr s3, sie
  ecall
  end_of_block
  mret
  end_of_block
.option pop

.globl cause, tval
.balign 8
cause: .dword 0
tval: .dword 0

.bss
.balign 16
.space 16384
stack_top:
