// What privilege means, in QEMU and in Lanyard: page walks, physical memory protection, delegation of traps, and a TLB
// that sees contexts and tables change. Random cases; a line is the digest of 100 of them. See generate.sh.
//
// Left out is what QEMU 7.2 does otherwise than the spec: it reports faulting atomic operations as loads, takes interrupts in the
// order of their numbers, lets reserved bits of a page table entry pass or marks the page before it faults, and lets supervisor mode
// execute a user page that it has just read.
typedef unsigned long u64;
typedef unsigned char u8;

u64 access_as(int kind, u64 address, u64 status, u64 value);
u64 access_in_supervisor(int kind, u64 address, u64 alias, u64 value);
void run_until_trap(u64 code, const u64 *before, u64 *after);
extern volatile u64 cause, tval;
extern char blocks[], machine_vector[], supervisor_vector[];

enum { V = 1, R = 2, W = 4, X = 8, U = 16, G = 32, A = 64, D = 128 };
enum { LOAD, STORE, LOAD_WORD, RESERVE, FETCH, USER_LOAD, USER_STORE, USER_FETCH };
#define N (1ul << 63)
#define SUM (1ul << 18)
#define MXR (1ul << 19)
#define MPRV (1ul << 17)
#define DATA 0x80400000ul
#define PAGE 4096ul

static void put(char c) { *(volatile u8 *)0x10000000 = c; }
static void puts_(const char *s) { while (*s) put(*s++); }
static void hex(u64 v) { for (int i = 60; i >= 0; i -= 4) put("0123456789abcdef"[(v >> i) & 15]); }

static u64 seed;
static u64 rnd(void) { seed ^= seed << 13; seed ^= seed >> 7; seed ^= seed << 17; return seed; }
static int one_in(int n) { return rnd() % n == 0; }

static u64 digest;
static void mix(u64 v) { digest = (digest ^ v) * 1099511628211ul; digest ^= digest >> 29; }
static void begin(int n) { seed = 88172645463325252ul + n * 104729ul; for (int i = 0; i < 6; i++) rnd(); }
static void end(const char *what, int n) {
  if (n % 100 != 99) return;
  puts_(what), put(' '), put('0' + n / 10000 % 10), put('0' + n / 1000 % 10), put('0' + n / 100 % 10), put(' '), hex(digest), put('\n');
  digest = 0;
}

// A page: a return, an ecall, and words to read and to write.
static void fill(u64 page, u64 value) {
  u64 *p = (u64 *)page;
  for (int i = 0; i < 16; i++) p[i] = 0;
  p[0] = 0x8067, p[1] = 0x73, p[2] = value, p[511] = 0;
}

static u64 tables[5][512] __attribute__((aligned(PAGE)));

static u64 flags(void) {
  u64 f = A | D | V, r = rnd();
  if (r & 7) f |= R;
  if ((f & R) && (r >> 3 & 3)) f |= W;
  f |= (r >> 5) & (X | U | G);
  if (!(f & (R | X))) f |= X;
  if ((r >> 20 & 31) == 0) f &= ~(u64)V;
  if ((r >> 25 & 3) == 0) f &= ~(u64)D;
  if ((r >> 27 & 7) == 0) f &= ~(u64)A;
  if ((r >> 30 & 31) == 0) f |= W, f &= ~(u64)R;
  return f;
}

static u64 leaf(int level) {
  u64 f = flags() | (rnd() & 3) << 8 | rnd() % 3 << 61;
  u64 physical = level == 0 ? DATA + 0x10000 : DATA & -(PAGE << 9 * level);
  if (one_in(16)) physical += PAGE;
  if (level == 0 && physical == DATA + 0x10000 && one_in(4)) return N | f | (DATA + 0x18000) >> 2;
  return f | physical >> 2;
}

static void walk(int n) {
  begin(n);
  int levels = 3 + rnd() % 3, at = one_in(3) ? rnd() % (levels > 4 ? 4 : levels) : 0, kind = rnd() % 5;
  u64 address = DATA | 5ul << 39 | 7ul << 48;
  address = (u64)((long)(address << (52 - 9 * levels)) >> (52 - 9 * levels));
  const u64 address_of_page = address;
  for (int l = levels - 1; l > at; l--) tables[l][address >> (12 + 9 * l) & 511] = (u64)tables[l - 1] >> 2 | V;
  u64 *entry = &tables[at][address >> (12 + 9 * at) & 511];
  *entry = leaf(at);
  if (at == 0) entry[1] = one_in(2) ? leaf(0) & ~N : (DATA + 0x19000) >> 2 | 0xdf;
  u64 pages[] = {DATA, DATA + 0x1000, DATA + 0x10000, DATA + 0x11000, DATA + 0x18000, DATA + 0x19000};
  for (int i = 0; i < 6; i++) fill(pages[i], n + i);
  int across = at == 0 && kind < LOAD_WORD && one_in(8);
  address += across ? 0xffc : kind == FETCH ? 8 : 8 * (rnd() % 8);
  if (one_in(64)) address ^= 1ul << (12 + 9 * levels);
  u64 status = (rnd() & 1) << 11 | (rnd() & (SUM | MXR)) | (kind == FETCH ? 0 : MPRV);
  asm volatile("csrw satp, %0\n sfence.vma\n fence.i" ::"r"((u64)(levels + 5) << 60 | (u64)tables[levels - 1] >> 12) : "memory");
  cause = tval = 0;
  mix(access_as(kind, address, status, n));
  asm volatile("csrw satp, zero\n sfence.vma" ::: "memory");
  mix(cause), mix(tval), mix(entry[0]), mix(entry[1]);
  for (int i = 0; i < 6; i++) mix(*(u64 *)pages[i]), mix(((u64 *)pages[i])[511]), mix(((u64 *)pages[i])[(address & 0xfff) >> 3]);
  entry[1] = 0;
  for (int l = levels - 1; l >= at; l--) tables[l][address_of_page >> (12 + 9 * l) & 511] = 0;
  end("walk", n);
}

static void region(int n, u64 value) {
  switch (n) {
#define REGION(i) case i: asm volatile("csrw 0x3b0+" #i ", %0" ::"r"(value)); break;
    REGION(0) REGION(1) REGION(2) REGION(3) REGION(4) REGION(5) REGION(6) REGION(7)
    REGION(8) REGION(9) REGION(10) REGION(11) REGION(12) REGION(13) REGION(14) REGION(15)
  }
}

static void protect(int n) {
  begin(n);
  for (int i = 0; i < 48; i++) ((u64 *)DATA)[i] = ((u64 *)DATA)[496 + i] = 0x0000007300000073;
  u64 config[2] = {0, 0};
  int sparse = rnd() & 1;
  for (int i = 0; i < 16; i++) {
    u64 c = rnd() & 7, mode = sparse && !one_in(8) ? 0 : rnd() & 3;
    if ((c & 3) == 2) c |= 1;
    u64 at = (DATA + (one_in(4) ? 0xfe0 : 0) + rnd() % 0x30 * 4) >> 2, size = rnd() % (one_in(4) ? 12 : 5);
    if (mode == 3) at = (at & -(2ul << size)) | ((1ul << size) - 1);
    region(i, one_in(32) ? -1 : at);
    config[i / 8] |= (c | mode << 3) << (i % 8 * 8);
  }
  // The last: everything, or far from here, as QEMU enters no lower privilege where no region is on.
  region(15, rnd() & 1 ? -1 : 0x3ff);
  config[1] = (config[1] & ~(0xfful << 56)) | 0x1ful << 56;
  asm volatile("csrw pmpcfg0, %0\n csrw pmpcfg2, %1\n sfence.vma\n fence.i" ::"r"(config[0]), "r"(config[1]) : "memory");
  int kind = rnd() & 1 ? FETCH : rnd() & 1;
  u64 address = DATA + (one_in(4) ? 0xfa0 : 0) + rnd() % 0x18 * 8 + (kind == FETCH ? rnd() & 4 : 0);
  cause = tval = 0;
  mix(access_as(kind, address, (rnd() & 1) << 11 | (kind == FETCH ? 0 : MPRV), n));
  asm volatile("csrw pmpcfg0, zero\n csrw pmpcfg2, zero\n sfence.vma" ::: "memory");
  mix(cause), mix(tval), mix(*(u64 *)(address & -8));
  end("protect", n);
}

static void delegate(int n) {
  begin(n);
  static u64 before[9], after[9];
  int block = rnd() % 16, privilege = rnd() % 3;
  u64 r = rnd(), one = 2ul << (4 * (rnd() % 3)), to = rnd() % 16;
  if (privilege == 2) privilege = 3;
  // MIE comes with mret from MPIE. A bit in four: TVM, TW, TSR, SUM, MXR.
  before[0] = (r & 0x1a2) | (u64)privilege << 11 | (r >> 20 & r >> 40 & (1 << 20 | 1 << 21 | 1 << 22 | SUM | MXR));
  before[1] = rnd() & 0x222;
  before[2] = one_in(2) ? one : 0;
  before[3] = one_in(2) ? 0x222 : rnd() & 0x222;
  before[4] = one_in(2) ? 0xb1ff : rnd() & 0xb1ff;
  before[5] = (u64)machine_vector | (rnd() & 1);
  before[6] = (u64)supervisor_vector | (rnd() & 1);
  before[7] = (u64)blocks + (to == 7 ? 0 : to * 16);
  before[8] = block == 7 ? rnd() & 0xc0122 : before[2] ? before[2] | (rnd() & 0x800) : one;
  for (int i = 0; i < 9; i++) after[i] = 0;
  if (block == 9) before[8] |= before[3];
  asm volatile("csrw pmpaddr0, %0\n csrw pmpcfg0, %1" ::"r"(-1ul), "r"(0x1ful));
  run_until_trap((u64)blocks + block * 16, before, after);
  if (after[3] == 3) after[5] = 0; // stval of ebreak may be 0 or the address
  for (int i = 0; i < 9; i++) mix(after[i]);
  end("delegate", n);
}

void machine_part(void) {
  for (int n = 0; n < 10000; n++) delegate(n);
  asm volatile("csrw mideleg, zero\n csrw medeleg, zero\n csrw mip, zero\n csrw mstatus, zero\n csrw 0x30a, %0" ::"r"(1ul << 62));
  asm volatile("csrw pmpcfg0, zero");
  for (int n = 0; n < 4000; n++) protect(n);
  asm volatile("csrw pmpaddr0, %0\n csrw pmpcfg0, %1" ::"r"(-1ul), "r"(0x1ful));
  for (int n = 0; n < 6000; n++) walk(n);
}

// Five address spaces of sixteen ranges of 2 MiB, a table or one leaf; pages lie where they evict each other.
enum { SPACES = 5, RANGES = 16, PAGES = 32 };
static u64 roots[SPACES][512] __attribute__((aligned(PAGE)));
static u64 middle[SPACES][512] __attribute__((aligned(PAGE)));
static u64 lowest[SPACES][RANGES][512] __attribute__((aligned(PAGE)));
static u64 kernel[512] __attribute__((aligned(PAGE)));
static int space;

static u64 page_entry(void) { return (DATA + rnd() % PAGES * PAGE) >> 2 | (flags() & ~G); }
static u64 table_of(int s, int range) { return (u64)lowest[s][range] >> 2 | V; }

static void enter_space(int s) {
  space = s;
  asm volatile("csrw satp, %0" ::"r"(8ul << 60 | (u64)(s + 1) << 44 | (u64)roots[s] >> 12) : "memory");
}

static void change(u64 address, int range, int page) {
  int s = rnd() & 1 ? space : (int)(rnd() % SPACES);
  u64 asid = s + 1, how = one_in(6) ? rnd() & 1 : 2 + rnd() % 3;
  if (middle[s][range] & (R | W | X)) {
    int split = one_in(8);
    middle[s][range] = split ? table_of(s, range) : DATA >> 2 | (flags() & ~G);
    if (split) how &= 1; // no leaf entry: not by address
  } else if (one_in(12)) {
    middle[s][range] = DATA >> 2 | (flags() & ~G);
    how &= 1;
  } else {
    lowest[s][range][page] = page_entry();
  }
  switch (how) {
    case 0: asm volatile("sfence.vma" ::: "memory"); break;
    case 1: asm volatile("sfence.vma zero, %0" ::"r"(asid) : "memory"); break;
    case 2: asm volatile("sfence.vma %0, zero" ::"r"(address) : "memory"); break;
    case 3: asm volatile("sfence.vma %0, %1" ::"r"(address), "r"(asid) : "memory"); break;
    default: // sfence.w.inval, sinval.vma, sfence.inval.ir
      asm volatile(".word 0x18000073\n .insn r 0x73, 0, 0x0b, x0, %0, %1\n .word 0x18100073" ::"r"(address), "r"(asid) : "memory");
  }
}

static void touch(int n, u64 address, u64 entry) {
  int kind = (int[]){LOAD, LOAD, STORE, FETCH, USER_LOAD, USER_STORE, USER_FETCH}[rnd() % 7];
  if (kind == FETCH && (entry & U)) kind = LOAD;
  u64 set = rnd() & (SUM | MXR), clear = rnd() & (SUM | MXR) & ~set;
  if (one_in(2)) asm volatile("csrs sstatus, %0\n csrc sstatus, %1" ::"r"(set), "r"(clear));
  cause = tval = 0;
  mix(access_in_supervisor(kind, address, (9ul << 30) - 0x80000000ul, n));
  mix(cause), mix(cause == 2 ? 0 : tval);
}

void supervisor_part(void) {
  for (int p = 0; p < 512; p++) fill(DATA + p * PAGE, p);
  begin(0);
  for (int i = 0; i < 8; i++) kernel[i] = (0x80000000ul + i * (PAGE << 9)) >> 2 | V | R | W | X | G | A | D;
  for (int s = 0; s < SPACES; s++) {
    roots[s][0] = V | R | W | G | A | D; // devices
    roots[s][2] = (u64)kernel >> 2 | V;
    roots[s][9] = 0x80000000ul >> 2 | V | R | X | U | G | A | D; // this program, for user mode
    roots[s][8] = (u64)middle[s] >> 2 | V;
    for (int range = 0; range < RANGES; range++) {
      middle[s][range] = table_of(s, range);
      for (int page = 0; page < 4; page++) lowest[s][range][page] = page_entry();
    }
  }
  enter_space(0);
  asm volatile("sfence.vma");
  for (int n = 0; n < 40000; n++) {
    int range = rnd() % RANGES & (one_in(4) ? 15 : 14), page = rnd() & rnd() & 3, what = rnd() % 16;
    u64 address = (8ul << 30) + range * (PAGE << 9) + page * PAGE, *upper = &middle[space][range];
    if (what == 0) {
      enter_space(rnd() % SPACES);
    } else {
      if (what < 6) change(address, range, page);
      touch(n, address, *upper & (R | W | X) ? *upper : lowest[space][range][page]);
    }
    if (n % 100 == 99) for (int p = 0; p < PAGES; p++) mix(((u64 *)(DATA + p * PAGE))[3]);
    end("switch", n);
  }
  for (int s = 0; s < SPACES; s++) for (int i = 0; i < RANGES; i++) { mix(middle[s][i]); for (int p = 0; p < 4; p++) mix(lowest[s][i][p]); }
  end("switch", 99999);
}
