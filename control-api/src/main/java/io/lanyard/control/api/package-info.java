/**
 * The answers of the control API, as records: the JSON of {@code /v1/...} is these, member for
 * member, in the form of {@code openapi.json}.
 *
 * <p>They are snapshots: plain data, taken on the loop that owns what they describe, and free to go
 * anywhere afterwards.
 */
package io.lanyard.control.api;
