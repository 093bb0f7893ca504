package io.lanyard.control;

import io.lanyard.control.http.Problem;
import io.lanyard.control.http.Request;
import io.lanyard.control.http.Resource;
import io.lanyard.control.http.Response;
import io.lanyard.control.http.Routes;
import io.lanyard.daemon.ConsoleStream;
import io.lanyard.daemon.Daemon;
import io.lanyard.daemon.GuestHandle;
import io.lanyard.daemon.GuestHandle.Action;
import io.lanyard.vmm.Console;
import io.lanyard.vmm.VmmException;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;

/** The guests' part of the API. */
final class GuestResources {
  /** The protocol of a console: after the upgrade, bytes both ways and nothing else. */
  static final String CONSOLE_PROTOCOL = "lanyard-console";

  private final Daemon daemon;

  private GuestResources(Daemon daemon) {
    this.daemon = daemon;
  }

  static void add(Routes routes, Daemon daemon) {
    GuestResources guests = new GuestResources(daemon);
    routes
        .add("GET", "/v1/guests", request -> guests.list())
        .add("GET", "/v1/guests/{guest}", request -> Json.response(guests.find(request).info()))
        .add("GET", "/v1/guests/{guest}/console", guests::watch)
        .add("POST", "/v1/guests/{guest}/console", guests::attach);
    for (Action action : Action.values()) {
      routes.add(
          "POST",
          "/v1/guests/{guest}/" + action.name().toLowerCase(Locale.ROOT),
          guests.acting(action));
    }
  }

  private Response list() {
    return Json.response(
        daemon.guestNames().stream()
            .map(name -> Objects.requireNonNull(daemon.guest(name)).info())
            .toList());
  }

  private GuestHandle find(Request request) {
    String name = request.parameter("guest");
    GuestHandle guest = daemon.guest(name);
    if (guest == null) {
      throw Problem.notFound("guest", name, "\"lanyard guest ls\" lists the guests");
    }
    return guest;
  }

  private Resource acting(Action action) {
    return request -> {
      GuestHandle guest = find(request);
      String name = request.parameter("guest");
      String verb = action.name().toLowerCase(Locale.ROOT);
      try {
        guest.act(action);
      } catch (IllegalStateException e) {
        throw new Problem(
            409, "cannot " + verb + " guest " + name + ": it is " + guest.info().state(), name, "");
      } catch (UnsupportedOperationException e) {
        throw new Problem(409, "the VMM of guest " + name + " cannot " + verb + " it", name, "");
      } catch (VmmException e) {
        throw failure("cannot " + verb + " guest " + name, name, e);
      }
      return Json.response(guest.info());
    };
  }

  private static Problem failure(String what, String name, VmmException e) {
    return new Problem(409, what + ": " + e.getMessage(), name, "set that right, then try again");
  }

  private Console console(Request request) {
    String name = request.parameter("guest");
    try {
      return find(request).console();
    } catch (VmmException e) {
      throw failure("guest " + name + " has no console", name, e);
    } catch (UnsupportedOperationException e) {
      throw new Problem(409, "the VMM of guest " + name + " has no consoles", name, "");
    }
  }

  private Response watch(Request request) {
    Console console = console(request);
    return new Response.Stream(
        "application/octet-stream", out -> new ConsoleStream().run(console, new NeverTypes(), out));
  }

  private Response attach(Request request) {
    if (!request.upgrade().equalsIgnoreCase(CONSOLE_PROTOCOL)) {
      throw new Problem(
          426,
          "a console is bytes both ways, which needs another protocol than HTTP",
          request.path(),
          "send the headers \"Connection: upgrade\" and \"Upgrade: " + CONSOLE_PROTOCOL + "\"");
    }
    Console console = console(request);
    return new Response.Upgrade(
        CONSOLE_PROTOCOL, (in, out) -> new ConsoleStream().run(console, in, out));
  }

  /** Somebody who never types. */
  private static final class NeverTypes extends InputStream {
    @Override
    public int read() throws IOException {
      return read(new byte[1], 0, 1);
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
      try {
        new CountDownLatch(1).await();
        return -1;
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new InterruptedIOException("nobody types any more");
      }
    }
  }
}
