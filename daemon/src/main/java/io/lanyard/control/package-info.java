/**
 * The control API: what a running daemon says and does over its UNIX socket.
 *
 * <p>Everything is under {@code /v1}, described by the OpenAPI document that is served at {@code
 * /v1/openapi.json}. Answers are the records of {@link io.lanyard.control.api} as JSON, errors are
 * problems in the form of RFC 9457 that say what failed, where, and what to do. Who may use it is
 * who may open the socket: its owner and its group.
 *
 * <p>Three resources are streams. {@code GET /v1/networks/NETWORK/capture} sends pcapng until the
 * client closes. {@code POST /v1/guests/GUEST/console} with {@code Upgrade: lanyard-console}
 * becomes bytes both ways: what the console prints, first the part that it still has, and what is
 * typed. {@code GET} on the same path only watches.
 */
package io.lanyard.control;
