#!/bin/sh
# Makes the programs and the verdicts with which OracleTest compares the hart: builds oracle.c and privileged.c with
# Debian's gcc-riscv64-unknown-elf and lets QEMU execute them. Needed only after a change here or in instructions.txt.
set -eu
cd "$(dirname "$0")"
out=../resources/io/lanyard/machine/hart
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# QEMU 7.2 knows no Zicond, and its ctzw counts beyond the word.
awk '!/^#/ && NF == 4 && $2 != "-" && $1 !~ /^(czero.*|ctzw)$/ { printf "{\"%s\", %s, %su},\n", $1, $2, $3 }' ../../main/isa/instructions.txt > "$work/rows.h"
for name in oracle privileged; do
  riscv64-unknown-elf-gcc -O2 -march=rv64gc -mabi=lp64d -mcmodel=medany -nostdlib -ffreestanding -fno-tree-loop-distribute-patterns \
    -I "$work" -T oracle.ld -o "$work/$name.elf" $name.S $name.c
  riscv64-unknown-elf-objcopy -O binary "$work/$name.elf" "$work/$name.bin"
  gzip -9nc "$work/$name.bin" > $out/$name.bin.gz
  timeout 120 qemu-system-riscv64 -M virt -cpu rv64,h=off,sstc=off,zba=true,zbb=true,zbc=true,zbs=true,svinval=true,svnapot=true,svpbmt=true \
    -bios none -kernel "$work/$name.elf" -nographic -serial file:"$work/$name.txt" -monitor none
  tr -d '\r' < "$work/$name.txt" > $out/$name.txt
  wc -l $out/$name.txt
done
