#!/bin/sh
# Compiles the kit's guest, and notes which source it was compiled from: a test compares that.
# Needs riscv64-unknown-elf-gcc (Debian: gcc-riscv64-unknown-elf); run it after each change of the source.
set -eu
cd "$(dirname "$0")"
out=../resources/io/lanyard/vmm/tck
riscv64-unknown-elf-gcc -march=rv64imac_zicsr -mabi=lp64 -mcmodel=medany -ffreestanding -nostdlib -static -Os -fno-common \
  -fno-builtin -fno-tree-loop-distribute-patterns -Wall -Wextra -Werror -Wl,-T,echo.ld -Wl,--build-id=none \
  -o $out/echo.elf echo.c
riscv64-unknown-elf-strip --strip-unneeded -K tohost -K fromhost $out/echo.elf
chmod 644 $out/echo.elf
cat echo.c echo.ld | sha256sum | cut -d' ' -f1 >$out/echo.source
