package io.lanyard.daemon.adversary;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * Users of the API's group who open connection after connection, on which they say nothing, half a
 * request, or a request whose answer they do not read.
 */
final class ApiUsers implements Hostile {
  /** The first one's number. */
  private static final int FIRST = 61_001;

  private static final int USERS = 3;

  /** Its directory is that of the socket, which the user cannot reach by its whole path. */
  private static final String PROGRAM =
      """
      import os, socket, sys, time
      os.setgroups([])
      user = int(sys.argv[1])
      os.setresuid(user, user, user)
      sayings = b'', b'GET /v1/sta', b'GET /v1/status HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n'
      held = []
      while True:
          s = socket.socket(socket.AF_UNIX)
          held.append(s)
          try:
              s.connect('api.sock')
              s.send(sayings[len(held) % 3])
          except OSError: pass
          if len(held) > 150: held.pop(0).close()
          time.sleep(0.002)
      """;

  private final List<Program> programs = new ArrayList<>();

  ApiUsers(Site site) throws IOException {
    for (int i = 0; i < USERS; i++) {
      programs.add(new Program(site.runtime(), List.of(), PROGRAM, String.valueOf(FIRST + i)));
    }
  }

  @Override
  public void act() {
    for (Program program : programs) {
      program.await();
    }
  }

  @Override
  public void close() {
    programs.forEach(Program::close);
  }
}
