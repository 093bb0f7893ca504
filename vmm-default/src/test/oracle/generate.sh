#!/bin/sh
# Makes oracle.bin.gz and oracle.txt, with which OracleTest compares the hart: builds the program with
# Debian's gcc-riscv64-unknown-elf and lets QEMU execute it. Needed only after a change here or in instructions.txt.
set -eu
cd "$(dirname "$0")"
out=../resources/io/lanyard/machine/hart
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# QEMU 7.2 knows no Zicond, and its ctzw counts beyond the word.
awk '!/^#/ && NF == 4 && $2 != "-" && $1 !~ /^(czero.*|ctzw)$/ { printf "{\"%s\", %s, %su},\n", $1, $2, $3 }' ../../main/isa/instructions.txt > "$work/rows.h"
riscv64-unknown-elf-gcc -O2 -march=rv64gc -mabi=lp64d -mcmodel=medany -nostdlib -ffreestanding -fno-tree-loop-distribute-patterns \
  -I "$work" -T oracle.ld -o "$work/oracle.elf" oracle.S oracle.c
riscv64-unknown-elf-objcopy -O binary "$work/oracle.elf" "$work/oracle.bin"
gzip -9nc "$work/oracle.bin" > $out/oracle.bin.gz
timeout 120 qemu-system-riscv64 -M virt -cpu rv64,zba=true,zbb=true,zbc=true,zbs=true -bios none -kernel "$work/oracle.elf" \
  -nographic -serial file:"$work/oracle.txt" -monitor none
tr -d '\r' < "$work/oracle.txt" > $out/oracle.txt
wc -l $out/oracle.txt
