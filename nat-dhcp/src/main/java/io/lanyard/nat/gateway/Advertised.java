package io.lanyard.nat.gateway;

/**
 * The content of the gateway's router advertisements besides the network's prefix and MTU.
 *
 * @param router whether guests reach the world through the gateway
 * @param dns whether the gateway answers DNS
 * @param domain where guests look for names without dots; empty for none
 */
public record Advertised(boolean router, boolean dns, String domain) {
  /** Nothing at all. */
  public static final Advertised NOTHING = new Advertised(false, false, "");
}
