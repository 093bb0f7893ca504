/**
 * The control API: what a running daemon says and does when it is asked by HTTP.
 *
 * <pre>
 *   UNIX socket      ControlServer  --.
 *   TCP, tokens, TLS ApiEndpoint    --+--> routes --> *Resource(s) --> Daemon, Conductor, Network
 *   TCP, GET only    MetricsEndpoint ---> /metrics
 * </pre>
 *
 * <p>Everything but Prometheus' page is under {@code /v1}, described by the OpenAPI document that
 * is served at {@code /v1/openapi.json}. Answers are the records of {@code io.lanyard.control.api}
 * as JSON, errors are problems in the form of RFC 9457 that say what failed, where, and what to do.
 *
 * <p><b>Who may.</b> The UNIX socket serves those who may open it: its owner and its group. On TCP
 * a request has a token, whose role says what it may do ({@code TokenCallers}); a resource names
 * the role that it needs where it is added. An address of TCP that is taken is a problem of the
 * status and tried again ({@code TcpEndpoint}): the daemon's work does not depend on being asked.
 *
 * <p><b>Streams.</b> Some answers go on until the client leaves. {@code GET
 * /v1/networks/NETWORK/capture} sends pcapng. {@code GET /v1/events} sends a snapshot, then every
 * change. {@code POST /v1/guests/GUEST/console} with {@code Upgrade: lanyard-console} becomes bytes
 * both ways: what the console prints, first the part that it still has, and what is typed; {@code
 * GET} on the same path only watches. {@code POST /v1/networks/NETWORK/port-forward} lends a
 * forward for as long as the client stays. {@code POST /connect} is gvproxy's: the connection
 * itself becomes a guest's link; {@code /v1/networks/NETWORK/descriptors} takes a socket by its
 * descriptor in its place.
 *
 * <p><b>Threads.</b> A resource is a plain method on a virtual thread. What it asks of a network
 * runs on that network's loop, what it changes on the conductor's thread; it waits for both. A
 * network that is removed meanwhile is not found, one that hangs is "unavailable" (503).
 */
package io.lanyard.control;
