package io.lanyard.config;

import io.lanyard.net.Endpoint;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Things of which there must not be two, by kind: the first to claim one has it. */
final class Claims {
  private final Problems problems;
  private final Map<Thing, Owner> owners = new HashMap<>();

  /** Its methods are written out: the JVM would spin a record's own in each start. */
  private record Thing(String kind, Object value) {
    @Override
    public boolean equals(Object other) {
      return other instanceof Thing that && kind.equals(that.kind) && value.equals(that.value);
    }

    @Override
    public int hashCode() {
      return 31 * kind.hashCode() + value.hashCode();
    }
  }

  private record Owner(String path, Place place) {}

  Claims(Problems problems) {
    this.problems = problems;
  }

  /**
   * Claims a thing, or reports who has it.
   *
   * @param kind what it is, as a message calls it
   * @param value what tells it from others of its kind
   * @param path the key that claims it
   * @param place where the key's value is
   */
  void claim(String kind, Object value, String path, Place place) {
    Owner first = owners.putIfAbsent(new Thing(kind, value), new Owner(path, place));
    if (first != null) {
      refuse(kind + " " + value + " is", first, path, place);
    }
  }

  /**
   * Claims an interface of the host, in whatever way it is used.
   *
   * @param name its name
   * @param netns the network namespace that has it, or null for the daemon's own
   * @param path the key that claims it
   * @param place where the key's value is
   */
  void device(String name, @Nullable String netns, String path, Place place) {
    claim("the device", netns == null ? name : name + " in " + netns, path, place);
  }

  /**
   * Claims one VLAN of an interface of the host: several may have one each, and nobody all then.
   *
   * @param name its name
   * @param netns the network namespace that has it, or null for the daemon's own
   * @param vlan the VLAN; 0 for the whole interface
   * @param path the key that claims it
   * @param place where the key's value is
   */
  void vlan(String name, @Nullable String netns, int vlan, String path, Place place) {
    if (vlan == 0) {
      device(name, netns, path, place);
      return;
    }
    String device = netns == null ? name : name + " in " + netns;
    Thing whole = new Thing("the device", device);
    Owner owner = new Owner(path, place);
    Owner first = owners.putIfAbsent(whole, owner);
    Thing shared = new Thing("VLANs of", device);
    if (first == null) {
      owners.put(shared, owner);
    } else if (!owners.containsKey(shared)) {
      refuse("the device " + device + " is", first, path, place);
      return;
    }
    claim("VLAN " + vlan + " of", device, path, place);
  }

  /**
   * Reports who claimed a thing that nobody may have.
   *
   * @param kind what it is, as a message calls it
   * @param value what tells it from others of its kind
   * @param owner whose it is
   */
  void owned(String kind, Object value, String owner) {
    Owner first = owners.get(new Thing(kind, value));
    if (first != null) {
      problems.add(first.place(), first.path(), kind + " " + value + " is that of " + owner);
    }
  }

  /**
   * Claims an address and port to listen on; a wildcard address overlaps every other.
   *
   * @param protocol {@code TCP} or {@code UDP}
   * @return false if another has it, which has been reported
   */
  boolean listen(String protocol, Endpoint endpoint, String path, Place place) {
    String port = protocol + " port " + endpoint.port();
    Owner owner = new Owner(path, place);
    Thing here = new Thing(port, endpoint.address());
    Thing anywhere = new Thing(port, "anywhere");
    Thing everywhere = new Thing(port, "everywhere");
    Owner other = owners.getOrDefault(here, owners.get(everywhere));
    if (other == null && endpoint.address().isAny()) {
      other = owners.get(anywhere);
    }
    if (other != null) {
      refuse(protocol + " " + endpoint + " overlaps what is", other, path, place);
      return false;
    }
    owners.put(here, owner);
    owners.putIfAbsent(anywhere, owner);
    if (endpoint.address().isAny()) {
      owners.put(everywhere, owner);
    }
    return true;
  }

  /**
   * Claims a VXLAN at an address and UDP port, which several VXLANs share.
   *
   * @param vni the VXLAN network identifier
   */
  void vxlan(Endpoint endpoint, int vni, String path, Place place) {
    Thing shared = new Thing("VXLANs at", endpoint);
    if (!owners.containsKey(shared)) {
      if (!listen("UDP", endpoint, path, place)) {
        return;
      }
      owners.put(shared, new Owner(path, place));
    }
    claim("VNI " + vni + " at", endpoint, path, place);
  }

  private void refuse(String what, Owner first, String path, Place place) {
    problems.add(
        place,
        path,
        what
            + " already used by "
            + problems.named(first.path(), first.place())
            + " ("
            + first.place().inWords()
            + ")");
  }
}
