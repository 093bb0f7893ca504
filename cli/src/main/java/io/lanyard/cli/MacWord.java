package io.lanyard.cli;

import io.lanyard.net.MacAddress;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads a MAC address, and leaves it as it was written. */
final class MacWord implements ITypeConverter<String> {
  @Override
  public String convert(String word) {
    try {
      var _ = MacAddress.parse(word);
      return word;
    } catch (IllegalArgumentException e) {
      throw new TypeConversionException(
          "expected a MAC address such as 52:54:00:00:00:10, found \""
              + word
              + "\": "
              + e.getMessage()
              + "; a reservation is known by its MAC address, and \"lanyard reservation ls\" lists"
              + " them");
    }
  }
}
