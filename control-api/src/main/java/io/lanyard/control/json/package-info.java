/**
 * JSON as records and plain values, in both directions, for the API's server and its client.
 *
 * <p>A record is an object with a member for each component, in their order. {@link
 * io.lanyard.control.json.JsonText} writes records and reads text as plain values; {@link
 * io.lanyard.control.json.RecordReader} makes records of these. The library that binds any class to
 * JSON is not used here: loading it would be a good part of a start, of the daemon
 * (docs/adr/0010-a-start-without-what-it-does-not-need.md) and of every command.
 */
package io.lanyard.control.json;
