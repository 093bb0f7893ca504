package io.lanyard.vswitch.pcap;

/** A filter expression that libpcap does not take. */
public final class FilterException extends Exception {
  private static final long serialVersionUID = 1L;

  private final int column;

  /**
   * Makes one.
   *
   * @param message what is wrong and where
   * @param column where the part begins that is not understood, from 1
   */
  public FilterException(String message, int column) {
    super(message);
    this.column = column;
  }

  /**
   * Where the part begins that is not understood.
   *
   * @return a column of the expression, from 1
   */
  public int column() {
    return column;
  }
}
