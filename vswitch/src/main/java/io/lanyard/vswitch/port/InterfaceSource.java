package io.lanyard.vswitch.port;

import io.lanyard.base.Causes;
import io.lanyard.linux.ErrnoException;
import io.lanyard.linux.HostInterface;
import io.lanyard.linux.IngressRedirect;
import io.lanyard.linux.InterfaceFacts;
import io.lanyard.linux.LinkNews;
import io.lanyard.linux.NetworkNamespace;
import java.io.IOException;
import java.security.SecureRandom;

/**
 * Where the device of a port on an interface of the host comes from.
 *
 * <p>The addresses of guests that share the interface's MAC address outlive a device: they are the
 * port's, on the network's loop.
 */
public final class InterfaceSource implements DeviceSource {
  /** The way into the host's stack; the kernel finds a number. */
  private static final String HOST_DEVICE = "lyhost%d";

  private final InterfaceSettings settings;
  private final SharedAddresses addresses = new SharedAddresses(new SecureRandom().nextLong());

  /**
   * Makes one.
   *
   * @param settings which interface, and how
   */
  public InterfaceSource(InterfaceSettings settings) {
    this.settings = settings;
  }

  @Override
  public void portLeft(int number) {
    addresses.release(number);
  }

  @Override
  public FrameDevice open(long mac, PortBuffers buffers) throws IOException {
    return NetworkNamespace.run(settings.namespace(), () -> openHere(buffers));
  }

  /** In the namespace: a thread takes its own to those that it starts. */
  private FrameDevice openHere(PortBuffers buffers) throws IOException {
    HostInterface at = find();
    boolean shares = shares(at.name());
    Wire wire = wire(at.name(), shares, buffers);
    boolean done = false;
    try {
      IngressRedirect host = null;
      String problem = "";
      try {
        host = settings.reachesHost() ? IngressRedirect.open(HOST_DEVICE, at, null) : null;
      } catch (IOException e) {
        problem = "the host itself and the guests do not reach each other: " + Causes.of(e);
      }
      FrameDevice made =
          new InterfaceDevice(
              wire,
              host,
              problem,
              settings.namespace(),
              NetworkNamespace.identity(null),
              settings.mtu(),
              shares ? addresses : null,
              settings.vlan());
      done = true;
      return made;
    } finally {
      if (!done) {
        wire.close();
      }
    }
  }

  private Wire wire(String name, boolean shares, PortBuffers buffers) throws IOException {
    int vlan = settings.vlan();
    Wire wire = settings.driver().open(name, shares, vlan, buffers);
    return vlan == 0 ? wire : new VlanWire(wire, new VlanTag(vlan));
  }

  private boolean shares(String name) throws ErrnoException {
    return switch (settings.sharing()) {
      case AUTO -> InterfaceFacts.read(name).wireless();
      case YES -> true;
      case NO -> false;
    };
  }

  private HostInterface find() throws IOException {
    String device = settings.device();
    if (device != null) {
      return HostInterface.read(device);
    }
    return HostInterface.ofDefaultRoute()
        .orElseThrow(() ->
            new IOException(
                "no default route leads by an Ethernet interface; name the interface instead"
                    + " of auto, or bring the host's network up"));
  }

  @Override
  public LinkNews news() throws IOException {
    return LinkNews.open(settings.namespace(), settings.device() == null);
  }

  @Override
  public boolean mayBeReplaced() {
    return true;
  }

  @Override
  public Look look(FrameDevice made) {
    if (!(made instanceof InterfaceDevice opened)) {
      return new Look("", null);
    }
    String replaced = Namespaces.replaced(settings.namespace(), opened.namespace());
    if (!replaced.isEmpty()) {
      return new Look(replaced, null);
    }
    try {
      return NetworkNamespace.run(settings.namespace(), () -> lookHere(opened));
    } catch (IOException e) {
      return new Look(Causes.of(e), null);
    }
  }

  private Look lookHere(InterfaceDevice opened) {
    HostInterface before = opened.at();
    String name = before.name();
    HostInterface now;
    try {
      now = HostInterface.read(name);
    } catch (ErrnoException e) {
      return new Look("the interface " + name + " was deleted", null);
    }
    if (now.index() != before.index()) {
      return new Look("the interface " + name + " was made again", null);
    }
    if (now.mac() != before.mac()) {
      return new Look("the interface " + name + " has another MAC address now", null);
    }
    if (settings.device() == null) {
      // Without any default route the last one stays: it may be back in a moment.
      String leads = HostInterface.ofDefaultRoute().map(HostInterface::name).orElse(name);
      if (!leads.equals(name)) {
        return new Look("the default route leads by " + leads + " now", null);
      }
    }
    opened.follow(now);
    if (!now.isUp()) {
      return new Look("", opened.downReason());
    }
    if (!opened.ended().isEmpty()) {
      return new Look(opened.ended(), null);
    }
    return new Look(
        "", now.hasCarrier() ? "" : name + " has no link; look at what is at its other end");
  }
}
