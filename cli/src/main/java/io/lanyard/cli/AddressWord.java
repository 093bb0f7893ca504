package io.lanyard.cli;

import io.lanyard.net.Address;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads an address of either family, and gives it the one form that it has in answers. */
final class AddressWord implements ITypeConverter<String> {
  @Override
  public String convert(String word) {
    try {
      return Address.parse(word).toString();
    } catch (IllegalArgumentException e) {
      throw new TypeConversionException(
          "expected an address such as 192.168.127.10, found \"" + word + "\": " + e.getMessage());
    }
  }
}
