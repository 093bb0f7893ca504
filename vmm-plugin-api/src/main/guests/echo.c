// A guest that gives back what it gets: each frame to where it came from, and each byte that is typed on its console. It
// is the kit's proof that a NIC and a console carry something.
//
// It runs bare, in machine mode, on any machine with the memory map of QEMU's RISC-V "virt" board: serial port at
// 0x10000000, PCI Express by ECAM at 0x30000000, RAM at 0x80000000. It drives the first virtio network device on bus 0
// or behind one of its ports (VIRTIO 1.2, sections 4.1 and 5.1), if there is one, without features but VERSION_1, prints
// "ready", and polls from then on: it exchanges source and destination of a frame, and leaves the rest as it is.
//
// build.sh makes echo.elf of it.

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long u64;

#define SERIAL ((volatile u8 *)0x10000000)
#define ECAM 0x30000000ul
#define PCI_WINDOW 0x40000000u
#define BRIDGE_UNIT 0x100000u
#define SLOTS 32
#define ENTRIES 16
#define HEADER 12
#define BUFFER 2048

enum { ACKNOWLEDGE = 1, DRIVER = 2, DRIVER_OK = 4, FEATURES_OK = 8 };
enum { WRITABLE = 2, NO_INTERRUPT = 1 };

// VIRTIO 1.2 section 4.1.4.3.
struct common {
  u32 device_feature_select, device_feature, driver_feature_select, driver_feature;
  u16 config_msix_vector, num_queues;
  u8 device_status, config_generation;
  u16 queue_select, queue_size, queue_msix_vector, queue_enable, queue_notify_off;
  u32 queue_desc[2], queue_driver[2], queue_device[2];
};

// Section 2.7.
struct queue {
  struct { u64 address; u32 length; u16 flags, next; } descriptors[ENTRIES];
  struct { u16 flags, index, ring[ENTRIES]; } available;
  struct { u16 flags, index; struct { u32 id, length; } ring[ENTRIES]; } used;
  volatile u32 *bell;
  u16 number, taken;
} __attribute__((aligned(4096)));

static volatile struct queue receive, transmit;
static u8 buffers[ENTRIES][BUFFER];
static u32 window = PCI_WINDOW;

// What libgcc would bring.
void *memset(void *to, int value, u64 count) {
  for (u8 *at = to; count--; at++) *(volatile u8 *)at = value;
  return to;
}

enum { RECEIVED = 1, CAN_SEND = 32 };

static void put(u8 byte) {
  while (!(SERIAL[5] & CAN_SEND)) {}
  *SERIAL = byte;
}

static void print(const char *text) {
  for (; *text; text++) put(*text);
}

static void type_back(void) {
  while (SERIAL[5] & RECEIVED) put(*SERIAL);
}

static void stay(const char *why) {
  print(why);
  for (;;) {}
}

static void order(void) { __asm__ volatile("fence iorw, iorw" ::: "memory"); }

// Gives each memory BAR a place of its own, and lets the function answer there and reach RAM.
static void place_bars(volatile u32 *function) {
  for (int bar = 4; bar < 10; bar++) {
    u32 type = function[bar];
    if (type & 1) continue;
    function[bar] = 0xffffffff;
    u32 size = ~(function[bar] & ~15u) + 1;
    if (size) {
      window = (window + size - 1) & ~(size - 1);
      function[bar] = window;
      window += size;
    }
    if ((type & 6) == 4) function[++bar] = 0;
  }
  function[1] = (function[1] & 0xffff) | 6;
}

static void enable(volatile struct common *common, volatile struct queue *queue, u16 number, volatile u8 *bells,
                   u32 multiplier) {
  common->queue_select = number;
  if (common->queue_size < ENTRIES) stay("the queues are too small\n");
  common->queue_size = ENTRIES;
  common->queue_desc[0] = (u64)queue->descriptors;
  common->queue_desc[1] = 0;
  common->queue_driver[0] = (u64)&queue->available;
  common->queue_driver[1] = 0;
  common->queue_device[0] = (u64)&queue->used;
  common->queue_device[1] = 0;
  queue->available.flags = NO_INTERRUPT;
  queue->number = number;
  queue->bell = (volatile u32 *)(bells + common->queue_notify_off * multiplier);
  common->queue_enable = 1;
}

static void offer(volatile struct queue *queue, u32 buffer, u32 length, u16 flags) {
  queue->descriptors[buffer].address = (u64)buffers[buffer];
  queue->descriptors[buffer].length = length;
  queue->descriptors[buffer].flags = flags;
  queue->available.ring[queue->available.index % ENTRIES] = buffer;
  order();
  queue->available.index++;
  order();
  *(volatile u16 *)queue->bell = queue->number;
}

static int has(volatile struct queue *queue) {
  order();
  return queue->used.index != queue->taken;
}

static void reflect(void) {
  u32 buffer = receive.used.ring[receive.taken % ENTRIES].id;
  u32 length = receive.used.ring[receive.taken % ENTRIES].length;
  receive.taken++;
  u8 *frame = buffers[buffer] + HEADER;
  for (int i = 0; i < 6; i++) {
    u8 byte = frame[i];
    frame[i] = frame[i + 6];
    frame[i + 6] = byte;
  }
  for (int i = 0; i < HEADER; i++) ((volatile u8 *)buffers[buffer])[i] = 0;
  offer(&transmit, buffer, length, 0);
  while (!has(&transmit)) {}
  transmit.taken++;
  offer(&receive, buffer, BUFFER, WRITABLE);
}

static void drive(volatile u32 *function) {
  volatile struct common *common = 0;
  volatile u8 *bells = 0;
  u32 multiplier = 0;
  place_bars(function);
  for (u32 at = function[13] & 0xfc; at; at = (function[at / 4] >> 8) & 0xfc) {
    u32 head = function[at / 4];
    if ((head & 0xff) != 9) continue;
    u32 bar = function[at / 4 + 1] & 0xff;
    u64 place = (function[4 + bar] & ~15u) + (u64)function[at / 4 + 2];
    if (head >> 24 == 1) common = (volatile struct common *)place;
    if (head >> 24 == 2) {
      bells = (volatile u8 *)place;
      multiplier = function[at / 4 + 4];
    }
  }
  if (!common || !bells) stay("the device is not of version 1\n");
  common->device_status = 0;
  while (common->device_status) order();
  common->device_status = ACKNOWLEDGE | DRIVER;
  common->driver_feature_select = 0;
  common->driver_feature = 0;
  common->driver_feature_select = 1;
  common->driver_feature = 1;
  common->device_status = ACKNOWLEDGE | DRIVER | FEATURES_OK;
  if (!(common->device_status & FEATURES_OK)) stay("the device wants other features\n");
  enable(common, &receive, 0, bells, multiplier);
  enable(common, &transmit, 1, bells, multiplier);
  common->device_status = ACKNOWLEDGE | DRIVER | FEATURES_OK | DRIVER_OK;
  for (u32 buffer = 0; buffer < ENTRIES; buffer++) offer(&receive, buffer, BUFFER, WRITABLE);
}

static volatile u32 *function_at(u64 bus, u64 slot) { return (volatile u32 *)(ECAM + (bus << 20) + (slot << 15)); }

// Drives a device if it is a NIC, modern or of both kinds.
static int try(volatile u32 *function) {
  if (function[0] != 0x10411af4 && function[0] != 0x10001af4) return 0;
  drive(function);
  return 1;
}

// Opens a port, and tries the device behind it. The port passes on what goes to the device's BARs.
static int try_behind(volatile u32 *port, u64 bus) {
  port[6] = (u32)(bus << 16 | bus << 8);
  window = (window + BRIDGE_UNIT - 1) & ~(BRIDGE_UNIT - 1);
  u32 base = window;
  port[8] = ((base + BRIDGE_UNIT - 1) & 0xfff00000) | base >> 16;
  port[1] = (port[1] & 0xffff) | 6;
  if (!try(function_at(bus, 0))) return 0;
  if (window - base > BRIDGE_UNIT) stay("the device is too large for its port\n");
  return 1;
}

static void find(void) {
  for (u64 slot = 0; slot < SLOTS; slot++) {
    if (try(function_at(0, slot))) return;
  }
  u64 bus = 0;
  for (u64 slot = 0; slot < SLOTS; slot++) {
    volatile u32 *port = function_at(0, slot);
    int bridge = port[0] != 0xffffffff && (port[3] >> 16 & 0x7f) == 1;
    if (bridge && try_behind(port, ++bus)) return;
  }
}

void run(void) {
  SERIAL[2] = 1; // its queues, without which QEMU takes a millisecond or two a byte
  find();
  print("ready\n");
  for (;;) {
    if (has(&receive)) reflect();
    type_back();
  }
}

// A machine may start all its harts here: one is enough.
__asm__(
    ".section .init\n"
    ".globl _start\n"
    "_start:\n"
    "  csrr t0, mhartid\n"
    "1: bnez t0, 1b\n"
    "  la sp, stack\n"
    "  la t0, zeroed\n"
    "  la t1, zeroed_end\n"
    "2: bgeu t0, t1, 3f\n"
    "  sd zero, 0(t0)\n"
    "  addi t0, t0, 8\n"
    "  j 2b\n"
    "3: j run\n");
