package io.lanyard.machine.hart;

/**
 * Binary floating point in integers: exact results and flags for every rounding mode, IEEE
 * 754-2019.
 *
 * <p>Numbers go in and out as bits, in the low bits of a {@code long}. Inside, a finite number is
 * {@code significand * 2^(exponent - 62)} with the significand's leading bit at 62, and a lowest
 * bit that is set if anything below it was lost ("sticky"). NaNs that come out are canonical;
 * tininess is detected after rounding: both as the RISC-V unprivileged spec demands.
 *
 * <p>This is the slow path: {@link FloatOps} lets the host do what it does the same way.
 *
 * <p>Thread: one, as it keeps its operands in fields.
 */
final class SoftFloat {
  /** The two formats of the F and D extensions. */
  enum Format {
    /** binary32. */
    SINGLE(24, 8),
    /** binary64. */
    DOUBLE(53, 11);

    final int precision;
    final int maxExponent;
    final long signBit;
    final long exponentMask;
    final long fractionMask;
    final long canonicalNan;

    Format(int precision, int exponentBits) {
      this.precision = precision;
      maxExponent = (1 << (exponentBits - 1)) - 1;
      signBit = 1L << (precision - 1 + exponentBits);
      fractionMask = (1L << (precision - 1)) - 1;
      exponentMask = signBit - 1 - fractionMask;
      canonicalNan = exponentMask | 1L << (precision - 2);
    }

    int minExponent() {
      return 1 - maxExponent;
    }
  }

  static final int RNE = 0;
  static final int RTZ = 1;
  static final int RDN = 2;
  static final int RUP = 3;
  static final int RMM = 4;

  static final int NX = 1;
  static final int UF = 2;
  static final int OF = 4;
  static final int DZ = 8;
  static final int NV = 16;

  /** Flags raised since they were last cleared by the user of this object. */
  int flags;

  /** The rounding mode: set before an operation. */
  int mode;

  // What unpack found.
  private int exponent;
  private long significand;

  boolean isNan(Format f, long a) {
    return (a & ~f.signBit) > f.exponentMask;
  }

  boolean isSignalling(Format f, long a) {
    return isNan(f, a) && (a >>> (f.precision - 2) & 1) == 0;
  }

  private boolean isInfinite(Format f, long a) {
    return (a & ~f.signBit) == f.exponentMask;
  }

  private boolean isZero(Format f, long a) {
    return (a & ~f.signBit) == 0;
  }

  private boolean isNegative(Format f, long a) {
    return (a & f.signBit) != 0;
  }

  private void unpack(Format f, long a) {
    int biased = (int) ((a & f.exponentMask) >>> (f.precision - 1));
    long fraction = a & f.fractionMask;
    if (biased == 0) {
      int shift = Long.numberOfLeadingZeros(fraction) - 1;
      significand = fraction << shift;
      exponent = f.minExponent() + 63 - f.precision - shift;
    } else {
      significand = (fraction | f.fractionMask + 1) << (63 - f.precision);
      exponent = biased - f.maxExponent;
    }
  }

  private long nan(Format f, boolean invalid) {
    if (invalid) {
      flags |= NV;
    }
    return f.canonicalNan;
  }

  private boolean roundsUp(boolean negative, boolean odd, long dropped, long half) {
    return switch (mode) {
      case RNE -> Long.compareUnsigned(dropped, half) > 0 || (dropped == half && odd);
      case RTZ -> false;
      case RDN -> negative && dropped != 0;
      case RUP -> !negative && dropped != 0;
      default -> Long.compareUnsigned(dropped, half) >= 0;
    };
  }

  /** Rounds a number to a format. The significand is not 0, and normal: its leading bit is 62. */
  private long round(Format f, boolean negative, int unrounded, long normal) {
    int shift = 63 - f.precision;
    long half = 1L << (shift - 1);
    long mask = (1L << shift) - 1;
    long sign = negative ? f.signBit : 0;
    int e = unrounded;
    long s = normal;
    boolean tiny = false;
    if (e < f.minExponent()) {
      boolean carries =
          e == f.minExponent() - 1
              && (s >>> shift) == (1L << f.precision) - 1
              && roundsUp(negative, true, s & mask, half);
      tiny = !carries;
      s = shiftRight(s, f.minExponent() - e);
      e = f.minExponent();
    }
    long dropped = s & mask;
    long q = s >>> shift;
    if (roundsUp(negative, (q & 1) != 0, dropped, half)) {
      q++;
    }
    if (dropped != 0) {
      flags |= tiny ? NX | UF : NX;
    }
    if (q >>> f.precision != 0) {
      q >>>= 1;
      e++;
    }
    if (e > f.maxExponent) {
      flags |= OF | NX;
      boolean toInfinity =
          switch (mode) {
            case RTZ -> false;
            case RDN -> negative;
            case RUP -> !negative;
            default -> true;
          };
      return sign | (toInfinity ? f.exponentMask : f.exponentMask - 1);
    }
    // The leading bit of a normal number adds one to the exponent field.
    return sign | (q + ((long) (e - f.minExponent()) << (f.precision - 1)));
  }

  private static long shiftRight(long s, int by) {
    if (by == 0) {
      return s;
    }
    return by > 62 ? (s != 0 ? 1 : 0) : s >>> by | (s << -by != 0 ? 1 : 0);
  }

  private long zero(Format f, boolean negative) {
    return negative ? f.signBit : 0;
  }

  long add(Format f, long a, long b) {
    if (isNan(f, a) || isNan(f, b)) {
      return nan(f, isSignalling(f, a) || isSignalling(f, b));
    }
    boolean aNegative = isNegative(f, a);
    boolean bNegative = isNegative(f, b);
    if (isInfinite(f, a)) {
      return isInfinite(f, b) && aNegative != bNegative ? nan(f, true) : a;
    }
    if (isInfinite(f, b)) {
      return b;
    }
    if (isZero(f, a)) {
      if (isZero(f, b)) {
        return aNegative == bNegative ? a : zero(f, mode == RDN);
      }
      return b;
    }
    if (isZero(f, b)) {
      return a;
    }
    unpack(f, a);
    int aExponent = exponent;
    long aSignificand = significand >>> 1;
    unpack(f, b);
    int bExponent = exponent;
    long bSignificand = significand >>> 1;
    int e = Math.max(aExponent, bExponent);
    aSignificand = shiftRight(aSignificand, e - aExponent);
    bSignificand = shiftRight(bSignificand, e - bExponent);
    boolean negative = aNegative;
    long sum;
    if (aNegative == bNegative) {
      sum = aSignificand + bSignificand;
    } else {
      sum = aSignificand - bSignificand;
      if (sum == 0) {
        return zero(f, mode == RDN);
      }
      if (sum < 0) {
        sum = -sum;
        negative = bNegative;
      }
    }
    int shift = Long.numberOfLeadingZeros(sum) - 1;
    return round(f, negative, e + 1 - shift, sum << shift);
  }

  long subtract(Format f, long a, long b) {
    return add(f, a, isNan(f, b) ? b : b ^ f.signBit);
  }

  long multiply(Format f, long a, long b) {
    if (isNan(f, a) || isNan(f, b)) {
      return nan(f, isSignalling(f, a) || isSignalling(f, b));
    }
    boolean negative = isNegative(f, a) != isNegative(f, b);
    if (isInfinite(f, a) || isInfinite(f, b)) {
      return isZero(f, a) || isZero(f, b) ? nan(f, true) : zero(f, negative) | f.exponentMask;
    }
    if (isZero(f, a) || isZero(f, b)) {
      return zero(f, negative);
    }
    unpack(f, a);
    int e = exponent;
    long s = significand;
    unpack(f, b);
    long high = Math.multiplyHigh(s, significand);
    long low = s * significand;
    high |= low != 0 ? 1 : 0;
    int shift = Long.numberOfLeadingZeros(high) - 1;
    return round(f, negative, e + exponent + 2 - shift, high << shift);
  }

  long divide(Format f, long a, long b) {
    if (isNan(f, a) || isNan(f, b)) {
      return nan(f, isSignalling(f, a) || isSignalling(f, b));
    }
    boolean negative = isNegative(f, a) != isNegative(f, b);
    if (isInfinite(f, a)) {
      return isInfinite(f, b) ? nan(f, true) : zero(f, negative) | f.exponentMask;
    }
    if (isInfinite(f, b)) {
      return zero(f, negative);
    }
    if (isZero(f, b)) {
      if (isZero(f, a)) {
        return nan(f, true);
      }
      flags |= DZ;
      return zero(f, negative) | f.exponentMask;
    }
    if (isZero(f, a)) {
      return zero(f, negative);
    }
    unpack(f, a);
    int e = exponent;
    long rest = significand >>> 10;
    unpack(f, b);
    e -= exponent;
    long divisor = significand >>> 10;
    if (rest < divisor) {
      rest <<= 1;
      e--;
    }
    long quotient = 1;
    rest -= divisor;
    for (int i = 0; i < 6; i++) { // ten bits at a time: 53 of the rest and 10 are 63
      rest <<= 10;
      long digit = rest / divisor;
      quotient = quotient << 10 | digit;
      rest -= digit * divisor;
    }
    return round(f, negative, e, quotient << 2 | (rest != 0 ? 1 : 0));
  }

  long squareRoot(Format f, long a) {
    if (isNan(f, a)) {
      return nan(f, isSignalling(f, a));
    }
    if (isZero(f, a)) {
      return a;
    }
    if (isNegative(f, a)) {
      return nan(f, true);
    }
    if (isInfinite(f, a)) {
      return a;
    }
    unpack(f, a);
    boolean odd = (exponent & 1) != 0;
    // In [1, 4), exact, as is the residual; the host's root is the nearest, and never a tie.
    double radicand = (significand >>> 10) * (odd ? 0x1p-51 : 0x1p-52);
    double root = Math.sqrt(radicand);
    double residual = Math.fma(-root, root, radicand);
    long s = (long) (root * 0x1p52) << 10;
    if (residual > 0) {
      s |= 1;
    } else if (residual < 0) {
      s -= 1;
    }
    int e = exponent >> 1;
    if (s < 1L << 62) { // just below 1
      s = s << 1 | 1;
      e--;
    }
    return round(f, false, e, s);
  }

  /** a * b + c, rounded once. */
  long multiplyAdd(Format f, long a, long b, long c) {
    boolean zeroTimesInfinity =
        (isZero(f, a) && isInfinite(f, b)) || (isInfinite(f, a) && isZero(f, b));
    if (isNan(f, a) || isNan(f, b) || isNan(f, c)) {
      return nan(
          f, zeroTimesInfinity || isSignalling(f, a) || isSignalling(f, b) || isSignalling(f, c));
    }
    if (zeroTimesInfinity) {
      return nan(f, true);
    }
    boolean productNegative = isNegative(f, a) != isNegative(f, b);
    boolean cNegative = isNegative(f, c);
    if (isInfinite(f, a) || isInfinite(f, b)) {
      return isInfinite(f, c) && productNegative != cNegative
          ? nan(f, true)
          : zero(f, productNegative) | f.exponentMask;
    }
    if (isInfinite(f, c)) {
      return c;
    }
    if (isZero(f, a) || isZero(f, b)) {
      if (isZero(f, c)) {
        return productNegative == cNegative ? c : zero(f, mode == RDN);
      }
      return c;
    }
    unpack(f, a);
    int e = exponent;
    long s = significand;
    unpack(f, b);
    e += exponent;
    long high = Math.multiplyHigh(s, significand);
    long low = s * significand;
    // Leading bit at 124 or 125 of 128; the value is (high:low) * 2^(e - 124).
    if (isZero(f, c)) {
      return normalized(f, productNegative, e + 2, high, low);
    }
    unpack(f, c);
    long cHigh = significand >>> 2; // leading bit at 124, too
    long cLow = 0;
    int distance = e - exponent;
    if (distance >= 0) {
      cLow = shiftRightLow(cHigh, cLow, distance);
      cHigh = distance > 63 ? 0 : cHigh >>> distance;
    } else {
      low = shiftRightLow(high, low, -distance);
      high = -distance > 63 ? 0 : high >>> -distance;
      e = exponent;
    }
    boolean negative = productNegative;
    if (productNegative == cNegative) {
      low += cLow;
      high += cHigh + (Long.compareUnsigned(low, cLow) < 0 ? 1 : 0);
    } else {
      long borrow = Long.compareUnsigned(low, cLow) < 0 ? 1 : 0;
      low -= cLow;
      high -= cHigh + borrow;
      if (high < 0) {
        negative = cNegative;
        low = -low;
        high = ~high + (low == 0 ? 1 : 0);
      }
      if ((high | low) == 0) {
        return zero(f, mode == RDN);
      }
    }
    return normalized(f, negative, e + 2, high, low);
  }

  /** The low half of a 128-bit shift to the right, with sticky. */
  private static long shiftRightLow(long high, long low, int by) {
    if (by == 0) {
      return low;
    }
    if (by < 64) {
      return low >>> by | high << -by | (low << -by != 0 ? 1 : 0);
    }
    if (by == 64) {
      return high | (low != 0 ? 1 : 0);
    }
    if (by < 128) {
      return high >>> by | (high << -by != 0 || low != 0 ? 1 : 0);
    }
    return (high | low) != 0 ? 1 : 0;
  }

  /** Rounds (high:low) * 2^(e - 126). */
  private long normalized(Format f, boolean negative, int e, long high, long low) {
    int exponentNow = e;
    long h = high;
    long l = low;
    if (h == 0) {
      h = l >>> 1;
      l <<= 63;
      exponentNow -= 63;
    }
    if (h == 0) { // only the lowest bit was set
      h = l >>> 1;
      l = 0;
      exponentNow -= 63;
    }
    int shift = Long.numberOfLeadingZeros(h) - 1;
    if (shift > 0) {
      h = h << shift | l >>> -shift;
      l <<= shift;
    }
    return round(f, negative, exponentNow - shift, h | (l != 0 ? 1 : 0));
  }

  /** Converts between formats. */
  long convert(Format from, Format to, long a) {
    if (isNan(from, a)) {
      return nan(to, isSignalling(from, a));
    }
    boolean negative = isNegative(from, a);
    if (isInfinite(from, a)) {
      return zero(to, negative) | to.exponentMask;
    }
    if (isZero(from, a)) {
      return zero(to, negative);
    }
    unpack(from, a);
    return round(to, negative, exponent, significand);
  }

  /** Converts an integer of 64 bits. */
  long fromInteger(Format to, long a, boolean signed) {
    if (a == 0) {
      return 0;
    }
    boolean negative = signed && a < 0;
    long magnitude = negative ? -a : a;
    int zeros = Long.numberOfLeadingZeros(magnitude);
    return zeros == 0
        ? round(to, negative, 63, magnitude >>> 1 | (magnitude & 1))
        : round(to, negative, 63 - zeros, magnitude << (zeros - 1));
  }

  /**
   * Converts to an integer of 32 or 64 bits; what does not fit becomes the nearest that does, NaN
   * the largest, and is invalid.
   */
  long toInteger(Format from, long a, int bits, boolean signed) {
    boolean negative = isNegative(from, a) && !isNan(from, a);
    long largest = signed ? (1L << (bits - 1)) - 1 : bits == 64 ? -1 : 0xffff_ffffL;
    long smallest = signed ? -1L << (bits - 1) : 0;
    long extreme = negative ? smallest : largest;
    if (isZero(from, a)) {
      return 0;
    }
    if ((a & from.exponentMask) == from.exponentMask) {
      flags |= NV;
      return extreme;
    }
    unpack(from, a);
    if (exponent > 63) {
      flags |= NV;
      return extreme;
    }
    int shift = 62 - exponent;
    long integer;
    long dropped;
    if (shift <= 0) {
      integer = significand << -shift;
      dropped = 0;
    } else if (shift < 64) {
      integer = significand >>> shift;
      dropped = significand << -shift;
    } else {
      integer = 0;
      dropped = 1; // less than a half
    }
    if (roundsUp(negative, (integer & 1) != 0, dropped, 1L << 63)) {
      integer++;
    }
    boolean fits =
        negative
            ? Long.compareUnsigned(integer, -smallest) <= 0
            : Long.compareUnsigned(integer, largest) <= 0;
    if (!fits) {
      flags |= NV;
      return extreme;
    }
    if (dropped != 0) {
      flags |= NX;
    }
    return negative ? -integer : integer;
  }
}
