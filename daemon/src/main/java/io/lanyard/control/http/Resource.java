package io.lanyard.control.http;

/** Answers the requests of one route. */
@FunctionalInterface
public interface Resource {
  /**
   * Answers a request; runs on a virtual thread and may block.
   *
   * @param request the request
   * @return the answer
   * @throws Exception a {@link Problem} is told to the client as it is; anything else is a status
   *     500 and a warning in the log
   */
  Response answer(Request request) throws Exception;
}
