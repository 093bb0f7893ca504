package io.lanyard.control.json;

import com.fasterxml.jackson.core.SerializableString;
import com.fasterxml.jackson.core.io.CharacterEscapes;
import com.fasterxml.jackson.core.io.SerializedString;
import io.lanyard.base.PrintableText;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Escapes characters that a terminal would obey: names come from guests. */
@SuppressWarnings("serial") // nobody serializes it
final class PrintableJson extends CharacterEscapes {
  private static final int DELETE = 0x7f;

  private final int[] ascii = standardAsciiEscapesForJSON();

  PrintableJson() {
    ascii[DELETE] = ESCAPE_STANDARD;
  }

  @Override
  public int[] getEscapeCodesForAscii() {
    return ascii;
  }

  @Override
  public @Nullable SerializableString getEscapeSequence(int c) {
    return PrintableText.isPrintable((char) c)
        ? null
        : new SerializedString(String.format(Locale.ROOT, "\\u%04x", c));
  }
}
