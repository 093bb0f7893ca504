package io.lanyard.config;

import io.lanyard.net.Subnet;
import java.util.List;

/** A rule's destinations: all, those of a subnet or a set, or those that names lead to. */
public sealed interface Destination {
  /** The whole world, of both families. */
  record Anywhere() implements Destination {
    @Override
    public String toString() {
      return "*";
    }
  }

  /**
   * Addresses.
   *
   * @param subnet the subnet; of the full length for a single address
   */
  record Addresses(Subnet subnet) implements Destination {
    @Override
    public String toString() {
      return subnet.network().isIpv4() ? subnet.toString() : "[" + subnet + "]";
    }
  }

  /**
   * The addresses of an address set.
   *
   * @param name the set's name
   * @param subnets its subnets
   */
  record InSet(String name, List<Subnet> subnets) implements Destination {
    /** Takes a copy of the list. */
    public InSet {
      subnets = List.copyOf(subnets);
    }

    @Override
    public String toString() {
      return "@" + name;
    }
  }

  /**
   * The addresses that a guest was told for names.
   *
   * @param pattern the names
   */
  record Names(NamePattern pattern) implements Destination {
    @Override
    public String toString() {
      return pattern.toString();
    }
  }
}
