#!/bin/sh
# Builds what InterpreterBenchmark executes, with Debian's gcc-riscv64-unknown-elf.
set -eu
cd "$(dirname "$0")"
riscv64-unknown-elf-gcc -O2 -march=rv64gc -mabi=lp64d -mcmodel=medany -nostdlib -ffreestanding -T guest.ld -o /tmp/integer.$$ start.S integer.c
riscv64-unknown-elf-objcopy -O binary /tmp/integer.$$ ../resources/io/lanyard/bench/integer.bin
rm /tmp/integer.$$
