package io.lanyard.control.api;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** The types of events, with the data that each has. */
public enum EventType {
  /** A network runs. */
  NETWORK_ADDED("A network has started."),
  /** A network has ended. */
  NETWORK_REMOVED("A network has ended, and its ports and forwards with it."),
  /** A port is attached. */
  PORT_ADDED("A port was attached.", "kind"),
  /** A port has another state. */
  PORT_CHANGED("A port has another state.", "from", "to", "problem"),
  /** A port's link is up again. */
  PORT_LINKED("The link of a port was taken up."),
  /** A port's link was taken down. */
  PORT_UNLINKED("The link of a port was taken down."),
  /** A port is detached. */
  PORT_REMOVED("A port was detached."),
  /** A forward listens, has failed, or leads elsewhere. */
  FORWARD_CHANGED(
      "A forward listens, has failed, or leads elsewhere.",
      "protocol",
      "listen",
      "to",
      "state",
      "problem"),
  /** A forward was removed. */
  FORWARD_REMOVED("A forward was removed.", "protocol", "listen", "to", "state", "problem"),
  /** An address was leased. */
  LEASE_ADDED("An address was offered or leased.", "mac", "hostname", "state"),
  /** A lease has another state, holder's name or end. */
  LEASE_CHANGED("A lease has another state or name.", "mac", "hostname", "state"),
  /** A lease has ended. */
  LEASE_REMOVED("A lease has ended.", "mac", "hostname", "state"),
  /** A flow began; sampled. */
  FLOW_BEGAN("A flow began; only some are told.", Fields.FLOW),
  /** A flow ended; sampled. */
  FLOW_ENDED("A flow ended; only some are told.", Fields.FLOW),
  /** Flows began or ended that were not told. */
  FLOW_LEFT_OUT("Flows began or ended that were not told, since the last that was.", "leftOut"),
  /** A guest has another state. */
  GUEST_CHANGED("A guest has another state.", "from", "to", "cause"),
  /** A guest has restarted itself. */
  GUEST_REBOOTED("A guest has restarted itself."),
  /** A VMM has something to say of a guest. */
  GUEST_NOTED("A VMM has a remark on a guest; an empty one is over.", "note"),
  /** A snapshot of a guest was taken. */
  GUEST_SNAPSHOT_SAVED("A snapshot of a guest was taken.", "snapshot"),
  /** A guest went back to a snapshot. */
  GUEST_SNAPSHOT_LOADED("A guest went back to a snapshot, or started at it.", "snapshot"),
  /** A snapshot of a guest was removed. */
  GUEST_SNAPSHOT_REMOVED("A snapshot of a guest was removed.", "snapshot"),
  /** Events of a source that were not told because they came too fast. */
  EVENTS_LEFT_OUT(
      "Events of a port, a guest or a forward came too fast; the last of each is told.",
      "of",
      "leftOut"),
  /** A problem of the status began. */
  PROBLEM_BEGAN("A problem that lanyard status shows began.", "problem"),
  /** A problem of the status is over. */
  PROBLEM_OVER("A problem that lanyard status showed is over.", "problem"),
  /** The configuration was changed. */
  CONFIGURATION_CHANGED(
      "A change of the configuration was made; an event for each thing that it changed.",
      "kind",
      "text",
      "revision",
      "who");

  /** The data of several types. */
  private static final class Fields {
    static final String[] FLOW = {
      "protocol",
      "port",
      "guest",
      "remote",
      "client",
      "forward",
      "bytesFromGuest",
      "bytesToGuest",
      "leftOut"
    };
  }

  private final String meaning;

  @SuppressWarnings("ImmutableEnumChecker") // List.of cannot be changed.
  private final List<String> data;

  EventType(String meaning, String... data) {
    this.meaning = meaning;
    this.data = List.of(data);
  }

  /**
   * The type as the API writes it.
   *
   * @return for example {@code port-changed}
   */
  public String word() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /**
   * The type's meaning.
   *
   * @return a sentence
   */
  public String meaning() {
    return meaning;
  }

  /**
   * The members of an event's data.
   *
   * @return their names; every event of the type has them all
   */
  public List<String> data() {
    return data;
  }

  /**
   * All types.
   *
   * @return their words, in the order of the documentation
   */
  public static List<String> words() {
    return Arrays.stream(values()).map(EventType::word).toList();
  }
}
