package io.lanyard.control;

import io.lanyard.base.EnumText;
import io.lanyard.control.api.GuestSnapshotInfo;
import io.lanyard.control.api.Role;
import io.lanyard.control.http.Json;
import io.lanyard.control.http.Problem;
import io.lanyard.control.http.Request;
import io.lanyard.control.http.Resource;
import io.lanyard.control.http.Response;
import io.lanyard.control.http.Routes;
import io.lanyard.daemon.Daemon;
import io.lanyard.daemon.guest.GuestHandle;
import io.lanyard.daemon.guest.GuestHandle.Action;
import io.lanyard.vmm.Console;
import io.lanyard.vmm.VmmException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** The guests' part of the API. */
final class GuestResources {
  /** The protocol of a console: after the upgrade, bytes both ways and nothing else. */
  static final String CONSOLE_PROTOCOL = "lanyard-console";

  /** A virtio console has 16 bits for columns and for rows. */
  private static final int LONGEST = 0xffff;

  private final Daemon daemon;

  private GuestResources(Daemon daemon) {
    this.daemon = daemon;
  }

  static void add(Routes routes, Daemon daemon) {
    GuestResources guests = new GuestResources(daemon);
    routes
        .add("GET", "/v1/guests", request -> guests.list())
        .add("GET", "/v1/guests/{guest}", guests::one)
        .add(Role.OPERATOR, "GET", "/v1/guests/{guest}/console", guests::watch)
        .add(Role.OPERATOR, "POST", "/v1/guests/{guest}/console", guests::attach)
        .add(Role.OPERATOR, "PUT", "/v1/guests/{guest}/console/size", guests::resize);
    String all = "/v1/guests/{guest}/snapshots";
    String one = all + "/{snapshot}";
    routes
        .add("GET", all, guests::snapshots)
        .add("GET", one, guests::snapshot)
        .add(Role.OPERATOR, "POST", one, guests.onSnapshot("keep", GuestHandle::saveSnapshot))
        .add(
            Role.OPERATOR,
            "POST",
            one + "/load",
            guests.onSnapshot("go back to", GuestHandle::loadSnapshot))
        .add(Role.OPERATOR, "DELETE", one, guests.onSnapshot("lose", GuestHandle::removeSnapshot));
    for (Action action : Action.values()) {
      routes.add(
          Role.OPERATOR,
          "POST",
          "/v1/guests/{guest}/" + EnumText.word(action),
          guests.acting(action));
    }
  }

  private Response list() {
    return Json.response(
        daemon.guestNames().stream()
            .map(daemon::guest)
            .filter(Objects::nonNull) // else it was removed meanwhile
            .map(GuestHandle::info)
            .toList());
  }

  /** As it runs; the tag has the revision, so that a change of the guest can name it. */
  private Response one(Request request) {
    long revision = daemon.conductor().present().revision();
    return Json.tagged(find(request).info(), Long.toString(revision));
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
      String verb = EnumText.word(action);
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

  /** A call of a guest with the name of a snapshot. */
  @FunctionalInterface
  private interface SnapshotAct {
    void on(GuestHandle guest, String snapshot) throws VmmException;
  }

  private Response snapshots(Request request) {
    return Json.response(listed(request));
  }

  private Response snapshot(Request request) {
    String name = request.parameter("snapshot");
    return listed(request).stream()
        .filter(snapshot -> snapshot.name().equals(name))
        .findAny()
        .map(snapshot -> Json.tagged(snapshot, ""))
        .orElseThrow(
            () -> Problem.notFound("snapshot", name, "\"lanyard snapshot ls\" lists them"));
  }

  private List<GuestSnapshotInfo> listed(Request request) {
    List<GuestSnapshotInfo> all = new ArrayList<>();
    onSnapshots(
        request,
        "list its snapshots",
        guest ->
            guest.snapshots().stream()
                .map(one -> new GuestSnapshotInfo(one.name(), one.taken().toString(), one.bytes()))
                .forEach(all::add));
    return all;
  }

  private Resource onSnapshot(String verb, SnapshotAct act) {
    return request -> {
      String snapshot = request.parameter("snapshot");
      GuestHandle guest =
          onSnapshots(request, verb + " snapshot " + snapshot, of -> act.on(of, snapshot));
      return Json.response(guest.info());
    };
  }

  /** A call of a guest. */
  @FunctionalInterface
  private interface Act {
    void on(GuestHandle guest) throws VmmException;
  }

  private GuestHandle onSnapshots(Request request, String what, Act act) {
    GuestHandle guest = find(request);
    String name = request.parameter("guest");
    try {
      act.on(guest);
    } catch (IllegalStateException e) {
      String state = guest.info().state();
      throw new Problem(409, "guest " + name + " cannot " + what + ": it is " + state, name, "")
          .because(GuestSnapshotInfo.IN_NO_STATE);
    } catch (UnsupportedOperationException e) {
      throw new Problem(409, "the VMM of guest " + name + " has no snapshots", name, "")
          .because(GuestSnapshotInfo.NONE);
    } catch (VmmException e) {
      throw failure("guest " + name + " cannot " + what, name, e);
    }
    return guest;
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
        "application/octet-stream", (in, out) -> new ConsoleStream().run(console, in, out));
  }

  private Response resize(Request request) {
    GuestHandle guest = find(request);
    String name = request.parameter("guest");
    Map<String, ?> body = request.json();
    try {
      guest.resizeConsole(length(body, "columns"), length(body, "rows"));
    } catch (VmmException e) {
      throw failure("guest " + name + " has no console", name, e);
    } catch (UnsupportedOperationException e) {
      throw new Problem(
          409,
          "the console of guest " + name + " has no size",
          name,
          "of vmm: lanyard, a guest with \"options: {console: virtio}\" has one");
    }
    return Response.empty();
  }

  private static int length(Map<String, ?> body, String key) {
    if (body.get(key) instanceof Long length && length >= 1 && length <= LONGEST) {
      return length.intValue();
    }
    throw new Problem(
        400,
        "expected " + key + " from 1 to " + LONGEST,
        key,
        "send {\"columns\": 80, \"rows\": 24}");
  }

  private Response attach(Request request) {
    var _ = find(request);
    if (!request.header("upgrade").equalsIgnoreCase(CONSOLE_PROTOCOL)) {
      throw new Problem(
          426,
          "a console is bytes both ways, which needs another protocol than HTTP",
          request.path(),
          "send the headers \"Connection: upgrade\" and \"Upgrade: " + CONSOLE_PROTOCOL + "\"",
          Map.of("Upgrade", CONSOLE_PROTOCOL));
    }
    Console console = console(request);
    return new Response.Upgrade(
        CONSOLE_PROTOCOL, (in, out) -> new ConsoleStream().run(console, in, out));
  }
}
