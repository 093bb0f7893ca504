package io.lanyard.pcap;

import com.sun.jna.Pointer;
import com.sun.jna.Structure;
import io.lanyard.vswitch.pcap.FilterException;
import java.lang.reflect.Method;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.pcap4j.core.BpfProgram;
import org.pcap4j.core.BpfProgram.BpfCompileMode;
import org.pcap4j.core.NotOpenException;
import org.pcap4j.core.PcapHandle;
import org.pcap4j.core.PcapNativeException;
import org.pcap4j.core.Pcaps;
import org.pcap4j.packet.namednumber.DataLinkType;

/**
 * Compiles filter expressions.
 *
 * <p>libpcap does not say where an expression is wrong. The longest beginning of it that is an
 * expression of its own is what was understood; the part behind that is named.
 *
 * <p>pcap4j runs a compiled program by a call of libpcap, 2 us for each frame. Its instructions are
 * taken out instead, for the capture to run; pcap4j keeps the method that leads to them to itself.
 */
final class FilterCompiler {
  /** More than anybody types; libpcap's parser has a stack of its own that must not overflow. */
  static final int LONGEST = 1000;

  private static final int SNAP_LENGTH = 262_144;

  /** {@code struct bpf_program}: the number of instructions, and where they are. */
  private static final int INSTRUCTIONS = 8;

  /** A parenthesis, an operator that stands alone, or a word. */
  private static final Pattern WORD = Pattern.compile("\\s*([()!]|[^\\s()!]+)");

  private FilterCompiler() {}

  static long[] compile(String expression) throws FilterException {
    if (expression.length() > LONGEST) {
      throw new FilterException("the filter has more than " + LONGEST + " characters", LONGEST + 1);
    }
    int end = expression.indexOf('\0'); // where libpcap would take it to end
    if (end >= 0) {
      throw new FilterException("the filter has a zero byte at column " + (end + 1), end + 1);
    }
    try (PcapHandle handle = Pcaps.openDead(DataLinkType.EN10MB, SNAP_LENGTH)) {
      try {
        return program(handle, expression);
      } catch (PcapNativeException e) {
        throw wrong(handle, expression, String.valueOf(e.getMessage()));
      }
    } catch (PcapNativeException | NotOpenException e) {
      throw new FilterException("libpcap does not work: " + e.getMessage(), 1);
    }
  }

  private static long[] program(PcapHandle handle, String expression)
      throws PcapNativeException, NotOpenException {
    BpfProgram program =
        handle.compileFilter(expression, BpfCompileMode.OPTIMIZE, PcapHandle.PCAP_NETMASK_UNKNOWN);
    try {
      Pointer struct = structure(program).getPointer();
      int count = struct.getInt(0);
      return struct.getPointer(INSTRUCTIONS).getLongArray(0, count);
    } finally {
      program.free();
    }
  }

  private static Structure structure(BpfProgram program) {
    try {
      Method method = BpfProgram.class.getDeclaredMethod("getProgram");
      method.setAccessible(true);
      return (Structure) method.invoke(program);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("this pcap4j has another BpfProgram", e);
    }
  }

  private static FilterException wrong(PcapHandle handle, String expression, String reason)
      throws NotOpenException {
    int understood = 0;
    Matcher word = WORD.matcher(expression);
    while (word.lookingAt()) {
      String beginning = expression.substring(0, word.end());
      if (beginning.length() < expression.length() && error(handle, beginning) == null) {
        understood = word.end();
      }
      word.region(word.end(), expression.length());
    }
    String rest = expression.substring(understood);
    int column = understood + rest.length() - rest.stripLeading().length() + 1;
    String what = reason.replace("can't parse filter expression: ", "");
    return new FilterException(
        rest.isBlank()
            ? what
            : "%s in the filter, at column %d: \"%s\"%s"
                .formatted(
                    what,
                    column,
                    rest.strip(),
                    understood == 0
                        ? ""
                        : ", behind \"" + expression.substring(0, understood).strip() + "\""),
        column);
  }

  private static @Nullable String error(PcapHandle handle, String expression)
      throws NotOpenException {
    try {
      long[] _ = program(handle, expression);
      return null;
    } catch (PcapNativeException e) {
      return String.valueOf(e.getMessage());
    }
  }
}
