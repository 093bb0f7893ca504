// Executes every instruction of the table with random operands, in QEMU and in Lanyard, and prints a
// digest of all state after each, so that a difference names the instruction. See generate.sh.
typedef unsigned long u64;
typedef unsigned int u32;
typedef unsigned short u16;
typedef unsigned char u8;

struct state { u64 x[32], f[32], fcsr, cause; };
struct row { const char *name; u8 format; u32 match; };
enum { R, UN, I, SH, SHW, S, B, U, J, AMO, LR, FR, FU, R4, CSR, SV, CBO, X };
static const struct row rows[] = {
#include "rows.h"
};

void run_block(struct state *, u32 *code);
extern char block_end[];

static void put(char c) { *(volatile u8 *)0x10000000 = c; }
static void puts_(const char *s) { while (*s) put(*s++); }
static void hex(u64 v) { for (int i = 60; i >= 0; i -= 4) put("0123456789abcdef"[(v >> i) & 15]); }

static u64 seed;
static u64 rnd(void) { seed ^= seed << 13; seed ^= seed >> 7; seed ^= seed << 17; return seed; }

static const u64 integers[] = {0, 1, -1ul, 0x7fffffff, 0x80000000, 0xffffffff, 0x8000000000000000, 0x7fffffffffffffff, 2, 63, 64, 0xffffffff80000000};
static const u64 doubles[] = {0, 0x8000000000000000, 1, 0x000fffffffffffff, 0x0010000000000000, 0x7fefffffffffffff, 0x7ff0000000000000, 0xfff0000000000000, 0x7ff8000000000000, 0x7ff0000000000001, 0x3ff0000000000000, 0xbff0000000000000, 0x3fefffffffffffff, 0x41dfffffffc00000, 0x43e0000000000000, 0xc3e0000000000000, 0x41f0000000000000, 0x3fe0000000000000, 0x36a0000000000000, 0x380fffffe0000000, 0x47efffffe0000000, 0x47effffff0000000};
static const u32 singles[] = {0, 0x80000000, 1, 0x7fffff, 0x800000, 0x7f7fffff, 0x7f800000, 0xff800000, 0x7fc00000, 0x7f800001, 0x3f800000, 0xbf800000, 0x4effffff, 0x4f000000, 0xcf000000, 0x5f000000, 0x5f7fffff, 0x3f000000, 0x3effffff};

static u64 integer(void) {
  u64 r = rnd();
  switch (r & 3) {
    case 0: return integers[(r >> 8) % 12];
    case 1: return (long)rnd() >> ((r >> 8) & 63);
    case 2: return rnd() >> ((r >> 8) & 63);
    default: return rnd();
  }
}
static u64 real(int single) {
  u64 r = rnd(), v = rnd();
  if (single) {
    u32 w;
    switch (r & 7) {
      case 0: case 1: w = singles[(r >> 8) % 19]; break;
      case 2: w = (v & 0x807fffff) | (127 - 15 + (r >> 8) % 30) << 23; break;
      case 3: w = v & 0x80ffffff; break;
      case 4: return v;
      case 5: w = (v & 0x80000003) | (125 + (r >> 8) % 5) << 23; break;
      case 6: w = (v & 0x807fffff) | (1 + (r >> 8) % 254) << 23; break;
      default: w = v;
    }
    return w | 0xffffffff00000000;
  }
  switch (r & 7) {
    case 0: case 1: return doubles[(r >> 8) % 22];
    case 2: return (v & 0x800fffffffffffff) | (0x3ff - 30 + (r >> 8) % 60) << 52;
    case 3: return v & 0x801fffffffffffff;
    case 4: return v & 0x9ffffffff0000000;
    case 5: return (v & 0x8000000000000007) | (0x3fful - 2 + (r >> 8) % 5) << 52;
    case 6: return (v & 0x800fffffffffffff) | (0x3ff - 1022 + (r >> 8) % 2044) << 52;
    default: return v;
  }
}

static struct state state;
static u64 buffer[1024] __attribute__((aligned(8192)));
static u32 code[64] __attribute__((aligned(4096)));
static u64 digest;
static void mix(u64 v) { digest = (digest ^ v) * 1099511628211ul; digest ^= digest >> 29; }

static void fill(int single) {
  for (int i = 1; i < 30; i++) state.x[i] = integer();
  state.x[31] = (u64)&buffer[512];
  for (int i = 0; i < 32; i++) state.f[i] = real(single);
  state.fcsr = (rnd() % 5) << 5 | (rnd() & 1 ? 1 : 0);
  for (int i = 256; i < 768; i++) buffer[i] = rnd();
}
static void collect(void) {
  for (int i = 1; i < 30; i++) mix(state.x[i]);
  for (int i = 0; i < 32; i++) mix(state.f[i]);
  mix(state.fcsr);
  mix(state.cause);
  for (int i = 256; i < 768; i++) mix(buffer[i]);
}
static u32 reg(void) { return 1 + rnd() % 29; }
// mscratch holds the state and x30 the code: the block jumps back through no register at all.
static u32 *leave(u32 *p) {
  long to = (long)block_end - (long)p;
  *p++ = (to >> 20 & 1) << 31 | (to >> 1 & 0x3ff) << 21 | (to >> 11 & 1) << 20 | (to >> 12 & 0xff) << 12 | 0x6f;
  return p;
}
static u32 encode(const struct row *r) {
  u32 rd = rnd() % 8 ? reg() : 0, rs1 = reg(), rs2 = rnd() % 8 ? reg() : rs1, imm = rnd() & 0xfff;
  u32 rm = (u32[]){0, 1, 2, 3, 4, 7, 7, 7}[rnd() & 7];
  u32 op = r->match & 0x7f;
  switch (r->format) {
    case R: return r->match | rd << 7 | rs1 << 15 | rs2 << 20;
    case UN: return r->match | rd << 7 | rs1 << 15;
    case I: if (op == 3 || op == 7) { rs1 = 31; imm = (imm & 0x7ff) - 1024; } return r->match | rd << 7 | rs1 << 15 | imm << 20;
    case SH: return r->match | rd << 7 | rs1 << 15 | (imm & 63) << 20;
    case SHW: return r->match | rd << 7 | rs1 << 15 | (imm & 31) << 20;
    case S: imm = (imm & 0x7ff) - 1024; return r->match | 31 << 15 | rs2 << 20 | (imm & 31) << 7 | (imm >> 5 & 127) << 25;
    case B: return r->match | rs1 << 15 | rs2 << 20 | 8 << 7;
    case U: return r->match | rd << 7 | imm << 12 | (u32)rnd() << 24;
    case AMO: return r->match | rd << 7 | 31 << 15 | rs2 << 20 | (imm & 3) << 25;
    case LR: return r->match | rd << 7 | 31 << 15 | (imm & 3) << 25;
    case FR: return r->match | rd << 7 | rs1 << 15 | rs2 << 20 | rm << 12;
    case FU: return r->match | rd << 7 | rs1 << 15 | rm << 12;
    case R4: return r->match | rd << 7 | rs1 << 15 | rs2 << 20 | rm << 12 | (u32)reg() << 27;
    default: return 0x13;
  }
}
static int usable(const struct row *r) {
  return r->format != J && r->format != CSR && r->format < SV && r->match != 0x67 && r->match != 0x17 && r->match != 0x100f;
}
static int single(const struct row *r) {
  return (r->match & 0x7f) == 0x53 ? (r->match >> 25 & 3) == 0 : (r->match & 0x7f) >= 0x43 && (r->match & 0x7f) < 0x53 && (r->match >> 25 & 3) == 0;
}

int main(void) {
  const int count = sizeof rows / sizeof *rows;
  for (int n = 0; n < count; n++) {
    const struct row *r = &rows[n];
    if (!usable(r)) continue;
    seed = 88172645463325252ul + n * 977;
    digest = 0;
    int times = (r->match & 0x7f) >= 0x43 && (r->match & 0x7f) <= 0x53 ? 64 : 16;
    for (int t = 0; t < times; t++) {
      fill(single(r) || r->match == 0x42000053);
      u32 *p = code;
      if (r->format == AMO && (t & 1)) *p++ = 0x1000202f | (r->match & 0x1000) | 5 << 7 | 31 << 15;
      *p++ = encode(r);
      if (r->format == B) *p++ = 0x00128293;
      leave(p);
      run_block(&state, code);
      collect();
    }
    puts_(r->name), put(' '), hex(digest), put('\n');
  }
  // Sequences, where one result is the next one's operand. No sc: one after an lr of the other width may do either.
  for (int n = 0; n < 64; n++) {
    seed = 1181783497276652981ul + n;
    digest = 0;
    for (int t = 0; t < 3; t++) {
      fill(n & 1);
      u32 *p = code;
      while (p < code + 40) {
        const struct row *r = &rows[rnd() % count];
        if (usable(r) && (r->match & ~0x1000) != 0x1800202f) *p++ = encode(r);
      }
      *p++ = 0x13;
      leave(p);
      run_block(&state, code);
      collect();
    }
    puts_("mix "), hex(digest), put('\n');
  }
  // All compressed encodings but jumps and branches; memory operands are in the buffer.
  for (u32 high = 0; high < 8; high++) {
    for (u32 quadrant = 0; quadrant < 3; quadrant++) {
      if (quadrant == 1 && high >= 5) continue;
      digest = 0;
      for (u32 n = 0; n < 0x2000; n += 12) {
        u32 h = high << 13 | n | quadrant;
        if (quadrant == 2 && high == 4 && (h & 0x7c) == 0) continue;
      
        u32 rd = h >> 7 & 31;
        if ((rd == 30 || rd == 31) && quadrant != 0) continue;
        if (quadrant == 2 && high == 4 && (h >> 2 & 31) >= 30) continue;
        seed = 2685821657736338717ul + h;
        for (int i = 1; i < 30; i++) state.x[i] = (u64)&buffer[300 + rnd() % 256];
        for (int i = 0; i < 32; i++) state.f[i] = rnd();
        state.fcsr = 0;
        buffer[seed % 1024] = seed;
        ((u16 *)code)[0] = h;
        ((u16 *)code)[1] = 1;
        leave(code + 1);
        run_block(&state, code);
        for (int i = 1; i < 30; i++) mix(state.x[i] - (u64)buffer);
        for (int i = 0; i < 32; i++) mix(state.f[i]);
        mix(state.cause);
      }
      for (int i = 0; i < 1024; i++) mix(buffer[i]);
      puts_("compressed "), put('0' + high), put('.'), put('0' + quadrant), put(' '), hex(digest), put('\n');
    }
  }
  return 0;
}
