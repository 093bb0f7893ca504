package io.lanyard.machine.hart;

import io.lanyard.machine.bus.HostMemory;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The decoded instructions of one physical page.
 *
 * <p>Micro-ops lie densely in {@link #ops}, in the order in which they were decoded: whatever
 * follows in the program follows in the array, until a jump or a {@code goto} micro-op. {@link
 * #entry} says where the instruction at a place of the page was put, 0 if nowhere yet. So a page
 * costs what was executed of it, and the interpreter steps by one.
 *
 * <p>A page of RAM has no copy of its bytes, which would be most of its size, but a hash of them.
 * It is decoded from memory piece by piece as it is executed, each piece after a look at the hash,
 * so that all pieces are of the bytes that the hash is of.
 *
 * <p>A micro-op is {@code number | rd << 8 | rs1 << 16 | rs2 << 24 | immediate << 32}; registers
 * are indices into {@link Core#x}, where x0 as a destination is {@link Core#SINK}. One that is not
 * a case of the dispatch method is {@code Op.FAST.. | number << 8 | rd << 16 | rs1 << 24 |
 * instruction << 32}. A taken branch goes to the index in its immediate; 0 means not yet resolved:
 * there lies the micro-op that resolves it.
 */
final class CodePage {
  static final int CALL = Op.FAST;
  static final int FP = Op.FAST + 1;
  static final int SYSTEM = Op.FAST + 2;

  /** Bits of {@link #info} that hold the offset of the instruction in the page. */
  static final int OFFSET_BITS = 13;

  static final int OFFSET_MASK = (1 << OFFSET_BITS) - 1;

  /** So that a jump into cold code does not decode the whole page. */
  private static final int LONGEST_RUN = 48;

  /**
   * The bytes of a page besides its micro-ops: the object, {@link #entry}, a {@link #straddle}
   * page.
   */
  private static final int OWN_BYTES = 4416;

  /** The bytes of a micro-op: see {@link #ops} and {@link #info}. */
  private static final int OP_BYTES = 12;

  private static final int FIRST_OPS = 32;
  private static final char[] NO_ENTRY = {};
  private static final byte[] NO_BYTES = {};

  /** Where the page is accounted for; null for the scratch page of one instruction. */
  private final @Nullable CodeCache cache;

  /** The bytes that were decoded, if the page is not in RAM. */
  final byte[] bytes;

  /** Of the bytes that were decoded, if the page is in RAM. */
  final long hash;

  /** Physical address, or -1 for the scratch page of one instruction. */
  final long address;

  /** Where the page is in this process, 0 if it is not in RAM. */
  final long host;

  long[] ops;

  /** For each micro-op: the offset in the page, and above it the offset of its target, signed. */
  int[] info;

  /** Index into {@link #ops} for each halfword. */
  final char[] entry;

  /** When the bytes were last found unchanged: see {@link CodeCache}. */
  int generation;

  /** Looked up since the cache's hand last came by. */
  boolean used;

  /** No longer in the cache. */
  boolean dropped;

  /** For the instruction that starts in the last two bytes. */
  @Nullable CodePage straddle;

  int straddleInstruction;

  private int count = 1;

  /** Makes a page of RAM, if host is not 0, or else of these bytes. */
  CodePage(CodeCache cache, long address, long host, byte[] bytes) {
    this.cache = cache;
    this.address = address;
    this.host = host;
    this.bytes = bytes;
    hash = host == 0 ? 0 : HostMemory.hash(host);
    entry = new char[2048];
    ops = new long[FIRST_OPS];
    info = new int[FIRST_OPS];
  }

  private CodePage() {
    cache = null;
    address = -1;
    host = 0;
    bytes = NO_BYTES;
    hash = 0;
    entry = NO_ENTRY;
    ops = new long[4];
    info = new int[4];
  }

  /** How much of the heap the page takes, nearly. */
  int size() {
    return OWN_BYTES + OP_BYTES * ops.length;
  }

  /** Makes the page for one instruction whose second half is on the next page. */
  static CodePage straddling(int instruction) {
    var page = new CodePage();
    page.only(instruction, instruction, 4094, 4);
    return page;
  }

  /** Makes a page for nothing but the instruction at an offset of this one, all of it here. */
  CodePage alone(int offset) {
    var page = new CodePage();
    int bits = instruction(offset);
    int length = length(bits);
    page.only(length == 2 ? Compressed.expand(bits) : bits, bits, offset, length);
    return page;
  }

  private void only(int instruction, int original, int offset, int length) {
    decode(instruction, original, offset, length);
    int next = offset + length;
    emit(Op.FAR | (long) next << 32, next, next);
  }

  /**
   * The bits of the instruction at an offset, those on this page. Memory may change between two
   * looks at it: a length that was seen earlier says nothing here.
   */
  int instruction(int offset) {
    int half = half(offset);
    return length(half) == 2 || offset >= 4094 ? half : half | half(offset + 2) << 16;
  }

  /** The length in bytes of an instruction that begins with these bits. */
  static int length(int bits) {
    return (bits & 3) == 3 ? 4 : 2;
  }

  int half(int offset) {
    return host != 0
        ? HostMemory.getShort(host + offset) & 0xffff
        : (bytes[offset] & 0xff) | (bytes[offset + 1] & 0xff) << 8;
  }

  /**
   * Decodes from a halfword on; gives the index of the first micro-op, or 0 if memory no longer
   * holds what the rest of the page was decoded from.
   */
  int decode(int slot) {
    int first = count;
    if (first > 1 && host != 0 && HostMemory.hash(host) != hash) {
      return 0;
    }
    for (int n = 0; ; n++) {
      int offset = slot << 1;
      if (slot == 2048) {
        emit(Op.FAR | 4096L << 32, offset, offset);
        break;
      }
      if (entry[slot] != 0) {
        emit(Op.GOTO | (long) entry[slot] << 32, offset, offset);
        break;
      }
      if (n == LONGEST_RUN) {
        emit(Op.GOTO, offset, offset);
        break;
      }
      entry[slot] = (char) count;
      int half = half(offset);
      int length = length(half);
      if (length == 4 && slot == 2047) {
        emit(Op.STRADDLE, offset, 0);
        break;
      }
      int bits = length == 2 ? half : half | half(offset + 2) << 16;
      if (decode(length == 2 ? Compressed.expand(bits) : bits, bits, offset, length)) {
        break;
      }
      slot += length >> 1;
    }
    return first;
  }

  /** Decodes one instruction; true if what follows it does not follow it in execution. */
  private boolean decode(int instruction, int original, int offset, int length) {
    int number = InstructionSet.find(instruction);
    int rd = (instruction >>> 7) & 31;
    int rs1 = (instruction >>> 15) & 31;
    int rs2 = (instruction >>> 20) & 31;
    int target = rd == 0 ? Core.SINK : rd;
    long registers = (long) target << 8 | rs1 << 16;
    if (number >= Op.FAST) {
      if (number == Op.LUI) {
        emit(Op.LI | (long) target << 8 | (long) (instruction & ~0xfff) << 32, offset, 0);
        return false;
      }
      String how = InstructionSet.how(number);
      int kind = how.equals("call") ? CALL : how.equals("fp") ? FP : SYSTEM;
      emit(
          kind | number << 8 | target << 16 | (long) rs1 << 24 | (long) instruction << 32,
          offset,
          0);
      return kind == SYSTEM;
    }
    switch (number) {
      case Op.ILLEGAL -> {
        emit(number | (long) original << 32, offset, 0);
        return true;
      }
      case Op.AUIPC ->
          emit(number | registers | (long) ((instruction & ~0xfff) + offset) << 32, offset, 0);
      case Op.JAL -> {
        jal(instruction, target, offset, length);
        return true;
      }
      case Op.JALR -> {
        long immediate = (long) (instruction >> 20) << 16 | (offset + length);
        emit(number | registers | immediate << 32, offset, 0);
        return true;
      }
      case Op.BEQ, Op.BNE, Op.BLT, Op.BGE, Op.BLTU, Op.BGEU -> {
        int to = offset + branchDisplacement(instruction);
        emit(number | rs1 << 16 | (long) rs2 << 24 | (long) known(to) << 32, offset, to);
      }
      case Op.FLW, Op.FLD ->
          emit(
              number | (rd + Core.F) << 8 | rs1 << 16 | (long) (instruction >> 20) << 32,
              offset,
              0);
      case Op.SB, Op.SH, Op.SW, Op.SD, Op.FSW, Op.FSD -> {
        int immediate = (instruction >> 25) << 5 | rd;
        int from = number == Op.FSW || number == Op.FSD ? rs2 + Core.F : rs2;
        emit(number | rs1 << 16 | (long) from << 24 | (long) immediate << 32, offset, 0);
      }
      default ->
          emit(
              switch (InstructionSet.format(number)) {
                case I ->
                    number == Op.ADDI && rs1 == 0
                        ? Op.LI | target << 8 | (long) (instruction >> 20) << 32
                        : number | registers | (long) (instruction >> 20) << 32;
                case SH -> number | registers | (long) ((instruction >>> 20) & 63) << 32;
                case SHW -> number | registers | (long) rs2 << 32;
                default -> number | registers | (long) rs2 << 24;
              },
              offset,
              0);
    }
    return false;
  }

  private void jal(int instruction, int target, int offset, int length) {
    int to = offset + jumpDisplacement(instruction);
    long link = (offset + length) * 0x1_0000L;
    if (to >= 0 && to < 4096 && address >= 0) {
      emit(Op.JAL | target << 8 | link | (long) known(to) << 32, offset, to);
    } else {
      emit(Op.JAL_FAR | target << 8 | link | (long) to << 32, offset, 0);
    }
  }

  private int known(int offset) {
    return offset >= 0 && offset < 4096 && address >= 0 ? entry[offset >> 1] : 0;
  }

  static int branchDisplacement(int instruction) {
    return (instruction >> 31) << 12
        | ((instruction >>> 7) & 1) << 11
        | ((instruction >>> 25) & 63) << 5
        | ((instruction >>> 8) & 15) << 1;
  }

  static int jumpDisplacement(int instruction) {
    return (instruction >> 31) << 20
        | ((instruction >>> 12) & 0xff) << 12
        | ((instruction >>> 20) & 1) << 11
        | ((instruction >>> 21) & 0x3ff) << 1;
  }

  /**
   * Finds or makes what the micro-op at an index jumps to, and writes it there; gives the index.
   */
  int resolve(int index) {
    int to = info[index] >> OFFSET_BITS;
    int target = 0;
    if (to >= 0 && to < 4096 && address >= 0) {
      target = entry[to >> 1];
      if (target == 0) {
        target = decode(to >> 1);
      }
    }
    if (target == 0) {
      target = count;
      emit(Op.FAR | (long) to << 32, 0, to);
    }
    ops[index] = (ops[index] & 0xffff_ffffL) | (long) target << 32;
    return target;
  }

  private void emit(long op, int offset, int target) {
    if (count == ops.length) {
      grow(count + (count >> 1));
    }
    ops[count] = op;
    info[count] = target << OFFSET_BITS | offset;
    count++;
  }

  private void grow(int length) {
    int more = length - ops.length;
    ops = Arrays.copyOf(ops, length);
    info = Arrays.copyOf(info, length);
    if (cache != null) {
      cache.grown(this, (long) OP_BYTES * more);
    }
  }
}
