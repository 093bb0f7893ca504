/**
 * The server of HTTP/1.1 over UNIX and TCP sockets. Of Lanyard it knows the roles of callers and
 * the form of a problem, and nothing of networks and guests.
 *
 * <p>The server ({@link io.lanyard.control.http.HttpServer}) parses on one Netty loop of its own
 * and answers on virtual threads, one request at a time for a connection, so that a resource may be
 * written as a plain method that blocks. A {@link io.lanyard.control.http.Response} is a body, a
 * stream (chunked, its writer held up while the client does not read), a stream of events (whose
 * writer never waits: a client that does not read is dropped), or an upgrade to a protocol of bytes
 * both ways. What a client may cost is bounded: connections, sizes of lines, headers and bodies,
 * large bodies at a time, the time to send a request, the time to take an answer.
 *
 * <pre>
 *   bytes ─► codec ─► BodyLimit ─► HttpConnection ─► Dispatcher ─► Resource
 *                     whole         one at a time,    on a virtual thread: who asks, which
 *                     requests      in their order    route, conditions; failures are problems
 * </pre>
 *
 * <p>A connection whose answer has no end is taken from HttpConnection by a {@link
 * io.lanyard.control.http.Continuation}.
 *
 * <p>A request that cannot be taken is answered in its turn with a {@link
 * io.lanyard.control.http.Problem} (RFC 9457), as is everything else that fails; only a client that
 * says nothing, or does not read, is left without a word.
 */
package io.lanyard.control.http;
